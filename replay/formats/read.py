"""Recognising the format of a file and reading the logs in it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path, PurePath
from typing import NamedTuple

import msgspec

from replay.errors import BadInput
from replay.events.event import NAME_LENGTH, Event, Origin
from replay.events.json_form import located
from replay.formats import conversation
from replay.formats.readers import READERS, libvirt_domain, native, qmp_traffic
from replay.formats.recording import (
    InputLine,
    Message,
    Reader,
    Recording,
    read_lines,
    shown,
    within_memory,
)

FORMATS = (native.FORMAT, *(reader.FORMAT for reader in READERS))
HEAD = 2000
"""How many lines are read to recognise a file: a log may begin with lines of other programs,
and a file of no known form must not be read, and held, whole."""

SUFFIXES = (".gz", ".xz", ".jsonl", ".json", ".qmp", ".log", ".txt", ".trace")

__all__ = [
    "FORMATS",
    "ImportOptions",
    "Recording",
    "read",
    "read_all",
    "read_joined",
    "read_traffic",
]


FileReader = Callable[[Path], Iterator[InputLine]]
"""What gives a file's lines."""


class ImportOptions(NamedTuple):
    """What the user says of files: their format, the log's name, which of the conversations in
    them (a domain's name or a monitor's address), and the drives that no file tells of."""

    format: str | None = None
    name: str | None = None
    monitor: str | None = None
    drives: tuple[str, ...] = ()


class InputFile(NamedTuple):
    """A file whose form is known; reader is None for the native form."""

    path: Path
    reader: Reader | None
    lines: Iterator[InputLine]


def read(
    path: str | Path,
    format: str | None = None,
    name: str | None = None,
    wish: ImportOptions | None = None,
    lines: FileReader = read_lines,
) -> Iterator[Recording]:
    """The recordings of a file, one after another, read as they are consumed.

    The format is recognised by the file's content unless its name is given. `name` takes the
    place of the log's own, `lines` gives a file's lines. Raises ReplayError with file, line and
    reason, possibly late.
    """
    wish = wish or ImportOptions(format, name)
    file = open_input(Path(path), wish.format, lines)
    recordings = native.read(file.lines) if file.reader is None else conversations(file, wish)
    return recordings if wish.name is None else rename_only(recordings, wish.name)


def read_all(
    paths: Sequence[Path], wish: ImportOptions, lines: FileReader = read_lines
) -> Iterator[Recording]:
    """The recordings of all files; several files with a name for their log make that one log."""
    if wish.name is not None and len(paths) > 1:
        return read_joined(paths, wish, lines)
    return chain.from_iterable(read(path, wish=wish, lines=lines) for path in paths)


def read_joined(
    paths: Sequence[Path], wish: ImportOptions, lines: FileReader = read_lines
) -> Iterator[Recording]:
    """The one log that several files make together: the start from one, the rest from others."""
    parts: list[Message] = []
    partial = False
    for path in paths:
        file = open_input(path, wish.format, lines)
        if file.reader is None:
            raise BadInput(
                "a file in the native form is no part of a log of several files",
                where=shown(path),
                do="leave out --log",
            )
        partial = partial or file.reader.PARTIAL
        parts += only_recording(by_conversation(file, wish), file)
    name = wish.name or log_name(paths[0])
    messages = by_time(parts)
    joined = conversation.recording(name, messages, wish.drives, partial)
    yield from rename_only([joined], name)


def by_time(parts: Sequence[Message]) -> Sequence[Message]:
    """The messages of several files by their times if all have one, else file by file."""
    times = {place: message.time for place, message in enumerate(parts) if message.time is not None}
    if len(times) < len(parts):
        return parts
    return [parts[place] for place in sorted(times, key=times.__getitem__)]


def read_traffic(name: str, traffic: Iterable[bytes]) -> Recording:
    """The recording in lines of QMP traffic that no file holds, under this name."""
    lines = (InputLine(Origin(name, number), text) for number, text in enumerate(traffic, 1))
    file = InputFile(Path(name), qmp_traffic, lines)
    return next(rename_only(conversations(file, ImportOptions()), name))


def open_input(path: Path, format: str | None, reader: FileReader) -> InputFile:
    """A file and its form; ReplayError for an empty file and for an unknown form."""
    lines = reader(path)
    head = list(islice(lines, 1))
    if not head:
        raise BadInput("the file is empty", where=shown(path))
    if format is not None:
        return InputFile(path, of_format(format), chain(head, lines))
    if native.why_not(head):
        head += islice(lines, HEAD)
    return InputFile(path, recognise(head), chain(head, lines))


