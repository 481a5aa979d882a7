"""What is read of recorded files: lines, messages, logs, and how much of them is held."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from replay.errors import BadInput
from replay.events.event import Event, LogEntry, LogHeader, Origin

T = TypeVar("T")

MAX_LINE = 100_000_000
"""The longest line that is read, in bytes."""

MAX_SIZE = 1_000_000_000
"""The most memory that the messages of a file may take, in bytes, since they are held."""

EACH, EACH_VALUE = 1000, 100
"""About what a message takes that is empty, and what each value in it takes, in bytes."""


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
    """How many secrets were replaced until now, and where the first of them stood."""

    secrets: int = 0
    places: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Recording:
    """A log as it comes out of a file.

    `entries` are its events, and its observations where they were made (their `after` is not
    yet told). They can be consumed once, and only before the next recording of the same file
    is asked for; reading on may raise a ReplayError. `left_out` counts by reason what was read
    and is no event, `secrets` what was replaced; `remarks` are for the user, `lost` says where
    something could not be read, `start` the other file that tells its start.
    """

    header: LogHeader
    entries: Iterator[LogEntry]
    origin: Origin
    left_out: Mapping[str, int] = field(default_factory=dict)
    tally: SecretCount = field(default_factory=SecretCount)
    remarks: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    start: str | None = None

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
