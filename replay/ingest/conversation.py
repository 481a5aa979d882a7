"""A recorded conversation with one machine: its messages become events and observations.

It is read whole before its first event is made: a reply can come long after its command.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from replay.errors import ReplayError
from replay.events import Entry, Event, Image, LogHeader, Observation
from replay.ingest import commandline
from replay.ingest.cleaning import Cleaner
from replay.ingest.machine import machine
from replay.ingest.operations import human, is_operation, is_query, is_silent, notice, operation
from replay.ingest.recording import Message, Recording
from replay.jsonform import located, parse_payload

GIVEN = "--drive"
"""What the user told a recorder of a drive, as an option. It counts where nothing else tells."""

REPLY_KEYS = ("return", "error")
NOT_SEEN = "replies to no command that was recorded"
HANDSHAKE = "greetings and commands that change nothing"
NO_ANSWER = "queries without an answer"
NOT_KEPT = "answers to queries that can't be kept"
NO_DRIVE = "options of the command line that are about no drive"
NO_SIZE = "sizes of images that nothing tells, taken as 0"
LOST = "messages that are shortened or damaged"

Replies = Mapping[int, Message]
"""The reply of each command that got one, by the command's place among the messages."""


class Paired(NamedTuple):
    """A conversation whose replies have found their commands."""

    messages: Sequence[Message]
    replies: Replies
    secrets: int
    left_out: Counter[str]


def recording(
    name: str, messages: Sequence[Message], drives: Sequence[str], partial: bool
) -> Recording:
    """The log of a conversation, with the drives that the user told of.

    `partial` conversations may begin with replies to commands that were not recorded. Raises
    ReplayError if there is no way to read it.
    """
    cleaner = Cleaner()
    talk = [cleaner.clean(message) for message in messages]
    left_out: Counter[str] = Counter()
    paired = Paired(talk, pair(talk, partial, left_out), cleaner.secrets, left_out)
    start = start_of(paired, drives)
    entries = [*(start or ()), *happened(paired)]
    header = LogHeader(name, description(talk, start))
    return Recording(header, iter(entries), talk[0].origin, +left_out, cleaner.secrets)


def pair(messages: Sequence[Message], partial: bool, left_out: Counter[str]) -> Replies:
    """Finds the command of each reply: the oldest waiting one with its id, or with none."""
    waiting: defaultdict[bytes, deque[int]] = defaultdict(deque)
    lost, told = 0, False
    replies: dict[int, Message] = {}
    for place, heard in enumerate(messages):
        if heard.role == "connection":
            waiting, told = defaultdict(deque), True
        elif heard.role == "greeting" and not told:
            # a new connection; what was said before the greeting came is answered behind it
            waiting = defaultdict(
                deque,
                {
                    id: deque(c for c in commands if is_silent(messages[c]))
                    for id, commands in waiting.items()
                },
            )
        elif heard.role == "command":
            waiting[id_of(heard)].append(place)
        elif heard.role == "lost" and heard.msg.get("sender") == "C":
            waiting[id_of(heard)].append(place)  # it is answered too, once or more often
            lost += 1
        elif heard.role == "reply":
            if commands := waiting[id_of(heard)]:
                replies[commands.popleft()] = heard
            elif partial or lost:
                left_out[NOT_SEEN] += 1
            else:
                raise ReplayError(
                    "a reply to no command before it",
                    where=str(heard.origin),
                    do="record the commands too (qmp-shell shows them with -v)",
                )
    return replies


def id_of(message: Message) -> bytes:
    """The id of a command or a reply, whatever JSON it is."""
    return msgspec.json.encode(message.msg.get("id"), order="sorted")


# The machine that was there at the start


def start_of(talk: Paired, drives: Sequence[str]) -> list[Event] | None:
    """The images and drives of the start; None where nothing tells of them."""
    known = commandline.known_images(talk.messages)
    options, noted = options_of(talk)
    queried = None if options else machine_events(talk)
    if drives and (options or queried):
        raise ReplayError(
            "the recording tells of its drives itself",
            where=str(talk.messages[0].origin),
            do="leave out --drive",
        )
    for drive in drives or (() if options or queried else noted):
        option, told = commandline.given(drive)
        options.append(option)
        known |= told
    start = option_events(options, known, talk.left_out) if options else queried
    if start is None:
        return None
    there = {event.payload.name for event in start if isinstance(event.payload, Image)}
    media = commandline.media(talk.messages, known)
    return [*(event(raw, of) for of, raw in media if raw["name"] not in there), *start]


