"""Opening recorded files, packed or not, line by line within limits."""

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from itertools import count
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from replay.errors import BadInput
from replay.events.event import Event, LogEntry, LogHeader, Origin

T = TypeVar("T")

MAX_LINE = 100_000_000
"""The longest line that is read, in bytes."""

MAX_SIZE = 1_000_000_000
"""The most memory that the messages of a file may take, in bytes, since they are held."""

EACH, EACH_VALUE = 1000, 100
"""About what a message takes that is empty, and what each value in it takes, in bytes."""

BUFFER = 1 << 20
"""How much is unpacked at a time, in bytes."""

COMPRESSIONS: tuple[tuple[bytes, Any], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"\xfd7zXZ\x00", lzma.open),
    (b"BZh", bz2.open),
)
"""How a compressed file begins, and what opens it."""

UNKNOWN = ((b"\x28\xb5\x2f\xfd", "zstd"), (b"PK\x03\x04", "zip"))
"""How files begin that are packed in a way that is not read, and its name."""

BROKEN = (OSError, EOFError, lzma.LZMAError, zlib.error)
"""What reading a file may raise."""


class InputLine(NamedTuple):
    """One line of a file without its line end."""

    origin: Origin
    text: bytes


class Message(NamedTuple):
    """One message of a recorded conversation, from whatever format.

    role: command, reply, notice or greeting as sent; connection, where a client came; option, one
    of the program's command line ({"name", "value"}); sight, what a trace saw inside the program
    ({"name", ...}); lost, one that could not be read ({"why"}). `time` is in seconds since 1970,
    `size` the memory that it takes in bytes. `channel` tells the conversations of a file apart, ""
    if there is only one.
    """

    origin: Origin
    role: str
    msg: Mapping[str, Any]
    time: float | None = None
    channel: str = ""
    size: int = 0

    @property
    def command(self) -> Any:
        """The name of the command, which only the check of the event proves to be a text."""
        return self.msg.get("execute", self.msg.get("exec-oob"))


@dataclass
class SecretCount:
    """How many secrets were replaced until now."""

    secrets: int = 0


@dataclass(frozen=True)
class Recording:
    """A log as it comes out of a file.

    `entries` are its events, and its observations where they were made (their `after` is not
    yet told). They can be consumed once, and only before the next recording of the same file
    is asked for; reading on may raise a ReplayError. `left_out` counts by reason what was read
    and is no event, `secrets` what was replaced.
    """

    header: LogHeader
    entries: Iterator[LogEntry]
    origin: Origin
    left_out: Mapping[str, int] = field(default_factory=dict)
    tally: SecretCount = field(default_factory=SecretCount)
    remarks: tuple[str, ...] = ()

    @property
    def secrets(self) -> int:
        """How many secrets were replaced in the entries that were consumed."""
        return self.tally.secrets

    @property
    def events(self) -> Iterator[Event]:
        """The events alone; they too can be consumed once."""
        return (entry for entry in self.entries if isinstance(entry, Event))


def weight(text: bytes) -> int:
    """About how much memory what a JSON text says takes, in bytes; its values are most of it."""
    return EACH + len(text) + EACH_VALUE * (text.count(b",") + text.count(b"{") + text.count(b"["))


def within_memory(items: Iterable[T], size: Callable[[T], int]) -> Iterator[T]:
    """The items, which are going to be held in memory; ReplayError if they are too much for that.

    `size` gives the memory that an item takes in bytes.
    """
    total = 0
    for item in items:
        total += size(item)
        if total > MAX_SIZE:
            raise BadInput(
                f"its messages take more than {MAX_SIZE // 10**6} MB of memory",
                do="cut the file into parts",
            )
        yield item


def display_name(path: Path) -> str:
    """The path as text that can be stored and printed whatever bytes it has."""
    return os.fsencode(path).decode(errors="replace")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Makes a failure to open or read the file a ReplayError."""
    try:
        yield
    except BROKEN as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise BadInput(reason or f"cannot be read: {error}", where=display_name(path)) from None
    except ValueError:
        raise BadInput("not a file name", where=display_name(path)) from None


@contextmanager
def open_packed(path: Path) -> Iterator[IO[bytes]]:
    """The content of a file, which gzip or xz may have compressed."""
    with path.open("rb") as file:
        start = file.peek(8)
        for magic, unpack in COMPRESSIONS:
            if start.startswith(magic):
                with BufferedReader(unpack(file), BUFFER) as content:
                    yield content
                return
        for magic, name in UNKNOWN:
            if start.startswith(magic):
                what = f"it is packed with {name}, which is not read"
                raise BadInput(what, where=display_name(path), do="unpack it first")
        yield file


def read_lines(path: Path) -> Iterator[InputLine]:
    """The lines of a file that are not blank, numbered from 1; read as they are asked for."""
    name = display_name(path)
    with readable(path), open_packed(path) as file:
        for number in count(1):
            text = file.readline(MAX_LINE + 1)
            if not text:
                return
            if len(text) > MAX_LINE:
                raise BadInput(f"a line longer than {MAX_LINE} bytes", where=f"{name}:{number}")
            if not text.isspace():
                yield InputLine(Origin(name, number), text.rstrip(b"\r\n"))
