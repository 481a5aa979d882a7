"""The machine that a command line starts: its drives as they stand there, and their images."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import msgspec
from msgspec import Struct

from replay.errors import ReplayError
from replay.events import Origin
from replay.ingest.operations import size
from replay.ingest.recording import Message

SHORT = ("hda", "hdb", "hdc", "hdd", "cdrom", "fda", "fdb", "sd")
"""Options whose value is a file."""

DRIVES = ("drive", "blockdev", "device", "snapshot", *SHORT)
MEDIUM = {"blockdev-change-medium": "filename", "change": "target"}
"""Commands that put a medium into a drive, and the argument that names it."""

MAKING = ("snapshot-file",)
"""Arguments that name a file which the command makes."""

DEEPEST = 200
"""More images than any chain has."""

SUFFIXES = {".qcow2": "qcow2", ".qed": "qed", ".vmdk": "vmdk", ".vdi": "vdi"}


class Known(Struct, frozen=True):
    """What a recording tells of an image somewhere; sizes in bytes."""

    size: int | None = None
    format: str | None = None
    backing_file: str | None = None
    backing_format: str | None = None


def is_kept(option: Message) -> bool:
    """Whether an option is about drives: of devices, only those that have one."""
    name, value = option.msg["name"], option.msg["value"]
    return name in DRIVES and (name != "device" or "drive" in pairs(value))


def command(option: Message) -> dict[str, Any]:
    """The event object of an option."""
    name, value = option.msg["name"], option.msg["value"]
    return {"kind": "command", "channel": "cli", "name": name, "arguments": value}


def images(
    options: Iterable[Message], known: Mapping[str, Known]
) -> Iterator[tuple[Message, dict[str, Any]]]:
    """An image event object for each file of the options, with the option that names it.

    Those below come before those above. A size that nothing tells is 0.
    """
    nodes: dict[str, dict[str, Any]] = {}
    done: set[str] = set()
    for option in options:
        for file, told in told_by(option, nodes):
            for name, image in reversed(list(chain(file, told, known))):
                if name not in done:
                    done.add(name)
                    yield option, event(name, image)


def media(
    messages: Iterable[Message], known: Mapping[str, Known]
) -> Iterator[tuple[Message, dict[str, Any]]]:
    """An image event object for each file that is put into a drive later, if a reply tells of it.

    What the recording itself makes is not among them.
    """
    made: set[str] = set()
    for message in messages:
        arguments = message.msg.get("arguments") if message.role == "command" else None
        if not isinstance(arguments, dict):
            continue
        made |= {str(arguments[key]) for key in MAKING if key in arguments}
        file = text(arguments, MEDIUM.get(str(message.command), ""))
        if file is not None and file in known and file not in made:
            made.add(file)
            for name, image in reversed(list(chain(file, Known(), known))):
                yield message, event(name, image)


def told_by(option: Message, nodes: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Known]]:
    """The files that an option names, and what it tells of them; nodes are remembered."""
    name, value = option.msg["name"], option.msg["value"]
    if name in SHORT:
        yield value, Known()
    elif name == "drive" and pairs(value).get("file"):
        said = pairs(value)
        yield said["file"], Known(format=said.get("format"))
    elif name == "blockdev":
        node = nested(pairs(value))
        nodes[str(node.get("node-name"))] = node
        file, below = file_of(node.get("file"), nodes), nodes.get(str(node.get("backing")), {})
        if file:
            backing = file_of(below.get("file"), nodes)
            yield file, Known(None, text(node, "driver"), backing, text(below, "driver"))


def chain(file: str, told: Known, known: Mapping[str, Known]) -> Iterator[tuple[str, Known]]:
    """An image and those below it, as far as anything tells of them."""
    met: set[str] = set()
    while file and file not in met and len(met) < DEEPEST:
        met.add(file)
        more = known.get(file, Known())
        image = Known(
            told.size or more.size,
            told.format or more.format,
            told.backing_file or more.backing_file,
            told.backing_format or more.backing_format,
        )
        yield file, image
        told = Known(format=image.backing_format)
        file = beside(file, image.backing_file or "")


def beside(file: str, name: str) -> str:
    """A name as a file's header gives it, from where that file lies."""
    return str(PurePosixPath(file).parent / name) if name else ""