def recognise(head: Sequence[InputLine]) -> Reader | None:
    """The form that the first lines show; ReplayError with why each reader refuses it."""
    reason = native.why_not(head)
    if not reason:
        return None
    reasons = {native.FORMAT: reason}
    for reader in READERS:
        reasons[reader.FORMAT] = reader.why_not(head)
        if not reasons[reader.FORMAT]:
            return reader
    text = "; ".join(f"{format}: {why}" for format, why in reasons.items())
    raise BadInput(
        f"no reader knows this file ({text})",
        where=str(head[0].origin),
        do="if it is one of these, say which with --format",
    )


def of_format(format: str) -> Reader | None:
    """The reader of a format by its name; ReplayError with the known ones."""
    if format == native.FORMAT:
        return None
    for reader in READERS:
        if format == reader.FORMAT:
            return reader
    raise BadInput(f"unknown format {format!r}", do=f"known are {', '.join(FORMATS)}")


def conversations(file: InputFile, wish: ImportOptions) -> Iterator[Recording]:
    """A recording for each conversation of a file in which anything happened."""
    assert file.reader is not None
    groups = by_conversation(file, wish)
    name = log_name(file.path)
    empty = 0
    for channel, messages in groups.items():
        own = channel_name(name, channel, alone=len(groups) == 1)
        recording = conversation.recording(own, messages, wish.drives, file.reader.PARTIAL)
        entries = list(recording.entries)
        if any(isinstance(entry, Event) for entry in entries):
            yield replace(recording, entries=iter(entries))
        else:
            empty += 1
    if empty == len(groups):
        raise BadInput(
            "nothing happens in this recording",
            where=shown(file.path),
            do="import it with --log NAME beside another of the same machine",
        )


def by_conversation(file: InputFile, wish: ImportOptions) -> dict[str, list[Message]]:
    """The messages of each conversation, by its name; what is of none is of all."""
    assert file.reader is not None
    with located(Origin(shown(file.path), 1)):
        unlimited = file.reader.messages(file.lines)
        messages = list(within_memory(unlimited, lambda message: message.size))
    named = (message.channel for message in messages if message.channel)
    channels = dict.fromkeys(named) or {"": None}
    if wish.monitor is not None and channels.keys() != {""}:
        channels = {name: None for name in channels if name == wish.monitor}
        if not channels:
            names = ", ".join(sorted({message.channel for message in messages if message.channel}))
            do = f"there are {names}"
            raise BadInput(f"no monitor {wish.monitor!r}", where=shown(file.path), do=do)
    groups: dict[str, list[Message]] = {name: [] for name in channels}
    for message in messages:
        for name in (message.channel,) if message.channel else channels:
            if name in groups:
                groups[name].append(message)
    if not messages:
        raise BadInput("no message in this file", where=shown(file.path))
    return groups


def only_recording(groups: dict[str, list[Message]], file: InputFile) -> list[Message]:
    """The messages of the only conversation, or of a domain's last start."""
    if file.reader is libvirt_domain:
        return list(groups.values())[-1]
    if len(groups) > 1:
        do = f"pick one with --monitor: {', '.join(groups)}"
        raise BadInput("the file has several conversations", where=shown(file.path), do=do)
    return next(iter(groups.values()))


def channel_name(log: str, channel: str, alone: bool) -> str:
    """The name of a file's log: a domain's own name, else the file's, with what tells it apart."""
    if channel and not channel[0].isdigit():
        return "".join(c if c.isprintable() else "?" for c in channel)[:NAME_LENGTH]
    return log if alone else f"{log}-{channel}"[-NAME_LENGTH:]


def log_name(path: Path) -> str:
    """The file's name without what only tells its format."""
    name = PurePath(shown(path)).name
    while (suffix := PurePath(name).suffix) in SUFFIXES and name != suffix:
        name = name.removesuffix(suffix)
    return "".join(c if c.isprintable() else "?" for c in name)[:NAME_LENGTH] or "log"


def rename_only(recordings: Iterable[Recording], name: str) -> Iterator[Recording]:
    """The one recording under another name; ReplayError if there is more than one."""
    for count, recording in enumerate(recordings):
        if count:
            raise BadInput(
                "the file holds more than one log",
                where=str(recording.origin),
                do="leave out --log",
            )
        try:
            header = msgspec.structs.replace(recording.header, name=name)
        except ValueError as error:
            raise BadInput(f"{error}: {name!r}") from None
        yield replace(recording, header=header)
