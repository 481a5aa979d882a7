"""Collecting the sizes, formats and backing files of images from a whole recording."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from replay.formats.recording import Message
from replay.formats.start.query_replies import DEEPEST, file_name

DEFAULT_SIZE = 1 << 30
"""What an image is taken to hold if nothing tells its size, in bytes."""

SUFFIXES = {".qcow2": "qcow2", ".qed": "qed", ".vmdk": "vmdk", ".vdi": "vdi"}

WHOLE = ("stream", "backup")
"""Jobs whose length is that of the drive; more count what is left to be copied."""


class ImageFacts(Struct, frozen=True):
    """What a recording tells of an image somewhere; sizes in bytes."""

    size: int | None = None
    format: str | None = None
    backing_file: str | None = None
    backing_format: str | None = None


def known_images(messages: Iterable[Message]) -> dict[str, ImageFacts]:
    """What replies tell of images, and what is created upon them; the first telling counts."""
    facts: dict[str, ImageFacts] = {}
    for message in messages:
        if message.role == "reply":
            for name, image in pictured(message.msg.get("return")):
                facts.setdefault(name, image)
        elif message.role == "command":
            for name, image in created(message.msg.get("arguments")):
                facts.setdefault(name, image)
    return facts


def pictured(value: Any) -> Iterator[tuple[str, ImageFacts]]:
    """The images that a reply tells of, at any depth."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            waiting += reversed(value.values())
            length, name = number(value.get("virtual-size")), text(value, "filename")
            if name and length is not None and text(value, "format") not in (None, "file"):
                below = text(value, "backing-filename"), text(value, "backing-filename-format")
                yield file_name(name), ImageFacts(length, text(value, "format"), *below)


def created(arguments: Any) -> Iterator[tuple[str, ImageFacts]]:
    """The image that one with a size of its own is created upon, which is as large."""
    options = arguments.get("options") if isinstance(arguments, dict) else None
    if isinstance(options, dict) and text(options, "backing-file"):
        length = number(options.get("size"))
        if length is not None:
            yield options["backing-file"], ImageFacts(length, text(options, "backing-fmt"))


def with_lengths(
    facts: Mapping[str, ImageFacts], messages: Iterable[Message], files: Mapping[str, str]
) -> dict[str, ImageFacts]:
    """What is known, and the sizes that jobs and block_resize tell of drives and nodes.

    `files` has the file that each of these opens.
    """
    more = dict(facts)
    for name, length in lengths(messages):
        file = files.get(name)
        if file is not None and more.get(file, ImageFacts()).size is None:
            more[file] = replace(more.get(file, ImageFacts()), size=length)
    return more


def lengths(messages: Iterable[Message]) -> Iterator[tuple[str, int]]:
    """The drives and nodes of which the length of a job or a new size is told."""
    drives: dict[str, str] = {}
    for message in messages:
        data = message.msg.get("data" if message.role == "notice" else "arguments")
        if not isinstance(data, dict):
            continue
        name, length = text(data, "device") or text(data, "node-name") or "", None
        if message.role == "notice" and data.get("type") in WHOLE:
            length = number(data.get("len"))
        elif message.command == "block_resize":
            length = number(data.get("size"))
        elif message.role == "command":
            drives[text(data, "job-id") or name] = name
        if length:
            yield drives.get(name, name), length


def chain(
    file: str, own: ImageFacts, facts: Mapping[str, ImageFacts]
) -> list[tuple[str, ImageFacts]]:
    """An image and those below it, as far as anything tells of them, all with a size.

    A size that nothing tells is that of a neighbour, those above first, or DEFAULT_SIZE.
    """
    layers = list(levels(file, own, facts))
    for order in (range(len(layers)), range(len(layers) - 1, -1, -1)):
        size = None
        for index in order:
            name, image = layers[index]
            size = size if image.size is None else image.size
            layers[index] = name, replace(image, size=size)
    return [(name, image if image.size is not None else replace(image, size=DEFAULT_SIZE))
            for name, image in layers]  # fmt: skip


def levels(
    file: str, own: ImageFacts, facts: Mapping[str, ImageFacts]
) -> Iterator[tuple[str, ImageFacts]]:
    """An image and those below it, as far as anything tells of them."""
    visited: set[str] = set()
    while file and file not in visited and len(visited) < DEEPEST:
        visited.add(file)
        more = facts.get(file, ImageFacts())
        image = ImageFacts(
            more.size if own.size is None else own.size,
            own.format or more.format,
            own.backing_file or more.backing_file,
            own.backing_format or more.backing_format,
        )
        yield file, image
        own = ImageFacts(format=image.backing_format)
        file = beside(file, image.backing_file or "")


def beside(file: str, name: str) -> str:
    """A name as a file's header gives it, from where that file lies."""
    return str(PurePosixPath(file).parent / name) if name else ""


def event(name: str, image: ImageFacts) -> dict[str, Any]:
    """The event object of an image. A format that nothing tells is the one its name ends in."""
    guessed = SUFFIXES.get(PurePosixPath(name).suffix, "raw")
    return {
        "kind": "image",
        "name": name,
        "format": image.format or guessed,
        "size": DEFAULT_SIZE if image.size is None else image.size,
        "backing_file": image.backing_file,
        "backing_format": image.backing_format if image.backing_file else None,
    }


def text(fields: Mapping[str, Any], key: str) -> str | None:
    """A text of an object, None if there is none."""
    value = fields.get(key)
    return value if isinstance(value, str) and value else None


def number(value: Any) -> int | None:
    """A number of bytes, None if the value is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