def event(name: str, image: Known) -> dict[str, Any]:
    """The event object of an image. A format that nothing tells is the one its name ends in."""
    guessed = SUFFIXES.get(PurePosixPath(name).suffix, "raw")
    return {
        "kind": "image",
        "name": name,
        "format": image.format or guessed,
        "size": image.size or 0,
        "backing_file": image.backing_file,
        "backing_format": image.backing_format if image.backing_file else None,
    }


def file_of(value: Any, nodes: Mapping[str, Mapping[str, Any]]) -> str:
    """The file's name in what an image's node says of its file: a node, its name, or "" """
    node = nodes.get(value, {}) if isinstance(value, str) else value
    return text(node, "filename") or "" if isinstance(node, Mapping) else ""


def text(fields: Mapping[str, Any], key: str) -> str | None:
    """A text of an object, None if there is none."""
    found = fields.get(key)
    return found if isinstance(found, str) and found else None


def pairs(value: str) -> dict[str, Any]:
    """The options in a value: JSON, or a=b,c=d where ",," is a comma; a bare word has no value."""
    if value.startswith("{"):
        try:
            return msgspec.json.decode(value, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError):
            return {}
    items = value.replace(",,", "\0").split(",")
    parts = (item.replace("\0", ",").partition("=") for item in items)
    return {key: text for key, _, text in parts}


def nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Options whose names have dots as objects in objects, one deep."""
    found: dict[str, Any] = {key: value for key, value in fields.items() if "." not in key}
    for key, value in fields.items():
        outer, dot, inner = key.partition(".")
        if dot and isinstance(within := found.setdefault(outer, {}), dict):
            within[inner] = value
    return found


def known_images(messages: Iterable[Message]) -> dict[str, Known]:
    """What replies tell of images, and what is created upon them; the first telling counts."""
    known: dict[str, Known] = {}
    for message in messages:
        if message.role == "reply":
            for name, image in pictured(message.msg.get("return")):
                known.setdefault(name, image)
        elif message.role == "command":
            for name, image in created(message.msg.get("arguments")):
                known.setdefault(name, image)
    return known


def pictured(value: Any) -> Iterator[tuple[str, Known]]:
    """The images that a reply tells of, at any depth."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            waiting += reversed(value.values())
            length, name = value.get("virtual-size"), text(value, "filename")
            if name and isinstance(length, int) and text(value, "format") not in (None, "file"):
                below = text(value, "backing-filename"), text(value, "backing-filename-format")
                yield name, Known(length, text(value, "format"), *below)


def created(arguments: Any) -> Iterator[tuple[str, Known]]:
    """The image that one with a size of its own is created upon, which is as large."""
    options = arguments.get("options") if isinstance(arguments, dict) else None
    if isinstance(options, dict) and text(options, "backing-file"):
        length = options.get("size")
        if isinstance(length, int):
            yield options["backing-file"], Known(length, text(options, "backing-fmt"))


def given(value: str) -> tuple[Message, dict[str, Known]]:
    """A --drive of the user as an option, and what it tells of its image.

    It is written as -drive is; size (in bytes or with a unit), backing and backing-format tell
    of the image. Raises ReplayError if it names no file, or has a size that is none.
    """
    origin = Origin("--drive", 1)
    said = {"if": "none", **pairs(value)}
    wanted = str(said.pop("size", "0"))
    below = said.pop("backing", None), said.pop("backing-format", None)
    if not said.get("file") or not re.fullmatch(r"\d{1,18}[kKmMgG]?", wanted):
        do = "write it as --drive id=drive0,file=/d/a.qcow2,format=qcow2,size=64M"
        raise ReplayError(f"{value!r} has no file, or an odd size", where="--drive", do=do)
    text = ",".join(f"{key}={part.replace(',', ',,')}" for key, part in said.items())
    told = Known(size(wanted), said.get("format"), *below)
    return Message(origin, "option", {"name": "drive", "value": text}), {said["file"]: told}
