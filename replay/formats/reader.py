"""What a reader of recordings is, and how one of conversations makes logs of a file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import NamedTuple, Protocol

from replay.errors import BadInput
from replay.events.event import NAME_LENGTH, Event, Origin
from replay.events.json_form import located
from replay.formats import conversation
from replay.formats.recording import InputLine, Message, Recording, display_name, within_memory

SUFFIXES = (".gz", ".xz", ".jsonl", ".json", ".qmp", ".log", ".txt", ".trace")
"""Ends of a file's name that tell only its format."""


class ImportOptions(NamedTuple):
    """What the user says of files: their format, the log's name, which of the conversations in
    them (a domain's name or a monitor's address), and the drives that no file tells of."""

    format: str | None = None
    name: str | None = None
    monitor: str | None = None
    drives: tuple[str, ...] = ()


class Input(NamedTuple):
    """A file and its lines, which can be read once."""

    path: Path
    lines: Iterator[InputLine]


class Reader(Protocol):
    """A form of recordings: its name, how to recognise it, and how to read it."""

    @property
    def name(self) -> str: ...

    @property
    def may_start_midway(self) -> bool:
        """Whether a file may begin in the middle of a conversation."""

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


@dataclass(frozen=True)
class ConversationReader:
    """A reader of a form in which clients and QEMU talk: all that it needs is the messages.

    `last_is_meant` says which of several conversations is part of a log of several files.
    """

    name: str
    may_start_midway: bool
    why_not: Callable[[Sequence[InputLine]], str]
    messages: Callable[[Iterable[InputLine]], Iterator[Message]]
    last_is_meant: bool = False

    def read(self, input: Input, options: ImportOptions) -> Iterator[Recording]:
        """A recording for each conversation of a file in which anything happened."""
        groups = self.by_conversation(input, options)
        name = log_name(input.path)
        empty = 0
        for channel, messages in groups.items():
            own = channel_name(name, channel, alone=len(groups) == 1)
            recording = conversation.recording(own, messages, options.drives, self.may_start_midway)
            entries = list(recording.entries)
            if any(isinstance(entry, Event) for entry in entries):
                yield replace(recording, entries=iter(entries))
            else:
                empty += 1
        if empty == len(groups):
            raise BadInput(
                "nothing happens in this recording",
                where=display_name(input.path),
                do="import it with --log NAME beside another of the same machine",
            )

    def part(self, input: Input, options: ImportOptions) -> Sequence[Message]:
        """The messages of the only conversation, or of the last where that is meant."""
        groups = self.by_conversation(input, options)
        if self.last_is_meant:
            return list(groups.values())[-1]
        if len(groups) > 1:
            do = f"pick one with --monitor: {', '.join(groups)}"
            where = display_name(input.path)
            raise BadInput("the file has several conversations", where=where, do=do)
        return next(iter(groups.values()))

    def by_conversation(self, input: Input, options: ImportOptions) -> dict[str, list[Message]]:
        """The messages of each conversation, by its name; what is of none is of all."""
        where = display_name(input.path)
        with located(Origin(where, 1)):
            unlimited = self.messages(input.lines)
            messages = list(within_memory(unlimited, lambda message: message.size))
        named = (message.channel for message in messages if message.channel)
        channels = dict.fromkeys(named) or {"": None}
        if options.monitor is not None and channels.keys() != {""}:
            channels = {name: None for name in channels if name == options.monitor}
            if not channels:
                names = sorted({message.channel for message in messages if message.channel})
                do = f"there are {', '.join(names)}"
                raise BadInput(f"no monitor {options.monitor!r}", where=where, do=do)
        if not messages:
            raise BadInput("no message in this file", where=where)
        return grouped(messages, channels)


def grouped(messages: Iterable[Message], channels: Iterable[str]) -> dict[str, list[Message]]:
    """The messages of these conversations; what is of none is of all."""
    groups: dict[str, list[Message]] = {name: [] for name in channels}
    for message in messages:
        for name in (message.channel,) if message.channel else groups:
            if name in groups:
                groups[name].append(message)
    return groups


def channel_name(log: str, channel: str, alone: bool) -> str:
    """The name of a file's log: a domain's own name, else the file's, with what tells it apart."""
    if channel and not channel[0].isdigit():
        return "".join(c if c.isprintable() else "?" for c in channel)[:NAME_LENGTH]
    return log if alone else f"{log}-{channel}"[-NAME_LENGTH:]


def log_name(path: Path) -> str:
    """The file's name without what only tells its format."""
    name = PurePath(display_name(path)).name
    while (suffix := PurePath(name).suffix) in SUFFIXES and name != suffix:
        name = name.removesuffix(suffix)
    return "".join(c if c.isprintable() else "?" for c in name)[:NAME_LENGTH] or "log"
