"""Simpler forms of an event, and plain names for what a log names."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from replay.engine.trace import Trace
from replay.events.event import Command, Event, Guest, Image, Internal, Notice, Payload, Run

CLUSTER = 65536
"""The bytes that images are made of; less of one means nothing to a reader."""


def simpler(payload: Payload) -> Iterator[Payload]:
    """Forms of an event that say less, those that say least first; none is tried that is no event.

    Each is smaller than the event, so that simplifying ends.
    """
    match payload:
        case Image():
            yield from _images(payload)
        case Command():
            yield from _commands(payload)
        case Guest():
            yield from _requests(payload)
        case Internal(depth=depth):
            yield from (replace(payload, depth=less) for less in range(depth))
        case Notice(data=data):
            yield from (replace(payload, data=less) for less in _without_a_part(data))


def _images(image: Image) -> Iterator[Image]:
    yield from (replace(image, data=data) for data in _fewer_runs(image.data))
    end = max((run.offset + run.length for run in image.data), default=0)
    sizes = (CLUSTER * count for count in (1, 2, 4, 16, 64))
    yield from (replace(image, size=size) for size in sizes if end <= size < image.size)
    if image.backing_format is not None:
        yield replace(image, backing_format=None)


def _fewer_runs(data: tuple[Run, ...]) -> Iterator[tuple[Run, ...]]:
    if data:
        yield ()
    if len(data) > 1:
        yield from (data[:at] + data[at + 1 :] for at in range(len(data)))
    for at, run in enumerate(data):
        small = Run(run.pattern, 0, CLUSTER)
        if run.length > CLUSTER or (run.length == CLUSTER and run.offset):
            yield (*data[:at], small, *data[at + 1 :])


def _commands(command: Command) -> Iterator[Command]:
    if command.reply is not None:
        yield replace(command, reply=None)
    arguments = command.arguments
    fewer = _words(arguments) if isinstance(arguments, str) else _without_a_part(arguments)
    yield from (replace(command, arguments=less) for less in fewer)


def _words(text: str) -> Iterator[str]:
    """The text without one of its words, or of the options in it."""
    for mark in (" ", ","):
        parts = text.split(mark)
        if len(parts) > 1 and ",," not in text:
            yield from (mark.join(parts[:at] + parts[at + 1 :]) for at in range(len(parts)))


def _without_a_part(value: Any) -> Iterator[Any]:
    """The JSON value without one of its parts, at any depth, the largest parts first."""
    if isinstance(value, dict):
        yield from ({k: v for k, v in value.items() if k != key} for key in value)
        for key, inner in value.items():
            yield from ({**value, key: less} for less in _without_a_part(inner))
    elif isinstance(value, list):
        yield from (value[:at] + value[at + 1 :] for at in range(len(value)))
        for at, inner in enumerate(value):
            yield from ([*value[:at], less, *value[at + 1 :]] for less in _without_a_part(inner))


def _requests(guest: Guest) -> Iterator[Guest]:
    if guest.sector:
        yield replace(guest, sector=0)
    sectors = CLUSTER // 512
    if guest.sectors > sectors:
        yield replace(guest, sectors=sectors)


# Names

DIRECTORY = "/images"
"""Where the files of a log with plain names lie."""


def plain_names(traces: Iterable[Trace]) -> Mapping[str, str]:
    """Plain names for all files and roots that traces of a log have, in the order of being met."""
    files: dict[str, None] = {}
    roots: dict[str, None] = {}
    for trace in traces:
        images = (step.event.payload for step in trace.steps)
        files |= dict.fromkeys(image.name for image in images if isinstance(image, Image))
        for index in range(len(trace.steps)):
            after = trace.view_at(index)
            if after is not None:
                files |= dict.fromkeys(after.files)
                roots |= dict.fromkeys(n.role[0] for n in after.nodes.values() if not n.parent)
    plain = {name: _file_name(index, name) for index, name in enumerate(files)}
    return plain | {name: f"drive{index}" for index, name in enumerate(roots)}


def _file_name(index: int, name: str) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    word = letters[index] if index < len(letters) else f"file{index}"
    return f"{DIRECTORY}/{word}{posixpath.splitext(name)[1]}"


def renamed(events: Iterable[Event], names: Mapping[str, str]) -> tuple[Event, ...]:
    """The events with other names wherever one stands, files also without their directory.

    A new name may be another's old one.
    """
    rename = _renaming(names)
    return tuple(replace(event, payload=_payload(event.payload, rename)) for event in events)


def _payload(payload: Payload, rename: Callable[[str], str]) -> Payload:
    fields = msgspec.to_builtins(payload)
    fixed = {"kind", "channel", "until", "format"} | (
        {"name"} if not isinstance(payload, Image) else set()
    )
    changed = {k: v if k in fixed else _everywhere(v, rename) for k, v in fields.items()}
    return msgspec.convert(changed, type(payload))


def _everywhere(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return rename(value)
    if isinstance(value, list):
        return [_everywhere(item, rename) for item in value]
    if isinstance(value, dict):
        return {key: _everywhere(item, rename) for key, item in value.items()}
    return value


def _renaming(names: Mapping[str, str]) -> Callable[[str], str]:
    files = {old: new for old, new in names.items() if "/" in old}
    short = {posixpath.basename(old): posixpath.basename(new) for old, new in files.items()}
    if len(short) < len(files):  # two directories have a file of one name
        short = {}
    every = short | dict(names)
    if not every:
        return lambda text: text
    words = "|".join(re.escape(name) for name in sorted(every, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w./-])(?:{words})(?![\w-]|\.\w)")
    return lambda text: pattern.sub(lambda match: every[match[0]], text)
