"""Short logs for statements of the model that only one tree or another has, or that ask for much.

Each ends with the event that it is about, at the revision where it is run. How that ends was read
in QEMU's code for nodes that blockdev-add names, bitmaps that are frozen, backups and throttle
groups; of the others it is what the model does, whose rules are those of recorded logs.
"""

from typing import NamedTuple

from replay.events.event import Await, Command, Image, Internal, Log, Payload
from tests.examples import log_of
from tests.odd_logs import (
    BASE,
    COPY,
    MIB,
    ON_TOP,
    STARTED,
    cli,
    device,
    drive,
    hmp,
    qmp,
)


class Rare(NamedTuple):
    """A log, the tree in which it is run, and what its last event is refused with; "" if not."""

    at: str
    payloads: tuple[Payload, ...]
    refusal: str | None = None


MIDDLE = Image("/images/middle.qcow2", "qcow2", 4 * MIB, "/images/base.qcow2", "qcow2")
HIGH = Image("/images/high.qcow2", "qcow2", 4 * MIB, "/images/middle.qcow2", "qcow2")
OTHER = Image("/images/other.qcow2", "qcow2", 4 * MIB)
VMDK = Image("/images/disk.vmdk", "vmdk", 4 * MIB)
VMDK_ON_MIDDLE = Image("/images/high.vmdk", "vmdk", 4 * MIB, "/images/middle.qcow2")
ON_THREE = (BASE, MIDDLE, HIGH, cli("if=none,id=d,file=/images/high.qcow2"))
TWO = (*STARTED, OTHER, cli("if=none,id=e,file=/images/other.qcow2"))
BITMAP = Command("qmp", "block-dirty-bitmap-add", {"node": "d", "name": "b"})
LIMITS = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
THROTTLE = Command(
    "qmp", "block_set_io_throttle", {**LIMITS, "bps": 4096, "device": "d", "group": "g"}
)


def mirror(**more: object) -> Payload:
    """A mirror of d, with other arguments."""
    return qmp("drive-mirror", **{**COPY, **more})


def backup(**more: object) -> Payload:
    """A backup of d, with other arguments."""
    return qmp("drive-backup", **{**COPY, **more})


def change(target: str) -> Payload:
    """Another medium for d."""
    return qmp("change", device="d", target=target)


def added(**options: object) -> Payload:
    """A drive e of these options."""
    return qmp(
        "blockdev-add", options={"id": "e", **{k.replace("_", "-"): v for k, v in options.items()}}
    )


def change_backing_file(image: str, of: str = "d") -> Payload:
    """Another backing file in the header of a node that is named."""
    return qmp("change-backing-file", device=of, image_node_name=image, backing_file="x")


