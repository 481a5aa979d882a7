"""Logs of one thing done again and again, which a model answers to at some price each time."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

GIB = 1 << 30
Fields = dict[str, Any]


def image(name: str, backing: str = "") -> Fields:
    """The event of an image, on top of another one if that is named."""
    below = {"backing_file": backing, "backing_format": "qcow2"} if backing else {}
    return {"kind": "image", "name": name, "format": "qcow2", "size": GIB, **below}


def command(channel: str, name: str, arguments: Any) -> Fields:
    """The event of a command."""
    return {"kind": "command", "channel": channel, "name": name, "arguments": arguments}


def qmp(name: str, **arguments: Any) -> Fields:
    """The event of one in QMP, whose names have dashes where Python's can't."""
    return command("qmp", name, {key.replace("_", "-"): item for key, item in arguments.items()})


def drive(number: int, more: str = "") -> Fields:
    """The event of a drive at the start."""
    return command("cli", "drive", f"if=none,id=d{number},file=/i/{number}.qcow2{more}")


def snapshot(number: int, file: str) -> Fields:
    """The event of a live snapshot."""
    return qmp("blockdev-snapshot-sync", device=f"d{number}", snapshot_file=file)


def guest(name: str, sector: int, **more: Any) -> Fields:
    """The event of a guest's request."""
    return {"kind": "guest", "name": name, "device": "d0", "sector": sector, "sectors": 1, **more}


def end(number: int) -> Fields:
    """The event of waiting for a job to end."""
    return {"kind": "await", "until": "end", "device": f"d{number}"}


Events = Iterable[Fields]


def start(drives: int, more: str = "") -> Iterator[Fields]:
    """So many drives, each with an image and a device."""
    yield from (image(f"/i/{n}.qcow2") for n in range(drives))
    for n in range(drives):
        yield drive(n, more)
        yield command("cli", "device", f"virtio-blk-pci,id=v{n},drive=d{n}")


def drives_of_snapshot_on(count: int) -> Events:
    """Drives of which each makes an overlay of its own."""
    yield from start(count, ",snapshot=on")


def snapshots(count: int) -> Events:
    """Live snapshots of one drive, each on top of the one before."""
    yield from start(1)
    yield from (snapshot(0, f"/i/s{n}.qcow2") for n in range(count))


def snapshots_and_writes(count: int) -> Events:
    """The same with a write to each overlay."""
    yield from start(1)
    for n in range(count):
        yield snapshot(0, f"/i/s{n}.qcow2")
        yield guest("write", 130 * n, pattern=n % 200)


def snapshots_of_many(count: int) -> Events:
    """Live snapshots of many drives in turns."""
    yield from start(count)
    for turn in range(5):
        yield from (snapshot(n, f"/i/{n}-{turn}.qcow2") for n in range(count))


def transactions(count: int) -> Events:
    """Snapshots of all drives in one transaction, several times."""
    yield from start(count)
    for turn in range(5):
        actions = [
            {
                "type": "blockdev-snapshot-sync",
                "data": {"device": f"d{n}", "snapshot-file": f"/i/{n}-{turn}.qcow2"},
            }
            for n in range(count)
        ]
        yield qmp("transaction", actions=actions)


def long_transaction(count: int) -> Events:
    """One transaction that takes snapshot after snapshot of one drive, the last of which fails."""
    yield from start(1)
    datas = [{"device": "d0", "snapshot-file": f"/i/t{n}.qcow2"} for n in range(count)]
    datas.append({"device": "none", "snapshot-file": "/i/x.qcow2"})
    actions = [{"type": "blockdev-snapshot-sync", "data": data} for data in datas]
    yield qmp("transaction", actions=actions)


def changes(count: int) -> Events:
    """A medium that is changed again and again."""
    yield image("/i/0.qcow2")
    yield drive(0)
    yield command("cli", "device", "scsi-cd,drive=d0")
    yield from (image(f"/i/c{n}.qcow2") for n in range(min(count, 1000)))
    for n in range(count):
        yield qmp("change", device="d0", target=f"/i/c{n % 1000}.qcow2")


def ejects(count: int) -> Events:
    """A medium that is taken out and put in again."""
    yield image("/i/0.qcow2")
    yield drive(0)
    yield command("cli", "device", "scsi-cd,drive=d0")
    for _ in range(count):
        yield qmp("eject", device="d0", force=True)
        yield qmp("change", device="d0", target="/i/0.qcow2")


def throttles(count: int) -> Events:
    """Limits that are never the same twice."""
    yield from start(1)
    names = ("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")
    for n in range(count):
        limits = dict.fromkeys(names, 0) | {"iops": n + 1}
        yield command("qmp", "block_set_io_throttle", {"device": "d0", **limits})


def jobs(count: int) -> Events:
    """Snapshots that are streamed away again."""
    yield from start(1)
    for n in range(count):
        yield snapshot(0, f"/i/s{n}.qcow2")
        yield qmp("block-stream", device="d0")
        yield end(0)


