"""Recognising the format of a file and reading the logs in it."""

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, chain, islice
from operator import itemgetter
from pathlib import Path

import msgspec

from replay.errors import BadInput
from replay.events.event import Event, Image, LogEntry, Origin
from replay.formats.packing import Source, sources
from replay.formats.reader import ImportOptions, Input, NoMessages, Reader, log_name
from replay.formats.readers import native
from replay.formats.recording import InputLine, Message, Recording, display_name

CLOCK_TOLERANCE = 1.0
"""QEMU and libvirt each tell their own time of one thing; only more than a second is a clock's."""

MOST_IMAGES = 1500
"""Every event of a log looks at all its images, and people have chains of a thousand."""

__all__ = [
    "ImportOptions",
    "Recording",
    "read",
    "read_all",
    "read_joined",
    "read_traffic",
]


Opener = Callable[[Path], Iterator[Source]]
"""What gives the texts in a file."""


def read(
    path: str | Path,
    format: str | None = None,
    name: str | None = None,
    options: ImportOptions | None = None,
    opener: Opener = sources,
) -> Iterator[Recording]:
    """The recordings of a file, one after another, read as they are consumed.

    The format is recognised by the file's content unless its name is given. `name` takes the
    place of the log's own, `opener` gives the texts in a file. Raises ReplayError with file, line
    and reason, possibly late; of an archive, texts without a message are passed over.
    """
    options = options or ImportOptions(format, name)
    recordings = read_sources(opener(Path(path)), options)
    return recordings if options.name is None else rename_only(recordings, options.name)


def read_sources(texts: Iterable[Source], options: ImportOptions) -> Iterator[Recording]:
    """The recordings of all texts of a file; NoMessages if there is no message in any."""
    count = 0
    without: NoMessages | None = None
    for source in texts:
        try:
            for recording in read_source(source, options):
                count += 1
                yield recording
        except NoMessages as error:
            without = without or error
    if without and not count:
        raise without


def read_source(source: Source, options: ImportOptions) -> Iterator[Recording]:
    """The recordings of a text. Raises ReplayError with file, line and reason, possibly late."""
    reader, input, head = open_input(source, options.format)
    try:
        yield from map(limited, reader.read(input, options))
    except NoMessages:
        from replay.formats.readers.recognition import LAST, unknown  # noqa: PLC0415, as below

        if reader is LAST:
            raise unknown(source.name, head) from None
        raise


def limited(recording: Recording) -> Recording:
    """The recording; its entries end with a BadInput where there are too many images."""
    return replace(recording, entries=_limited(recording.entries))


def _limited(entries: Iterator[LogEntry]) -> Iterator[LogEntry]:
    images = 0
    for entry in entries:
        if type(entry) is Event and type(entry.payload) is Image:
            images += 1
            if images > MOST_IMAGES:
                what = f"more than {MOST_IMAGES} images in a log"
                do = "leave out those that nothing opens"
                raise BadInput(what, where=str(entry.origin or ""), do=do)
        yield entry


def read_all(
    paths: Sequence[Path], options: ImportOptions, opener: Opener = sources
) -> Iterator[Recording]:
    """The recordings of all files; several files with a name for their log make that one log."""
    if options.name is not None and len(paths) > 1:
        return read_joined(paths, options, opener)
    return chain.from_iterable(read(path, options=options, opener=opener) for path in paths)


def read_joined(
    paths: Sequence[Path], options: ImportOptions, opener: Opener = sources
) -> Iterator[Recording]:
    """The one log that several files make together: the start from one, the rest from others."""
    from replay.formats import conversation  # noqa: PLC0415, as below

    parts: list[Sequence[Message]] = []
    remarks: list[str] = []
    may_start_midway = False
    for path in paths:
        for source in opener(path):
            reader, input, _ = open_input(source, options.format)
            may_start_midway = may_start_midway or reader.may_start_midway
            parts.append(reader.part(input, options))
            told = (reader.remark, *input.remarks, reader.clock_remark)
            remarks += (f"{source.name}: {remark}" for remark in told if remark)
    name = options.name or log_name(display_name(paths[0]))
    joined = conversation.recording(name, merged(parts), options.drives, may_start_midway)
    remarks += (*joined.remarks, *order_remarks(parts))
    yield from rename_only([limited(replace(joined, remarks=tuple(remarks)))], name)


def merged(parts: Sequence[Sequence[Message]]) -> Sequence[Message]:
    """The messages of several files by their times if all have one, else file by file.

    Each file keeps its own order: where its clock goes back, what follows counts as of the latest
    time before.
    """
    if untimed(parts):
        return [message for part in parts for message in part]
    files = [timed(file, messages) for file, messages in enumerate(parts)]
    return [message for _, _, message in heapq.merge(*files, key=itemgetter(0, 1))]


def timed(file: int, messages: Sequence[Message]) -> Iterator[tuple[float, int, Message]]:
    """The messages of a file with times that never go back, and the file's number."""
    times = accumulate((message.time or 0.0 for message in messages), max)
    return ((time, file, message) for time, message in zip(times, messages, strict=True))


def untimed(parts: Sequence[Sequence[Message]]) -> Message | None:
    """The first message that has no time."""
    return next((message for part in parts for message in part if message.time is None), None)


def order_remarks(parts: Sequence[Sequence[Message]]) -> Iterator[str]:
    """Why files stand one behind another, and where the clock of one goes back."""
    without = untimed(parts)
    if without and len(parts) > 1:
        yield f"{without.origin} has no time: the files follow each other as they were given"
    for part in parts:
        yield from clock_remarks(part)


def clock_remarks(messages: Sequence[Message]) -> Iterator[str]:
    """Where the clock of a file goes back, the first time, and how often."""
    backward = list(steps_back(messages))
    if backward:
        seconds, origin = backward[0]
        more = f", and {len(backward) - 1} times more" if len(backward) > 1 else ""
        yield f"the clock goes back {seconds:.3g} s at {origin}{more}: the file's order is kept"


def steps_back(messages: Iterable[Message]) -> Iterator[tuple[float, Origin]]:
    """By how much a clock goes back and where; many small steps make one."""
    latest = -math.inf
    for message in messages:
        if message.time is None:
            continue
        if message.time < latest - CLOCK_TOLERANCE:
            yield latest - message.time, message.origin
            latest = message.time
        latest = max(latest, message.time)


def read_traffic(name: str, traffic: Iterable[bytes]) -> Recording:
    """The recording in lines of QMP traffic that no file holds, under this name."""
    from replay.formats.readers import qmp_traffic  # noqa: PLC0415, as above

    lines = (InputLine(Origin(name, number), text) for number, text in enumerate(traffic, 1))
    recordings = qmp_traffic.READER.read(Input(name, lines), ImportOptions())
    return limited(next(rename_only(recordings, name)))


def open_input(source: Source, format: str | None) -> tuple[Reader, Input, Sequence[InputLine]]:
    """The reader of a text, what it is to read, and the first lines.

    Raises ReplayError for an empty file and for a format that is none.
    """
    head = list(islice(source.lines, 1))
    if not head:
        raise BadInput("the file is empty", where=source.name)
    # The native form shows in its first line, and its lines are not held.
    is_native = not native.READER.why_not(head) if format is None else format == native.READER.name
    if is_native:
        return native.READER, Input(source.name, chain(head, source.lines)), head
    # Only here, since the other readers take longer to import than most logs to read.
    from replay.formats.readers.recognition import open_other  # noqa: PLC0415

    return open_other(source, head, format)


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
