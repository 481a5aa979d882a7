"""Short logs of what people rarely ask for, so that the model's rarer statements are run through.

Each ends with the event that it is about. How that ends was read in QEMU's code.
"""

from replay.events.event import Await, Command, Guest, Image, Log, Payload
from tests.examples import log_of

MIB = 1 << 20
BASE = Image("/images/base.qcow2", "qcow2", 4 * MIB)
TOP = Image("/images/top.qcow2", "qcow2", 4 * MIB, "/images/base.qcow2", "qcow2")
FILE = "file=/images/base.qcow2"


def drive(options: str = "") -> Command:
    """A drive d on the base, with options."""
    return Command("cli", "drive", f"if=none,id=d,{FILE}" + (options and f",{options}"))


def cli(options: str) -> Command:
    """A drive that is described wholly."""
    return Command("cli", "drive", options)


def device(text: str) -> Command:
    """A device of the command line."""
    return Command("cli", "device", text)


def hmp(name: str, arguments: str = "") -> Command:
    """A command of the human monitor."""
    return Command("hmp", name, arguments)


def qmp(name: str, **arguments: object) -> Command:
    """A command of the machine monitor."""
    return Command("qmp", name, {key.replace("_", "-"): arguments[key] for key in arguments})


STARTED = (BASE, drive())
ON_TOP = (BASE, TOP, cli("if=none,id=d,file=/images/top.qcow2"))
COPY = {"device": "d", "target": "/images/copy", "sync": "full", "format": "raw"}
MIRROR = qmp("drive-mirror", **COPY)
LIMITED = qmp("drive-mirror", **COPY, speed=1)
IDE = f"if=ide,{FILE}"

LOGS: dict[str, tuple[Payload, ...]] = {
    "aio": (BASE, drive("aio=fast")),
    "discard": (BASE, drive("discard=maybe")),
    "rates": (BASE, drive("bps=1000,bps_rd=1000")),
    "write-action": (BASE, drive("werror=maybe")),
    "write-action-of-floppy": (BASE, cli(f"if=floppy,{FILE},werror=stop")),
    "read-action-of-floppy": (BASE, cli(f"if=floppy,{FILE},rerror=stop")),
    "format": (BASE, drive("format=nothing")),
    "bus-type": (BASE, cli(f"if=tape,{FILE}")),
    "address": (BASE, cli(f"{IDE},addr=1")),
    "read-only-disk": (BASE, cli(f"{IDE},readonly=on")),
    "media": (BASE, cli(f"{IDE},media=tape")),
    "geometry": (BASE, cli(f"{IDE},cyls=8,heads=4,secs=16,trans=lba")),
    "geometry-of-cdrom": (BASE, cli(f"{IDE},cyls=8,heads=4,secs=16,media=cdrom")),
    "cylinders": (BASE, cli(f"{IDE},cyls=16384,heads=4,secs=16")),
    "heads": (BASE, cli(f"{IDE},cyls=8,heads=17,secs=16")),
    "sectors": (BASE, cli(f"{IDE},cyls=8,heads=4,secs=64")),
    "translation": (BASE, cli(f"{IDE},cyls=8,heads=4,secs=16,trans=maybe")),
    "translation-alone": (BASE, cli(f"{IDE},trans=lba")),
    "place-taken": (BASE, cli(f"{IDE},bus=0,unit=0"), cli(f"{IDE},bus=0,unit=0")),
    "place-twice": (BASE, cli(f"{IDE},index=1,unit=1")),
    "place-too-far": (BASE, cli(f"{IDE},unit=2")),
    "places": (
        *(Image(f"/images/{n}", "raw", MIB) for n in range(4)),
        *(cli(f"if=ide,file=/images/{n}") for n in range(3)),
        cli("if=ide,index=3,media=cdrom"),
    ),
    "place-of-virtio": (BASE, cli(f"if=virtio,index=3,{FILE}")),
    "place-of-scsi": (BASE, cli(f"if=scsi,index=9,{FILE}")),
    "comma": (Image("/images/a,b", "raw", MIB), cli("if=none,id=d,file=/images/a,,b")),
    "switches": (BASE, drive("nosnapshot,readonly")),
    "switch": (BASE, drive("snapshot=maybe")),
    "number": (BASE, cli(f"{IDE},unit=one")),
    "device-of-no-drive": (*STARTED, device("virtio-blk-pci,drive=e")),
    "device-of-nothing": (BASE, cli("if=none,id=d"), device("virtio-blk-pci,drive=d")),
    "devices-of-one-drive": (
        *STARTED,
        device("virtio-blk-pci,drive=d"),
        device("virtio-blk-pci,drive=d"),
    ),
    "change-to-nothing": (*STARTED, hmp("change", "d")),
    "eject-nothing": (*STARTED, hmp("eject")),
    "snapshot-without-a-file": (*STARTED, hmp("snapshot_blkdev", "d")),
    "drive-of-a-type": (*STARTED, hmp("drive_add", f"0 if=scsi,{FILE}")),
    "password": (*STARTED, qmp("block_passwd", device="e", password="x")),
    "continue": (*STARTED, qmp("cont")),
    "queries": (
        *STARTED,
        *map(qmp, ("query-block", "query-block-jobs", "query-blockstats", "query-status")),
    ),
    "snapshot-mode": (
        *STARTED,
        qmp("blockdev-snapshot-sync", device="d", snapshot_file="/images/s", mode="new"),
    ),
    "snapshot-format": (
        *STARTED,
        qmp("blockdev-snapshot-sync", device="d", snapshot_file="/images/s", format="nothing"),
    ),
    "text-for-a-number": (*STARTED, qmp("block_resize", device="d", size="much")),
    "mirror-sync": (*STARTED, qmp("drive-mirror", **{**COPY, "sync": "half"})),
    "mirror-action": (*STARTED, qmp("drive-mirror", **COPY, on_source_error="stop")),
    "mirror-speed": (*STARTED, qmp("drive-mirror", **COPY, speed=-1)),
    "backup-action": (*STARTED, qmp("drive-backup", **COPY, on_source_error="stop")),
    "backup-speed": (*STARTED, qmp("drive-backup", **COPY, speed=-1)),
    "mirror-unready": (*ON_TOP, MIRROR, qmp("block-job-complete", device="d")),
    "job-of-nothing": (*STARTED, qmp("block-job-pause", device="d")),
    "job-resumed-of-nothing": (*STARTED, qmp("block-job-resume", device="d")),
    "job-paused": (*STARTED, LIMITED, qmp("block-job-pause", device="d")),
    "job-paused-cancelled": (
        *STARTED,
        LIMITED,
        qmp("block-job-pause", device="d"),
        qmp("block-job-cancel", device="d"),
    ),
    "job-resumed": (
        *STARTED,
        LIMITED,
        qmp("block-job-pause", device="d"),
        qmp("block-job-resume", device="d"),
    ),
    "job-speed": (*STARTED, LIMITED, qmp("block-job-set-speed", device="d", speed=2)),
    "job-speed-below-zero": (*STARTED, LIMITED, qmp("block-job-set-speed", device="d", speed=-1)),
    "job-speed-of-nothing": (*STARTED, qmp("block-job-set-speed", device="d", speed=1)),
    "job-and-eject": (*STARTED, LIMITED, qmp("eject", device="d", force=True)),
    "transaction-of-a-text": (*STARTED, qmp("transaction", actions="none")),
    "add-without-a-name": (
        *STARTED,
        qmp("blockdev-add", options={"driver": "file", "filename": "/images/base.qcow2"}),
    ),
    "add-with-an-option-of-nobody": (
        *STARTED,
        qmp("blockdev-add", options={"driver": "file", "id": "e", "colour": "red"}),
    ),
    "add-with-options": (
        *STARTED,
        qmp(
            "blockdev-add",
            options={
                "driver": "qcow2",
                "id": "e",
                "read-only": True,
                "lazy-refcounts": False,
                "file": {"driver": "file", "filename": "/images/base.qcow2"},
            },
        ),
    ),
    "commit-nothing-above": (
        *ON_TOP,
        qmp("block-commit", device="d", top="/images/base.qcow2", base="/images/base.qcow2"),
    ),
    "iostatus-after-an-error": (
        *STARTED,
        device("virtio-blk-pci,drive=d"),
        Guest("read", "d", 8192, 8),
        qmp("cont"),
    ),
    "size": (*STARTED, hmp("block_resize", "d 1x")),
    "protocol": (cli("if=none,id=d,file=nbd:localhost:1"),),
    "await-without-a-job": (*STARTED, Await("end", "d")),
}