def commits(count: int) -> Events:
    """A long chain of which one image after another is committed."""
    yield from start(1)
    yield from (snapshot(0, f"/i/s{n}.qcow2") for n in range(count))
    for n in range(count - 1):
        yield qmp("block-commit", device="d0", top=f"/i/s{n}.qcow2")
        yield end(0)


def mirrors(count: int) -> Events:
    """Mirrors to ever new targets."""
    yield from start(1)
    for n in range(count):
        yield qmp("drive-mirror", device="d0", target=f"/i/m{n}.qcow2", sync="full")
        yield {"kind": "await", "until": "ready", "device": "d0"}
        yield qmp("block-job-complete", device="d0")
        yield end(0)


def backups(count: int) -> Events:
    """Backups to ever new targets."""
    yield from start(1)
    for n in range(count):
        yield qmp("drive-backup", device="d0", target=f"/i/b{n}.qcow2", sync="full")
        yield end(0)


def plugged(count: int) -> Events:
    """Drives that are added to a running machine and taken away again."""
    yield from start(1)
    for n in range(count):
        yield image(f"/i/p{n}.qcow2") if n < 1000 else qmp("query-block")
        words = f"if=none,id=p{n},file=/i/p{n % 1000}.qcow2"
        yield command("hmp", "drive_add", f"0 {words}")
        yield command("hmp", "drive_del", f"p{n}")


def queries(count: int) -> Events:
    """Questions about many drives, whose answers are long."""
    yield from start(60)
    yield from (qmp("query-block") for _ in range(count))
    yield from (qmp("query-blockstats") for _ in range(count))


def nodes(count: int) -> Events:
    """Nodes with names of their own."""
    yield from (image(f"/i/{n}.qcow2") for n in range(count))
    for n in range(count):
        file = {"driver": "file", "filename": f"/i/{n}.qcow2"}
        options = {"driver": "qcow2", "id": f"n{n}", "node-name": f"node{n}", "file": file}
        yield qmp("blockdev-add", options=options)


def nested_nodes(count: int) -> Events:
    """One node in the options of which all below it stand."""
    yield from start(1)
    options: Fields = {"driver": "file", "filename": "/i/0.qcow2"}
    for _ in range(count):
        options = {"driver": "raw", "file": options}
    yield qmp("blockdev-add", options={**options, "id": "n0"})


def bitmaps(count: int) -> Events:
    """Dirty bitmaps of one drive."""
    yield from start(1)
    for n in range(count):
        yield command("qmp", "block-dirty-bitmap-add", {"node": "d0", "name": f"b{n}"})
    yield from (guest("write", n, pattern=1) for n in range(count // 10))


def reopenings(count: int) -> Events:
    """Snapshots between which a node is closed and opened."""
    yield from start(1)
    yield from (snapshot(0, f"/i/s{n}.qcow2") for n in range(100))
    for n in range(count):
        yield {"kind": "internal", "name": "close-open", "device": "d0", "depth": n % 100}


def long_names(count: int) -> Events:
    """Files whose names are as long as names can be."""
    yield from start(1)
    for n in range(count):
        yield snapshot(0, f"/i/{'n' * 900}{n}.qcow2")
        yield snapshot(0, f"{'/i' * 400}/{n}.qcow2")


def units(count: int) -> Events:
    """Drives at buses that fill up."""
    yield from (image(f"/i/{n}.qcow2") for n in range(count))
    for n in range(count):
        yield command("cli", "drive", f"if=scsi,file=/i/{n}.qcow2")


def writes_through_chain(count: int) -> Events:
    """Writes and reads below which a chain of a hundred images lies."""
    yield from start(1)
    yield from (snapshot(0, f"/i/s{n}.qcow2") for n in range(100))
    for n in range(count):
        yield guest("write", 130 * n, pattern=n % 200)
        yield guest("read", 130 * n)


LOGS: dict[str, tuple[Callable[[int], Events], int]] = {
    "drives of snapshot=on": (drives_of_snapshot_on, 120),
    "snapshots": (snapshots, 200),
    "snapshots and writes": (snapshots_and_writes, 200),
    "snapshots of many drives": (snapshots_of_many, 40),
    "transactions": (transactions, 60),
    "a long transaction": (long_transaction, 1000),
    "changes": (changes, 1000),
    "ejects": (ejects, 1000),
    "throttles": (throttles, 1500),
    "jobs": (jobs, 250),
    "commits": (commits, 120),
    "mirrors": (mirrors, 400),
    "backups": (backups, 500),
    "drives that come and go": (plugged, 400),
    "long queries": (queries, 500),
    "nodes": (nodes, 300),
    "nodes in each other": (nested_nodes, 300),
    "bitmaps": (bitmaps, 1000),
    "reopenings": (reopenings, 900),
    "long names": (long_names, 60),
    "units": (units, 200),
    "writes through a chain": (writes_through_chain, 150),
}
"""What is done, and how often at full size: what a machine of today does in ten seconds."""
