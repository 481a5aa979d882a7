"""Recordings in their many formats, read into events."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import msgspec

from replay.errors import ReplayError
from replay.ingest import native, qmp
from replay.ingest.recording import Line, Reader, Recording, read_lines, shown

READERS: tuple[Reader, ...] = (native, qmp)

__all__ = ["READERS", "Recording", "read"]


def read(
    path: str | Path, format: str | None = None, name: str | None = None
) -> Iterator[Recording]:
    """The recordings of a file, one after another, read as they are consumed.

    The format is recognised by the file's content unless its name is given. `name` takes the
    place of the log's own. Raises ReplayError with file, line and reason, possibly late.
    """
    lines = read_lines(Path(path))
    first = next(lines, None)
    if first is None:
        raise ReplayError("the file is empty", where=shown(Path(path)))
    reader = recognised(first) if format is None else of_format(format)
    recordings = reader.read(chain((first,), lines))
    return recordings if name is None else called(recordings, name)


def recognised(first: Line) -> Reader:
    """The reader whose format the first line shows; ReplayError with what each one misses."""
    reasons = {reader.FORMAT: reader.lacks(first) for reader in READERS}
    for reader in READERS:
        if not reasons[reader.FORMAT]:
            return reader
    missing = ", ".join(f"{format}: {reason}" for format, reason in reasons.items())
    raise ReplayError(f"no reader knows this file ({missing})", where=str(first.origin))


def of_format(format: str) -> Reader:
    """The reader of a format by its name; ReplayError with the known ones."""
    for reader in READERS:
        if format == reader.FORMAT:
            return reader
    known = ", ".join(reader.FORMAT for reader in READERS)
    raise ReplayError(f"unknown format {format!r}", do=f"known are {known}")


def called(recordings: Iterator[Recording], name: str) -> Iterator[Recording]:
    """The one recording under another name; ReplayError if there is more than one."""
    for count, recording in enumerate(recordings):
        if count:
            raise ReplayError(
                "the file holds more than one log",
                where=str(recording.origin),
                do="leave out --log",
            )
        try:
            header = msgspec.structs.replace(recording.header, name=name)
        except ValueError as error:
            raise ReplayError(f"{error}: {name!r}") from None
        yield replace(recording, header=header)
