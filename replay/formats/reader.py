"""What a reader of recordings is: what it is given, and what it gives."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple, Protocol

from replay.errors import BadInput
from replay.events.event import NAME_LENGTH
from replay.formats.recording import InputLine, Message, Recording

SUFFIXES = (
    *(".gz", ".xz", ".bz2", ".zst", ".zip", ".tar", ".tgz"),
    *(".jsonl", ".json", ".qmp", ".log", ".txt", ".trace", ".out", ".md", ".rst", ".eml"),
)
"""Ends of a file's name that tell only its format."""


class DomainStart(NamedTuple):
    """How a domain was started, as its own log tells: the file, the domain, the options.

    `beside` are the texts whose only conversation is with this domain though they do not name it.
    """

    file: str
    domain: str
    options: Sequence[Message]
    beside: frozenset[str] = frozenset()

    @property
    def time(self) -> float:
        """When it was started, in seconds since 1970; 0 if nothing tells."""
        return next((option.time for option in self.options if option.time), 0.0)


class ImportOptions(NamedTuple):
    """What the user says of files: their format, the log's name, which of the conversations in
    them (a domain's name or a monitor's address), and the drives that no file tells of.

    `starts` are those of domains whose own logs are read beside the files.
    """

    format: str | None = None
    name: str | None = None
    monitor: str | None = None
    drives: tuple[str, ...] = ()
    starts: tuple[DomainStart, ...] = ()


class Input(NamedTuple):
    """A text: its file's name, its lines, which can be read once, and what was done to them."""

    name: str
    lines: Iterator[InputLine]
    remarks: tuple[str, ...] = ()


class NoMessages(BadInput):
    """A file has no message in it, nor anything that was meant to be one."""


class Reader(Protocol):
    """A form of recordings: its name, how to recognise it, and how to read it."""

    @property
    def name(self) -> str: ...

    @property
    def may_start_midway(self) -> bool:
        """Whether a file may begin in the middle of a conversation."""

    @property
    def remark(self) -> str:
        """What is said of each log of this form; mostly nothing."""

    @property
    def clock_remark(self) -> str:
        """What is said of its times where they stand beside those of other files."""

    def why_not(self, head: Sequence[InputLine]) -> str:
        """Why the first lines are not of this form; "" means that they are."""

    def read(self, input: Input, options: ImportOptions) -> Iterator[Recording]:
        """The recordings of a file, one after another, read as they are consumed.

        Raises ReplayError with file, line and reason, possibly late.
        """

    def part(self, input: Input, options: ImportOptions) -> Sequence[Message]:
        """The messages of the only conversation, for a log that several files make together.

        Raises BadInput if there are several, or if the form has no messages.
        """


def several(number: int, one: str, more: str) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else more}"


def log_name(file: str) -> str:
    """The file's name without what only tells its format."""
    name = PurePath(file).name
    while (suffix := PurePath(name).suffix) in SUFFIXES and name != suffix:
        name = name.removesuffix(suffix)
    return "".join(c if c.isprintable() else "?" for c in name)[:NAME_LENGTH] or "log"