RARE: dict[str, Rare] = {
    "id-of-a-node": Rare(
        "f187743acd", (BASE, drive("node-name=e"), cli("if=none,id=e")), "conflicting"
    ),
    "deleted": Rare("9aebf3b892", (*STARTED, hmp("drive_del", "d"))),
    "base-of-nothing": Rare(
        "1d809098aa",
        (*ON_THREE, qmp("block-commit", device="d", top="/images/middle.qcow2", base="/images/x")),
        "not found in the backing chain",
    ),
    "base-that-cannot-grow": Rare(
        "1d809098aa",
        (
            Image("/images/small.vmdk", "vmdk", 2 * MIB),
            Image("/images/middle.qcow2", "qcow2", 4 * MIB, "/images/small.vmdk", "vmdk"),
            HIGH,
            cli("if=none,id=d,file=/images/high.qcow2"),
            qmp("block-commit", device="d", top="/images/middle.qcow2"),
        ),
    ),
    "vmdk-that-is-none-later": Rare(
        "67251a3113", (BASE, drive("format=vmdk")), "could not be opened"
    ),
    "mirror-into-what-cannot-be-made": Rare(
        "after", (*STARTED, mirror(format="bochs")), "could not be opened"
    ),
    "file-by-protocol": Rare(
        "before", (BASE, cli("if=none,id=d,file=file:/images/base.qcow2")), "could not open"
    ),
    "base-above-the-top": Rare(
        "1d809098aa",
        (
            *ON_THREE,
            qmp(
                "block-commit",
                device="d",
                top="/images/base.qcow2",
                base="/images/middle.qcow2",
            ),
        ),
        "not reachable",
    ),
    "mirror-of-a-bitmap": Rare(
        "ce1ffea8cd", (*STARTED, mirror(sync="dirty-bitmap")), "not supported"
    ),
    "backup-of-a-bitmap-too-slow-before": Rare(
        "ce1ffea8cd",
        (*STARTED, BITMAP, backup(sync="dirty-bitmap", bitmap="b", speed=-1)),
        "speed",
    ),
    "group-by-its-other-name": Rare("swapless", (BASE, drive("bps=4096,throttling.group=g"))),
    "backup-none-waits": Rare(
        "after", (*STARTED, backup(sync="none", format="qcow2"), Await("end", "d"))
    ),
    "backup-none-waits-later": Rare(
        "swapless", (*STARTED, backup(sync="none", format="qcow2"), Await("end", "d"))
    ),
    "backup-of-a-bitmap-too-slow": Rare(
        "swapless", (*STARTED, BITMAP, backup(sync="incremental", bitmap="b", speed=-1)), "speed"
    ),
    "backup-into-a-busy-drive": Rare(
        "swapless",
        (
            *TWO,
            qmp("drive-mirror", **{**COPY, "device": "e"}),
            qmp("blockdev-backup", device="d", target="e", sync="full"),
        ),
        "Device e is busy: block device is in use by block job: mirror",
    ),
    "closed-with-a-job": Rare(
        "before", (*ON_TOP, qmp("block-stream", device="d"), Internal("close-open", "d", 0))
    ),
    "base-by-protocol": Rare(
        "after",
        (*ON_TOP, qmp("block-stream", device="d", base="nbd:x:1")),
        "not found in the backing chain",
    ),
    "backing-by-protocol": Rare(
        "before",
        (
            Image("/images/top", "qcow2", MIB, "nbd:x:1", "raw"),
            cli("if=none,id=d,file=/images/top"),
        ),
        "could not open",
    ),
    "backing-by-protocol-later": Rare(
        "after",
        (
            Image("/images/top", "qcow2", MIB, "nbd:x:1", "raw"),
            cli("if=none,id=d,file=/images/top"),
        ),
        "could not open",
    ),
    "vmdk-resized": Rare(
        "after",
        (
            VMDK,
            cli("if=none,id=d,file=/images/disk.vmdk"),
            qmp("block_resize", device="d", size=8 * MIB),
        ),
        "This is not supported",
    ),
    "vmdk-that-is-none": Rare("after", (BASE, drive("format=vmdk")), "could not open"),
    "vmdk-over-a-commit": Rare(
        "after",
        (
            BASE,
            MIDDLE,
            VMDK_ON_MIDDLE,
            cli("if=none,id=d,file=/images/high.vmdk"),
            qmp("block-commit", device="d", top="/images/middle.qcow2", base="/images/base.qcow2"),
            Await("end", "d"),
        ),
    ),
    "bitmap-and-resize": Rare(
        "swapless", (*STARTED, BITMAP, qmp("block_resize", device="d", size=8 * MIB))
    ),
    "group-again": Rare("swapless", (*STARTED, THROTTLE, THROTTLE)),
    "raw-with-a-backing-file": Rare(
        "swapless",
        (
            BASE,
            Image("/images/raw", "raw", MIB),
            cli(
                "if=none,id=d,format=raw,file=/images/raw,backing.file.filename=/images/base.qcow2"
            ),
        ),
        "could not be opened",
    ),
    "driver-without-a-file": Rare(
        "swapless", (cli("if=none,id=d,driver=qcow2"),), "could not be opened"
    ),
    "options-without-a-file": Rare(
        "after", (cli("if=none,id=d,lazy-refcounts=on"),), "Must specify"
    ),
    "name-of-a-node": Rare(
        "swapless",
        (BASE, drive("node-name=e"), added(driver="file", filename="/images/base.qcow2")),
        "node",
    ),
    "zeroes-unmapped": Rare("swapless", (BASE, drive("detect-zeroes=unmap")), "discard=unmap"),
    "limits-by-new-names": Rare("swapless", (BASE, drive("throttling.bps-total=4096"))),
    "added-and-deleted": Rare(
        "swapless",
        (BASE, added(driver="file", filename="/images/base.qcow2"), hmp("drive_del", "e")),
        "",
    ),
    "added-with-a-wrong-option": Rare(
        "after",
        (
            BASE,
            added(
                driver="raw",
                lazy_refcounts=True,
                file={"driver": "file", "filename": "/images/base.qcow2"},
            ),
        ),
        "lazy-refcounts",
    ),
    "file-by-reference": Rare(
        "swapless", (BASE, drive("file.node-name=n"), added(driver="qcow2", file="n"))
    ),
    "file-by-reference-to-nothing": Rare(
        "swapless", (BASE, added(driver="qcow2", file="n")), "could not be opened"
    ),
    "file-by-reference-to-a-drive": Rare(
        "swapless",
        (
            BASE,
            drive("format=file,node-name=n"),
            added(driver="qcow2", file="n"),
            qmp("blockdev-snapshot-sync", device="d", snapshot_file="/images/s"),
        ),
    ),
    "header-of-no-drive": Rare(
        "swapless", (*STARTED, change_backing_file("n")), "Cannot find the device or node"
    ),
    "header-of-a-drive-that-is-not-there": Rare(
        "swapless", (*STARTED, change_backing_file("n", "f")), "f"
    ),
    "header-of-another-drive": Rare(
        "swapless",
        (
            *ON_TOP,
            MIDDLE,
            cli("if=none,id=e,file=/images/middle.qcow2,node-name=n"),
            change_backing_file("n"),
        ),
        "not in the same chain",
    ),
    "header-of-vmdk": Rare(
        "swapless",
        (
            BASE,
            MIDDLE,
            VMDK_ON_MIDDLE,
            cli("if=none,id=d,file=/images/high.vmdk,node-name=n"),
            change_backing_file("n"),
        ),
        "Could not change backing file",
    ),
    "mirror-of-small-chunks": Rare("after", (*STARTED, mirror(granularity=100)), "d"),
    "mirror-of-odd-chunks": Rare("after", (*STARTED, mirror(granularity=1536)), "d"),
    "mirror-incremental": Rare("swapless", (*STARTED, mirror(sync="incremental")), "incremental"),
    "mirror-in-the-place-of-nothing": Rare(
        "swapless", (*STARTED, mirror(replaces="n", node_name="m")), "n not found"
    ),
    "mirror-in-the-place-of-another": Rare(
        "swapless",
        (
            BASE,
            drive(),
            OTHER,
            cli("if=none,id=e,file=/images/other.qcow2,node-name=n"),
            mirror(replaces="n", node_name="m"),
        ),
        "Only top most",
    ),
    "mirror-on-error": Rare(
        "after", (*STARTED, mirror(on_source_error="maybe")), "on-source-error"
    ),
    "actions-that-are-texts": Rare(
        "after", (*STARTED, qmp("transaction", actions=["none"])), "actions"
    ),
    "commit-too-slow": Rare(
        "after",
        (*ON_THREE, qmp("block-commit", device="d", top="/images/middle.qcow2", speed=-1)),
        "speed",
    ),
    "cache-of-a-size": Rare("swapless", (BASE, drive("l2-cache-size=1M"))),
    "cache-of-no-size": Rare(
        "swapless", (BASE, drive("l2-cache-size=much")), "could not be opened"
    ),
    "name-of-json": Rare(
        "swapless",
        (
            *STARTED,
            change(
                'json:{"driver": "qcow2", "l2-cache-size": 65536, '
                '"file": {"filename": "/images/base.qcow2"}}'
            ),
        ),
    ),
    "name-of-json-escaped": Rare(
        "swapless",
        (*STARTED, change('json:{"driver": "qcow2", "file.filename": "/images/\\"x"}')),
        "",
    ),
    "name-of-json-unended": Rare("swapless", (*STARTED, change('json:{"driver')), ""),
    "place-of-no-number": Rare("after", (*STARTED, hmp("qemu-io", 'd "read x 512"'))),
    "reopen-with-no-cache-mode": Rare(
        "swapless", (*STARTED, hmp("qemu-io", 'd "reopen -c maybe"')), ""
    ),
    "reopen-with-a-cache-mode": Rare("swapless", (*STARTED, hmp("qemu-io", 'd "reopen -c none"'))),
    "reopen-with-no-option": Rare("swapless", (*STARTED, hmp("qemu-io", 'd "reopen -x"'))),
    "limits-of-no-drive": Rare("after", (*STARTED, hmp("block_set_io_throttle", "")), ""),
    "limits-of-no-number": Rare(
        "after", (*STARTED, hmp("block_set_io_throttle", "d 1 x 0 0 0 0")), ""
    ),
    "floppy-that-stops": Rare(
        "after", (BASE, drive("werror=stop"), device("isa-fdc,driveA=d")), "werror"
    ),
    "relative-base": Rare(
        "swapless",
        (
            BASE,
            cli("if=none,id=d,file=base.qcow2"),
            qmp("blockdev-snapshot-sync", device="d", snapshot_file=""),
        ),
        "",
    ),
    "base-that-is-gone": Rare(
        "before",
        (
            *ON_TOP,
            OTHER,
            cli("if=none,id=e,file=/images/other.qcow2"),
            qmp(
                "blockdev-snapshot-sync",
                device="e",
                snapshot_file="/images/base.qcow2",
                format="qed",
            ),
            hmp("commit", "d"),
        ),
    ),
}

LOGS = {name: rare.payloads for name, rare in RARE.items()}


def rare_log(name: str) -> Log:
    """A log of those."""
    return log_of(*LOGS[name])
