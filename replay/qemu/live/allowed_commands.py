"""Deciding what a log may ask of a real QEMU, with file names moved into the sandbox."""

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from replay.engine.view import Node
from replay.errors import ReplayError
from replay.events.command_rules import NO_RULE, CommandRule, CommandRules
from replay.events.event import (
    SECTOR,
    Await,
    Command,
    Event,
    Guest,
    Image,
    Internal,
    Notice,
    Payload,
)
from replay.qemu.live.sandbox import TEMPORARY, Sandbox, harmless

MOST_BYTES = 256 * 2**20
"""How much an image or a request may hold: what a log says must not fill the disk."""

DRIVERS = ("file", "raw", "qcow", "qcow2", "qed", "vdi", "vhdx", "vmdk", "vpc", "throttle")
"""Drivers that reach nothing but files in the log's directory."""

JOB_NOTICES = {
    "BLOCK_JOB_READY": "ready",
    "BLOCK_JOB_COMPLETED": "end",
    "BLOCK_JOB_CANCELLED": "end",
}
"""Notices that mean the same as a wait."""


class Make(NamedTuple):
    """An image file is made."""

    image: Image
    path: str
    backing: str | None


class Qmp(NamedTuple):
    """A QMP command."""

    name: str
    arguments: Mapping[str, Any]
    remark: str = ""


class Hmp(NamedTuple):
    """A line for the human monitor; `starts` is set where a refusal ends the machine."""

    line: str
    starts: bool = False
    remark: str = ""


class Io(NamedTuple):
    """A guest's request, in bytes; a read has no pattern."""

    device: str
    offset: int
    length: int
    pattern: int | None


class Reopen(NamedTuple):
    """A drive's image is opened again, with its own flags."""

    device: str
    remark: str = "performed as a reopen by qemu-io: QEMU keeps the image's file open meanwhile"


class Wait(NamedTuple):
    """A wait for a job, or for all of them."""

    device: str | None
    until: str


class Skip(NamedTuple):
    """Nothing is done; the outcome is not compared."""

    reason: str


Operation = Make | Qmp | Hmp | Io | Reopen | Wait | Skip


def overlaid(events: Iterable[Event]) -> bool:
    """Whether an option of the command line makes all its drives snapshot=on."""
    return any(_is_global_snapshot(event.payload) for event in events)


def _is_global_snapshot(payload: Payload) -> bool:
    match payload:
        case Command(channel="cli", name="snapshot"):
            return True
    return False


Nodes = Mapping[str, Node]
"""The nodes of a machine, by their paths."""


def plan_operations(
    payload: Payload,
    places: Sandbox,
    rules: CommandRules,
    overlaid: bool,
    nodes: Nodes | None = None,
) -> Operation:
    """What is done for an event, or why nothing is. `nodes` are those before it, if known."""
    try:
        return operation(payload, places, rules, overlaid, nodes)
    except ReplayError as error:
        return Skip(error.what)


def operation(
    payload: Payload,
    places: Sandbox,
    rules: CommandRules,
    overlaid: bool,
    nodes: Nodes | None = None,
) -> Operation:
    """What is done for an event. `overlaid`: all drives of the command line are snapshot=on.

    Raises ReplayError for what a log may not ask of the machine that it is performed on.
    """
    match payload:
        case Image():
            return _image(payload, places)
        case Guest():
            return _io(payload)
        case Await():
            return Wait(payload.device, payload.until)
        case Command(channel="cli"):
            return _start(payload, places, overlaid)
        case Command(channel="hmp"):
            rule = rules.hmp.get(payload.name, NO_RULE)
            return _hmp(payload.name, str(payload.arguments or ""), rule, places)
        case Command(arguments=dict(given)):
            rule = rules.qmp.get(payload.name, NO_RULE)
            if payload.name == "block-commit" and _is_active(given, nodes or {}):
                rest = {key: value for key, value in given.items() if key != "top"}
                order = _qmp(payload.name, rest, rule, places)
                remark = "performed without top, which is the active layer"
                return order._replace(remark=remark) if isinstance(order, Qmp) else order
            return _qmp(payload.name, given, rule, places)
        case Internal(name="close-open", depth=0) if nodes and not _is_open(payload.device, nodes):
            return Skip("QEMU crashes when it reopens a drive without a medium")
        case Internal(name="close-open", depth=0):
            return Reopen(_device(payload.device))
        case Internal():
            return Skip("no command of QEMU does this")
        case Notice() if payload.name in JOB_NOTICES:
            return Wait(str(payload.data.get("device")), JOB_NOTICES[payload.name])
        case _:
            return Skip("")


def _is_active(commit: Mapping[str, Any], nodes: Nodes) -> bool:
    """Whether a commit is of a temporary file that is the drive's top.

    Today's QEMU finds no temporary file by its name, but without top it commits the active layer.
    """
    top, root = str(commit.get("top")), nodes.get(str(commit.get("device")))
    is_top = root is not None and root.fields.get("filename") == top
    return is_top and TEMPORARY.fullmatch(top) is not None


