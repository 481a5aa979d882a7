"""How a reader of a form in which clients and QEMU talk makes logs of a file."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from replay.errors import BadInput
from replay.events.event import NAME_LENGTH, Event, LogEntry, Origin
from replay.events.json_form import located
from replay.formats import conversation
from replay.formats.reader import (
    DomainStart,
    ImportOptions,
    Input,
    NoMessages,
    log_name,
    several,
)
from replay.formats.recording import InputLine, Message, Recording, within_memory
from replay.formats.replies import NOT_SEEN

MOST_PLACES = 10
"""More places of what could not be read are not told in an error."""

MOST_SHARED, MOST_TIMES = 10_000, 10
"""Messages that are of all conversations of a file may be so many in all of them, or so many times
what the file has."""


@dataclass(frozen=True)
class ConversationReader:
    """A reader of a form in which clients and QEMU talk: all that it needs is the messages.

    `last_is_meant` says which of several conversations is part of a log of several files,
    `pairs_in_runs` how replies without ids find their commands (`replies.py`), `joins_starts` that
    the starts of its machines stand in other files; `remark` is what is said of each log, and
    `clock_remark` what is said of its times beside those of other files.
    """

    name: str
    may_start_midway: bool
    why_not: Callable[[Sequence[InputLine]], str]
    messages: Callable[[Iterable[InputLine]], Iterator[Message]]
    last_is_meant: bool = False
    pairs_in_runs: bool = False
    joins_starts: bool = False
    remark: str = ""
    clock_remark: str = ""

    def read(self, input: Input, options: ImportOptions) -> Iterator[Recording]:
        """A recording for each conversation of a file in which anything happened."""
        groups = self.by_conversation(input, options)
        name, named = log_name(input.name), by_channel(options.starts)
        without: list[Recording] = []
        for channel, messages in groups.items():
            own = channel_name(name, channel, alone=len(groups) == 1)
            is_only = len(groups) == 1
            beside = [start for start in options.starts if is_only and input.name in start.beside]
            start = self.start_of(messages, named.get(channel) or beside)
            talk = [*start.options, *messages] if start else messages
            recording = conversation.recording(
                own, talk, options.drives, self.may_start_midway, self.pairs_in_runs
            )
            first = list(until_event(recording.entries))
            if not first or not isinstance(first[-1], Event):
                without.append(recording)
                continue
            yield replace(
                recording,
                entries=chain(first, recording.entries),
                remarks=(*self.own_remarks(), *input.remarks, *recording.remarks),
                start=start and start.file,
            )
        if len(without) == len(groups):
            raise nothing_happens(input.name, without)

    def own_remarks(self) -> tuple[str, ...]:
        """What is said of each log that it reads."""
        return (self.remark,) if self.remark else ()

    def start_of(
        self, messages: Sequence[Message], starts: Sequence[DomainStart]
    ) -> DomainStart | None:
        """The last start before a conversation of those of its domain, if any is known."""
        if not self.joins_starts:
            return None
        first = next((message.time for message in messages if message.time), None)
        before = [start for start in starts if first is None or start.time <= first]
        return max(before or starts, key=lambda start: start.time, default=None)

    def part(self, input: Input, options: ImportOptions) -> Sequence[Message]:
        """The messages of the only conversation, or of the last where that is meant."""
        groups = self.by_conversation(input, options)
        if self.last_is_meant:
            return list(groups.values())[-1]
        if len(groups) > 1:
            do = f"pick one with --monitor: {', '.join(groups)}"
            where = input.name
            raise BadInput("the file has several conversations", where=where, do=do)
        return next(iter(groups.values()))

    def by_conversation(self, input: Input, options: ImportOptions) -> dict[str, list[Message]]:
        """The messages of each conversation, by its name; what is of none is of all."""
        where = input.name
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
            raise NoMessages("no message in this file", where=where)
        alone = sum(not message.channel for message in messages)
        if alone * len(channels) > max(MOST_SHARED, MOST_TIMES * len(messages)):
            what = f"{alone} messages of no monitor, which are of all {len(channels)}, are too many"
            raise BadInput(what, where=where, do="pick one with --monitor")
        return grouped(messages, channels)


def by_channel(starts: Iterable[DomainStart]) -> Mapping[str, Sequence[DomainStart]]:
    """The starts of domains by the names that conversations with them have."""
    named: defaultdict[str, list[DomainStart]] = defaultdict(list)
    for start in starts:
        for name in (start.domain, f"{start.domain}-2"):
            named[name].append(start)
    return named


def until_event(entries: Iterator[LogEntry]) -> Iterator[LogEntry]:
    """The entries up to the first event, which comes last; all if there is none."""
    for entry in entries:
        yield entry
        if isinstance(entry, Event):
            return


def nothing_happens(name: str, recordings: Sequence[Recording]) -> BadInput:
    """The error for a file without an event: whether nothing happened, or it could not be read."""
    lost = [place for recording in recordings for place in recording.lost]
    replies = sum(recording.left_out.get(NOT_SEEN, 0) for recording in recordings)
    if lost:
        damaged = several(len(lost), "message is", "messages are")
        what = f"no command could be read, and {damaged} cut or damaged"
        do = "copy it again without cutting, wrapping or shortening lines"
        details = [f"not read: {place}" for place in lost[:MOST_PLACES]]
        return BadInput(what, where=name, do=do, details=details)
    if replies:
        answers = several(replies, "reply", "replies")
        what = f"it has no command, only {answers} to commands that are not in it"
        do = "record the commands too: libvirt's debug log has them, and qmp-shell -v shows them"
        return BadInput(what, where=name, do=do)
    do = "import it with --log NAME beside another of the same machine"
    return BadInput("nothing happens in this recording", where=name, do=do)


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