def options_of(talk: Paired) -> tuple[list[Message], list[str]]:
    """The options of the command line that are about drives, and what a recorder was told."""
    options = [message for message in talk.messages if message.role == "option"]
    noted = [option.msg["value"] for option in options if option.msg["name"] == GIVEN]
    kept = [option for option in options if commandline.is_kept(option)]
    talk.left_out[NO_DRIVE] += len(options) - len(noted) - len(kept)
    return kept, noted


def option_events(
    options: Sequence[Message], known: Mapping[str, commandline.Known], left_out: Counter[str]
) -> list[Event]:
    """The images that options name, then the options themselves."""
    images = [event(raw, option) for option, raw in commandline.images(options, known)]
    left_out[NO_SIZE] += sum(isinstance(e.payload, Image) and not e.payload.size for e in images)
    return [*images, *(event(commandline.command(option), option) for option in options)]


def event(raw: dict[str, Any], message: Message) -> Event:
    """The event of an event object that a message told of."""
    with located(message.origin):
        return Event(parse_payload(raw), message.origin, message.time)


def machine_events(talk: Paired) -> list[Event] | None:
    """The images and drives that the first replies about them tell of, None without these."""
    drives = returned_at_start("query-block", talk)
    nodes = returned_at_start("query-named-block-nodes", talk)
    if drives is None:
        return None
    with located(drives.origin):
        payloads = machine(drives.msg["return"], nodes.msg["return"] if nodes else ())
    return [Event(payload, drives.origin, drives.time) for payload in payloads]


def returned_at_start(query: str, talk: Paired) -> Message | None:
    """The reply to the query, if it was asked before the first operation and got an answer."""
    for place, heard in enumerate(talk.messages):
        if heard.role == "command" and is_operation(heard):
            return None
        reply = talk.replies.get(place) if heard.command == query else None
        if reply is not None and "return" in reply.msg:
            return reply
    return None


# What happened then


def meaning(heard: Message) -> dict[str, Any] | None:
    """The event object of a notice or an operation, without its reply; None for all else."""
    if heard.role == "notice":
        return notice(heard)
    if heard.role == "command" and is_operation(heard):
        return operation(heard, None)
    return None


def happened(talk: Paired) -> Iterator[Entry]:
    """The operations, notices and observations of the conversation, in their order."""
    for place, heard in enumerate(talk.messages):
        if heard.role == "notice":
            yield event(notice(heard), heard)
        elif heard.role == "command" and is_operation(heard):
            yield event(operation(heard, answer(talk.replies.get(place))), heard)
        elif heard.role == "sight":
            yield observation(str(heard.msg["name"]), dict(heard.msg), heard)
        elif heard.role == "command" and is_query(heard):
            yield from queried(heard, talk.replies.get(place), talk.left_out)
        elif heard.role in ("greeting", "command"):
            talk.left_out[HANDSHAKE] += 1
        elif heard.role == "lost":
            talk.left_out[LOST] += 1


def answer(reply: Message | None) -> dict[str, Any] | None:
    """What a reply says, as an event has it."""
    said = reply.msg if reply else {}
    return {key: said[key] for key in REPLY_KEYS if key in said} or None


def queried(query: Message, reply: Message | None, left_out: Counter[str]) -> Iterator[Observation]:
    """What a query saw, if it got an answer that can be kept: that of a long chain is deep."""
    if reply is None or "return" not in reply.msg:
        left_out[NO_ANSWER] += 1
        return
    line = human(query)
    name = str(query.command) if line is None else line
    try:
        seen = observation(name, reply.msg["return"], query)
    except ReplayError:
        left_out[NOT_KEPT] += 1
    else:
        yield seen


def observation(name: str, seen: Any, message: Message) -> Observation:
    """What was seen under a name. ReplayError if it can't be kept."""
    arguments = message.msg.get("arguments")
    kept = arguments if isinstance(arguments, dict) and human(message) is None else {}
    with located(message.origin):
        try:
            return Observation(name, seen, kept, 0, message.origin, message.time)
        except ValueError as error:
            raise ReplayError(f"not an observation: {error}") from None


# What the log is


def description(messages: Iterable[Message], start: Sequence[Event] | None) -> str:
    """What the log is, from the greeting, and whether its start is in it."""
    versions = (version(heard.msg["QMP"]) for heard in messages if heard.role == "greeting")
    text = f"QMP traffic{next(versions, '')}"
    return text if start is not None else f"{text}; it does not tell the drives of the start"


def version(greeting: Any) -> str:
    """The version of QEMU in its greeting, as the end of a sentence; "" if it has none."""
    try:
        found = greeting["version"]["qemu"]
        return f", QEMU {found['major']}.{found['minor']}.{found['micro']}"
    except (LookupError, TypeError):
        return ""