def _is_open(device: str, nodes: Nodes) -> bool:
    root = nodes.get(device)
    return root is not None and root.fields.get("driver") is not None


def _image(image: Image, places: Sandbox) -> Make:
    if sum(run.length for run in image.data) > MOST_BYTES:
        raise ReplayError(f"the image holds more than {MOST_BYTES} bytes")
    if image.format not in DRIVERS:
        raise ReplayError(f"no image of the format {image.format!r} is made")
    backing = places.text(image.backing_file) if image.backing_file else None
    if image.backing_format and image.backing_format not in DRIVERS:
        raise ReplayError(f"no image of the format {image.backing_format!r} is opened")
    return Make(image, places.inside(image.name), backing)


def _io(request: Guest) -> Io:
    _device(request.device)
    if request.sectors * SECTOR > MOST_BYTES:
        raise ReplayError(f"the request is for more than {MOST_BYTES} bytes")
    offset, length = request.sector * SECTOR, request.sectors * SECTOR
    return Io(request.device, offset, length, request.pattern)


def _device(name: str) -> str:
    """The name of a drive. Raises ReplayError for one that HMP would read as something else."""
    harmless(name)
    if '"' in name or " " in name:
        raise ReplayError(f"{name!r} cannot name a drive")
    return name


def _start(command: Command, places: Sandbox, overlaid: bool) -> Operation:
    """An option of the command line; a drive is added to the machine that is there."""
    match command.name:
        case "drive":
            options = drive_options(str(command.arguments), places, DRIVERS)
            if overlaid:
                options.setdefault("snapshot", "on")
            return Hmp(_line("drive_add", "0", _joined(options)), starts=True)
        case "snapshot":
            return Skip("drives are added with snapshot=on instead")
        case _:
            return Skip("the machine has no buses: drives stay without a device")


def _hmp(name: str, text: str, rule: CommandRule, places: Sandbox) -> Operation:
    if not rule.performed:
        return Skip(f"{name} is no command that is performed")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ReplayError(f"{text!r} are no words: {error}") from None
    if name == "drive_add" and len(words) == 2:
        options = drive_options(words[1], places, DRIVERS)
        return Hmp(_line(name, places.text(words[0]), _joined(options)))
    return Hmp(_line(name, *map(places.text, words)))


def _line(*words: str) -> str:
    """Words as HMP reads them, quoted where they must be."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if word and not set(word) & set(" \"\\'"):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _joined(options: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value.replace(',', ',,')}" for key, value in options.items())


def _qmp(name: str, arguments: dict[str, Any], rule: CommandRule, places: Sandbox) -> Operation:
    if name.startswith("query-"):
        return Skip("what a query answers is not compared")
    if not rule.performed:
        return Skip(f"{name} is no command that is performed")
    renamed = {rule.arguments.get(key, key): value for key, value in arguments.items()}
    remark = f"performed as {rule.today}" if rule.today else ""
    return Qmp(rule.today or name, _checked(renamed, places), remark)


def _checked(value: Any, places: Sandbox, key: str = "") -> Any:
    """A value of QMP with the names of files in it as paths."""
    if isinstance(value, dict):
        for name in value:
            harmless(name)
        return {name: _checked(inner, places, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_checked(inner, places, key) for inner in value]
    if isinstance(value, str) and key in ("driver", "format") and value not in DRIVERS:
        raise ReplayError(f"the driver {value!r} is not used")
    return places.text(value) if isinstance(value, str) else value


OPTION = re.compile(r"(?:[^,]|,,)+")
PLAIN = re.compile(
    r"aio|cache(\.(direct|no-flush|writeback))?|copy-on-read|detect-zeroes|discard|group|id|media"
    r"|node-name|read-?only|[rw]error|snapshot|(bps|iops)(_rd|_wr)?(_max)?|iops_size|throttling\..*"
)
"""Options that are passed on; those of a bus mean nothing to a machine without one."""

FORMATS = ("format", "driver")
OF_A_BUS = ("if", "bus", "unit", "index", "addr", "serial", "cyls", "heads", "secs", "trans")


def drive_options(text: str, places: Sandbox, drivers: Collection[str]) -> dict[str, str]:
    """The options of a drive that hangs on no bus, its file as a path.

    Raises ReplayError for an option that is not known to be safe.
    """
    options = {"if": "none"}
    for option in OPTION.findall(text):
        key, equals, value = option.replace(",,", ",").partition("=")
        if not equals:
            raise ReplayError(f"the option {option!r} has no value")
        if key == "file":
            options[key] = places.inside(value)
        elif key in FORMATS and value in drivers:
            options[key] = value
        elif PLAIN.fullmatch(key):
            options[key] = places.text(value)
        elif key not in OF_A_BUS:
            raise ReplayError(f"the option {option!r} of a drive is not used")
    return options
