"""Reading drives and images from a QEMU command line."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from replay.errors import BadInput
from replay.events.event import Origin
from replay.formats.commands import size
from replay.formats.recording import Message
from replay.formats.start.image_facts import ImageFacts, chain, event, text

SHORT = ("hda", "hdb", "hdc", "hdd", "cdrom", "fda", "fdb", "sd")
"""Options whose value is a file."""

DRIVES = ("drive", "blockdev", "device", "snapshot", *SHORT)


def is_kept(option: Message) -> bool:
    """Whether an option is about drives: of devices, only those that have one."""
    name, value = option.msg["name"], option.msg["value"]
    return name in DRIVES and (name != "device" or "drive" in pairs(value))


def command(option: Message) -> dict[str, Any]:
    """The event object of an option."""
    name, value = option.msg["name"], option.msg["value"]
    return {"kind": "command", "channel": "cli", "name": name, "arguments": value}


def images(
    options: Iterable[Message], facts: Mapping[str, ImageFacts]
) -> Iterator[tuple[Message, dict[str, Any]]]:
    """An image event object for each file of the options, with the option that names it.

    Those below come before those above.
    """
    nodes: dict[str, dict[str, Any]] = {}
    done: set[str] = set()
    for option in options:
        for file, own in named_files(option, nodes):
            for name, image in reversed(chain(file, own, facts)):
                if name not in done:
                    done.add(name)
                    yield option, event(name, image)


def named_files(
    option: Message, nodes: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, ImageFacts]]:
    """The files that an option names, and what it tells of them; nodes are remembered."""
    name, value = option.msg["name"], option.msg["value"]
    if name in SHORT:
        yield value, ImageFacts()
    elif name == "drive" and pairs(value).get("file"):
        fields = pairs(value)
        yield fields["file"], ImageFacts(format=fields.get("format"))
    elif name == "blockdev":
        yield from opened(nested(pairs(value)), nodes)


def opened(
    node: dict[str, Any], nodes: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, ImageFacts]]:
    """The file of a node that reads a format, and what it tells of it; the node is remembered."""
    nodes[str(node.get("node-name"))] = node
    file, below = file_of(node.get("file"), nodes), nodes.get(str(node.get("backing")), {})
    if file:
        backing = file_of(below.get("file"), nodes) or None
        own = backing and name_from(file, backing)
        yield file, ImageFacts(None, text(node, "driver"), own, text(below, "driver"))


def name_from(file: str, backing: str) -> str:
    """How the header of a file names a file below it, which a command names from elsewhere."""
    directory = posixpath.dirname(file)
    is_relative = directory and not posixpath.isabs(file) and not posixpath.isabs(backing)
    return posixpath.relpath(backing, directory) if is_relative else backing


def file_of(value: Any, nodes: Mapping[str, Mapping[str, Any]]) -> str:
    """The file's name in what an image's node says of its file: a node, its name, or "" """
    node = nodes.get(value, {}) if isinstance(value, str) else value
    return text(node, "filename") or "" if isinstance(node, Mapping) else ""


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
    result: dict[str, Any] = {key: value for key, value in fields.items() if "." not in key}
    for key, value in fields.items():
        outer, dot, inner = key.partition(".")
        if dot and isinstance(within := result.setdefault(outer, {}), dict):
            within[inner] = value
    return result


def files(options: Iterable[Message]) -> dict[str, str]:
    """The file that each drive and each node opens, by its name."""
    nodes: dict[str, dict[str, Any]] = {}
    result: dict[str, str] = {}
    for option in options:
        fields = pairs(option.msg["value"])
        names = [str(fields[key]) for key in ("id", "node-name") if key in fields]
        for file, _ in named_files(option, nodes):
            result |= dict.fromkeys(names, file)
    return result


def given(value: str) -> tuple[Message, dict[str, ImageFacts]]:
    """A --drive of the user as an option, and what it tells of its image.

    It is written as -drive is; size (in bytes or with a unit), backing and backing-format tell
    of the image. Raises ReplayError if it names no file, or has a size that is none.
    """
    origin = Origin("--drive", 1)
    fields = {"if": "none", **pairs(value)}
    length = fields.pop("size", None)
    below = fields.pop("backing", None), fields.pop("backing-format", None)
    if not fields.get("file") or not is_size(length):
        do = "write it as --drive id=drive0,file=/d/a.qcow2,format=qcow2,size=64M"
        raise BadInput(f"{value!r} has no file, or an odd size", where="--drive", do=do)
    text = ",".join(f"{key}={part.replace(',', ',,')}" for key, part in fields.items())
    image = ImageFacts(None if length is None else size(str(length)), fields.get("format"), *below)
    return Message(origin, "option", {"name": "drive", "value": text}), {fields["file"]: image}


def is_size(length: Any) -> bool:
    """Whether it is a number of bytes, perhaps with a unit, or not said at all."""
    return length is None or bool(re.fullmatch(r"\d{1,18}[kKmMgG]?", str(length)))
