"""Texts of consoles, mails and programs' logs that try to take more time than their size says."""

import json
from collections.abc import Callable
from typing import Any

STOP = '-> {"execute":"stop"}\n'
EJECT = {"execute": "eject", "arguments": {"device": "d"}}
TIME = "2026-11-23 01:59:14.788+0000"
QCOW2 = {"drv": "qcow2", "image": {"format": "qcow2", "virtual-size": 1 << 30}}


def talk(*messages: dict[str, Any]) -> str:
    """Messages of QMP, a line each."""
    return "".join(json.dumps(message) + "\n" for message in messages)


def greetings(count: int) -> str:
    """So many commands with ids of their own, and then as many greetings."""
    return talk(*({**EJECT, "id": n} for n in range(count)), *[{"QMP": {}}] * count)


def one_chain(count: int) -> str:
    """So many drives that open one chain of as many images."""
    drives = [
        {"device": f"d{n}", "inserted": {"file": "/i/0", "drv": "qcow2"}} for n in range(count)
    ]
    nodes = [node(f"/i/{n}", f"/i/{n + 1}") for n in range(count)]
    asked = ({"execute": "query-block"}, {"return": drives})
    return talk(*asked, {"execute": "query-named-block-nodes"}, {"return": nodes}, EJECT)


def node(file: str, below: str) -> dict[str, Any]:
    """A node that lies over another file."""
    picture = {**QCOW2["image"], "filename": file, "full-backing-filename": below}
    return {"drv": "qcow2", "file": file, "node-name": file, "image": picture}


def monitors(count: int) -> str:
    """QEMU's trace of so many monitors, and as many opened files, which are of each of them."""
    sent = "".join(f"1@1.1:handle_qmp_command mon 0x{n:x} req: {talk(EJECT)}" for n in range(count))
    return sent + '1@1.1:bdrv_open bs 0x1 filename "/a" flags 0x2 format_name "raw"\n' * count


def starts(count: int) -> str:
    """libvirt's log of a domain that was started so often."""
    return f"{TIME}: starting up\n/usr/bin/qemu \\\n-drive if=none,id=d,file=/a\n" * count


def libvirtd(count: int) -> str:
    """libvirtd's debug log of so many conversations with one domain."""
    entry = f"{TIME}: 1: debug : f:1 : "
    talks = [
        f"{entry}vm=0x1 name=d\n{entry}QEMU_MONITOR_NEW: mon=0x{n:x}\n"
        f"{entry}QEMU_MONITOR_SEND_MSG: mon=0x{n:x} msg={talk(EJECT)}"
        for n in range(count)
    ]
    return "".join(talks)


def typed(line: str) -> str:
    """A session of qmp-shell with a line that was typed."""
    return f"(QEMU) block-commit device=d\n(QEMU) {line}\n"


TEXTS: dict[str, tuple[Callable[[int], str], int]] = {
    "braces in a line": (lambda n: STOP + "{" * n, 1_000_000),
    "objects that never end": (lambda n: STOP + '{"' * n, 1_000_000),
    "objects in texts that never end": (lambda n: STOP + '{\\"a ' * n, 500_000),
    "objects of many texts that never end": (lambda n: STOP + '{\\\\\\"a ' * n, 500_000),
    "brackets over lines": (lambda n: typed("a b=[\n" + "x\n" * n), 500_000),
    "words in brackets": (lambda n: typed("a b=[ " + "x " * n), 500_000),
    "quotes that never end": (lambda n: typed("a " + '"\\' * n), 500_000),
    "names in each other": (lambda n: typed("a " + "b." * n + "c=d"), 500_000),
    "a long option": (lambda n: f"{STOP}qemu-kvm -drive file=/a{',a=b' * n}\n", 500_000),
    "virsh": (lambda n: "virsh qemu-monitor-command d --hmp commit " + "d" * n, 2_000_000),
    "greetings": (greetings, 20_000),
    "drives on one chain": (one_chain, 5000),
    "files of all monitors": (monitors, 3000),
    "starts of a domain": (starts, 5000),
}
"""How each is made, and its full size."""
