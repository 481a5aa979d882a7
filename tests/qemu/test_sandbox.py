"""Names: what a log may call a file while a real program works for it, and what it may ask."""

from pathlib import Path

import pytest

from replay.errors import ReplayError
from replay.events.command_rules import shipped_command_rules
from replay.events.json_form import parse_payload
from replay.qemu.live.allowed_commands import Hmp, Qmp, Skip, operation
from replay.qemu.live.sandbox import Sandbox
from tests.qemu.machines import BASE, drive, qmp

HERE = Sandbox("/images", Path("/private"))
ELSEWHERE = [
    "/etc/passwd",
    "/images/../etc/passwd",
    "/images/below/x.qcow2",
    "/imagesx/x.qcow2",
    "../x.qcow2",
    "below/x.qcow2",
    "..",
    "",
    "nbd:localhost:10809",
    "nbd://localhost/x",
    'json:{"driver": "host_device", "filename": "/dev/sda"}',
    "fat:rw:.",
    "fd:3",
    "/images/nbd:localhost:10809",
    "/images/",
    "/images/x\n",
    "/images/" + "x" * 300,
]


def asked(raw):
    return operation(parse_payload(raw), HERE, shipped_command_rules(), overlaid=False)


def test_a_name_in_the_directory_of_the_log_lies_in_the_private_directory():
    assert HERE.inside("/images/a,b=c.qcow2") == "/private/images/a,b=c.qcow2"
    assert HERE.outside("/private/images/a,b=c.qcow2") == "/images/a,b=c.qcow2"


def test_a_temporary_file_is_called_by_its_number():
    here = Sandbox("/images", Path("/private"))
    assert here.outside("/private/tmp/vl.XyZ123") == "<tmp0>"
    assert here.outside("/private/tmp/vl.AbC456") == "<tmp1>"
    assert here.inside("<tmp1>") == "/private/tmp/vl.AbC456"
    assert here.with_log_names("no /private/tmp/vl.XyZ123 there") == "no <tmp0> there"
    assert here.with_log_names("not /private/tmp/vl.New.") == "not <tmp2>."
    assert here.with_log_names("Node '#block1458' is busy") == "Node '#block' is busy"
    with pytest.raises(ReplayError, match="there is no file <tmp3> yet"):
        here.inside("<tmp3>")


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_name_of_anything_else_is_refused_wherever_it_stands(name):
    with pytest.raises(ReplayError):
        HERE.inside(name)
    image = {**BASE, "name": name or "/"}
    with pytest.raises(ReplayError):
        asked(image)
    for raw in (
        drive(f"file={name.replace(',', ',,')}"),
        qmp("drive-mirror", device="drive0", sync="full", target=name or ".."),
        qmp("transaction", actions=[{"type": "x", "data": {"snapshot-file": name or ".."}}]),
        qmp("blockdev-add", driver="file", filename=name or ".."),
        {"kind": "command", "channel": "hmp", "name": "change", "arguments": f"drive0 '{name}/'"},
    ):
        with pytest.raises(ReplayError):
            asked(raw)


@pytest.mark.parametrize(
    "raw",
    [
        qmp("blockdev-add", driver="nbd", server={"type": "inet", "host": "h", "port": "1"}),
        qmp("blockdev-add", driver="raw", file={"driver": "ssh", "host": "h", "path": "x"}),
        qmp("drive-mirror", device="drive0", sync="full", target="x", format="vvfat"),
        drive("file.driver=nbd,file.host=localhost"),
        drive("file=/images/x,format=vvfat"),
        drive("driver=ssh,host=localhost"),
        {**BASE, "format": "luks"},
        {**BASE, "backing_file": "nbd://localhost/x"},
        {**BASE, "size": 2**40, "data": [{"pattern": 1, "offset": 0, "length": 2**39}]},
        {"kind": "guest", "name": "read", "device": 'd" ; x', "sector": 0, "sectors": 1},
        {
            "kind": "guest",
            "name": "write",
            "device": "d",
            "sector": 0,
            "sectors": 2**40,
            "pattern": 1,
        },
    ],
)
def test_what_reaches_further_than_files_or_fills_the_disk_is_refused(raw):
    with pytest.raises(ReplayError):
        asked(raw)


@pytest.mark.parametrize("name", ["migrate", "nbd-server-start", "object-add", "block-export-add"])
def test_a_command_of_no_block_operation_is_not_performed(name):
    assert isinstance(asked(qmp(name, uri="x")), Skip)
    raw = {"kind": "command", "channel": "hmp", "name": name, "arguments": ""}
    assert isinstance(asked(raw), Skip)


def test_a_drive_hangs_on_no_bus_and_keeps_its_other_options():
    asked_for = asked(drive("if=virtio,bus=x,file=/images/a,,b.qcow2,cache=none,snapshot=on"))
    options = "if=none,id=drive0,file=/private/images/a,,b.qcow2,cache=none,snapshot=on"
    assert asked_for == Hmp(f"drive_add 0 {options}", starts=True)


def test_a_command_that_was_renamed_is_performed_under_its_new_name():
    asked_for = asked(qmp("change", device="drive0", target="/images/new.qcow2"))
    assert isinstance(asked_for, Qmp)
    assert asked_for.name == "blockdev-change-medium"
    assert asked_for.arguments == {"device": "drive0", "filename": "/private/images/new.qcow2"}
    assert "blockdev-change-medium" in asked_for.remark
