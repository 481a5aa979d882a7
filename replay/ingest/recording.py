"""What a reader is given, lines with their origin, and what it makes of them, recordings."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from replay.errors import ReplayError
from replay.events import Event, LogHeader, Origin

MAX_LINE = 100_000_000
"""The longest line that is read, in bytes."""


class Line(NamedTuple):
    """One line of a file without its line end."""

    origin: Origin
    text: bytes


@dataclass(frozen=True)
class Recording:
    """A log as it comes out of a file.

    `events` can be consumed once, and only before the next recording of the same file is asked
    for; reading on may raise a ReplayError.
    """

    header: LogHeader
    events: Iterator[Event]
    origin: Origin


class Reader(Protocol):
    """A format: its name, what a file lacks to be of it, and how it is read."""

    FORMAT: str

    def lacks(self, first: Line) -> str:
        """What the first line of a file of this format would have; "" if it has all."""

    def read(self, lines: Iterable[Line]) -> Iterator[Recording]:
        """The recordings of a file, or a ReplayError with file, line and reason."""


def shown(path: Path) -> str:
    """The path as text that can be stored and printed whatever bytes it has."""
    return os.fsencode(path).decode(errors="replace")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Makes a failure to open or read the file a ReplayError."""
    try:
        yield
    except OSError as error:
        raise ReplayError(error.strerror or str(error), where=shown(path)) from None
    except ValueError:
        raise ReplayError("not a file name", where=shown(path)) from None


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file that are not blank, numbered from 1; read as they are asked for."""
    with readable(path), path.open("rb") as file:
        number = 0
        while text := file.readline(MAX_LINE + 1):
            origin = Origin(shown(path), number := number + 1)
            if len(text) > MAX_LINE:
                raise ReplayError(f"a line longer than {MAX_LINE} bytes", where=str(origin))
            if text.strip():
                yield Line(origin, text.rstrip(b"\r\n"))