REFUSED = {
    "aio": "invalid aio option",
    "discard": "invalid discard option",
    "rates": "bps(iops) and bps_rd/bps_wr(iops_rd/iops_wr) cannot be used at the same time",
    "write-action": "invalid error action",
    "write-action-of-floppy": "werror is not supported by this bus type",
    "read-action-of-floppy": "rerror is not supported by this bus type",
    "format": "invalid format",
    "bus-type": "unsupported bus type",
    "address": "addr is not supported by this bus type",
    "media": "invalid media",
    "geometry-of-cdrom": "CHS can't be set with media=cdrom",
    "cylinders": "invalid physical cyls number",
    "heads": "invalid physical heads number",
    "sectors": "invalid physical secs number",
    "translation": "invalid translation type",
    "translation-alone": "trans must be used with cyls, heads and secs",
    "place-taken": "a drive with this bus and unit exists",
    "place-twice": "index cannot be used with bus and unit",
    "place-too-far": "unit too big",
    "switch": "The parameter snapshot has a wrong value",
    "number": "The parameter unit has a wrong value",
    "device-of-no-drive": "drive not found",
    "device-of-nothing": "Device needs media, but drive is empty",
    "devices-of-one-drive": "drive is in use already",
    "change-to-nothing": "",
    "eject-nothing": "",
    "snapshot-without-a-file": "",
    "drive-of-a-type": "",
    "password": "Device e was not found",
    "snapshot-mode": "Invalid parameter mode",
    "snapshot-format": "The block format nothing is not known",
    "text-for-a-number": "The parameter size has the wrong type",
    "mirror-sync": "Invalid parameter sync",
    "mirror-action": "Invalid parameter on-source-error",
    "mirror-speed": "Invalid parameter speed",
    "backup-action": "Invalid parameter on-source-error",
    "backup-speed": "Invalid parameter speed",
    "mirror-unready": "The active block job of d cannot be completed",
    "job-of-nothing": "Device d has no active job",
    "job-resumed-of-nothing": "Device d has no active job",
    "job-paused-cancelled": "The block job is paused",
    "job-speed-below-zero": "Invalid parameter speed",
    "job-speed-of-nothing": "Device d has no active job",
    "job-and-eject": "Device d is in use",
    "transaction-of-a-text": "The parameter actions has the wrong type",
    "add-without-a-name": "Block device needs an ID",
    "add-with-an-option-of-nobody": "The parameter file has the wrong type",
    "commit-nothing-above": "The base image /images/base.qcow2 was not found in the backing chain",
    "size": "",
    "protocol": "could not open disk image nbd:localhost:1",
}
"""Those whose last event is refused at `after`, and with what text; HMP has none."""


def odd_log(name: str) -> Log:
    """A log of those."""
    return log_of(*LOGS[name])
