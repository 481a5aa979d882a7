"""Recognising the format of a file and reading the logs in it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

import msgspec

from replay.errors import BadInput
from replay.events.event import Origin
from replay.formats import conversation
from replay.formats.reader import ImportOptions, Input, Reader, log_name
from replay.formats.readers import READERS, qmp_traffic
from replay.formats.recording import InputLine, Message, Recording, display_name, read_lines

FORMATS = tuple(reader.name for reader in READERS)
HEAD = 2000
"""How many lines are read to recognise a file: a log may begin with lines of other programs,
and a file of no known form must not be read, and held, whole."""

__all__ = [
    "FORMATS",
    "ImportOptions",
    "Recording",
    "read",
    "read_all",
    "read_joined",
    "read_traffic",
]


LineSource = Callable[[Path], Iterator[InputLine]]
"""What gives a file's lines."""


def read(
    path: str | Path,
    format: str | None = None,
    name: str | None = None,
    options: ImportOptions | None = None,
    lines: LineSource = read_lines,
) -> Iterator[Recording]:
    """The recordings of a file, one after another, read as they are consumed.

    The format is recognised by the file's content unless its name is given. `name` takes the
    place of the log's own, `lines` gives a file's lines. Raises ReplayError with file, line and
    reason, possibly late.
    """
    options = options or ImportOptions(format, name)
    reader, input = open_input(Path(path), options.format, lines)
    recordings = reader.read(input, options)
    return recordings if options.name is None else rename_only(recordings, options.name)


def read_all(
    paths: Sequence[Path], options: ImportOptions, lines: LineSource = read_lines
) -> Iterator[Recording]:
    """The recordings of all files; several files with a name for their log make that one log."""
    if options.name is not None and len(paths) > 1:
        return read_joined(paths, options, lines)
    return chain.from_iterable(read(path, options=options, lines=lines) for path in paths)


def read_joined(
    paths: Sequence[Path], options: ImportOptions, lines: LineSource = read_lines
) -> Iterator[Recording]:
    """The one log that several files make together: the start from one, the rest from others."""
    parts: list[Message] = []
    may_start_midway = False
    for path in paths:
        reader, input = open_input(path, options.format, lines)
        may_start_midway = may_start_midway or reader.may_start_midway
        parts += reader.part(input, options)
    name = options.name or log_name(paths[0])
    joined = conversation.recording(name, by_time(parts), options.drives, may_start_midway)
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
    recordings = qmp_traffic.READER.read(Input(Path(name), lines), ImportOptions())
    return next(rename_only(recordings, name))


def open_input(path: Path, format: str | None, lines: LineSource) -> tuple[Reader, Input]:
    """A file and its reader; ReplayError for an empty file and for an unknown form."""
    rest = lines(path)
    head = list(islice(rest, 1))
    if not head:
        raise BadInput("the file is empty", where=display_name(path))
    if format is not None:
        return reader_named(format), Input(path, chain(head, rest))
    # The native form shows in its first line, and its lines are not held.
    if READERS[0].why_not(head):
        head += islice(rest, HEAD)
    return recognise(head), Input(path, chain(head, rest))


def recognise(head: Sequence[InputLine]) -> Reader:
    """The reader of the form that the first lines show; ReplayError with why each refuses it."""
    reasons = {}
    for reader in READERS:
        reasons[reader.name] = reader.why_not(head)
        if not reasons[reader.name]:
            return reader
    text = "; ".join(f"{name}: {why}" for name, why in reasons.items())
    raise BadInput(
        f"no reader knows this file ({text})",
        where=str(head[0].origin),
        do="if it is one of these, say which with --format",
    )


def reader_named(format: str) -> Reader:
    """The reader of a format by its name; ReplayError with the known ones."""
    for reader in READERS:
        if format == reader.name:
            return reader
    raise BadInput(f"unknown format {format!r}", do=f"known are {', '.join(FORMATS)}")


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
