"""Turning a QMP conversation into events and observations.

It is read whole before its first event is made: a reply can come long after its command.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from replay.errors import BadInput, ReplayError
from replay.events.event import LogEntry, LogHeader, Observation
from replay.events.json_form import located
from replay.formats.commands import human, is_operation, is_query, notice, operation
from replay.formats.recording import Message, Recording
from replay.formats.replies import Paired, event, pair
from replay.formats.secrets import Cleaner
from replay.formats.start.events import start_of
from replay.formats.start.needs import start_note

REPLY_KEYS = ("return", "error")
HANDSHAKE = "greetings and commands that change nothing"
NO_ANSWER = "queries without an answer"
NOT_KEPT = "answers to queries that can't be kept"
LOST = "messages that are shortened or damaged"
ONLY_NOTICES = "it has notices without a command; nothing can be replayed of them alone"


def recording(
    name: str,
    messages: Sequence[Message],
    drives: Sequence[str],
    partial: bool,
    in_runs: bool = False,
) -> Recording:
    """The log of a conversation, with the drives that the user told of.

    `partial` conversations may begin with replies to commands that were not recorded, `in_runs`
    tells how replies find their commands. Raises ReplayError if there is no way to read it.
    """
    cleaner = Cleaner()
    talk = [cleaner.clean(message) for message in messages]
    left_out: Counter[str] = Counter()
    paired = Paired(talk, pair(talk, partial, left_out, in_runs), left_out)
    start = start_of(paired, drives)
    # What a machine did is far more than its messages: events are made as they are stored.
    entries = chain(start.events, happened(paired))
    header = LogHeader(name, description(talk, start.tells_drives))
    note = "" if start.tells_drives else start_note(talk)
    remarks = (note,) if note else ()
    if not any(message.role in ("command", "option") for message in talk):
        remarks = (ONLY_NOTICES,)
    lost = tuple(losses(talk))
    return Recording(header, entries, talk[0].origin, left_out, cleaner.tally, remarks, lost)


def losses(messages: Iterable[Message]) -> Iterator[str]:
    """Where something stands that was meant to be a message, and why it is none."""
    for message in messages:
        if message.role == "lost" and "error" in message.msg:
            yield f"{message.origin}: {message.msg['error']}"


# What happened then


def meaning(message: Message) -> dict[str, Any] | None:
    """The event object of a notice or an operation, without its reply; None for all else."""
    if message.role == "notice":
        return notice(message)
    if message.role == "command" and is_operation(message):
        return operation(message, None)
    return None


def happened(talk: Paired) -> Iterator[LogEntry]:
    """The operations, notices and observations of the conversation, in their order."""
    for place, message in enumerate(talk.messages):
        if message.role == "notice":
            yield event(notice(message), message)
        elif message.role == "command" and is_operation(message):
            yield event(operation(message, answer(talk.replies.get(place))), message)
        elif message.role == "sight":
            yield observation(str(message.msg["name"]), dict(message.msg), message)
        elif message.role == "command" and is_query(message):
            yield from queried(message, talk.replies.get(place), talk.left_out)
        elif message.role in ("greeting", "command"):
            talk.left_out[HANDSHAKE] += 1
        elif message.role == "lost":
            talk.left_out[message.msg.get("reason", LOST)] += 1


def answer(reply: Message | None) -> dict[str, Any] | None:
    """What a reply says, as an event has it."""
    content = reply.msg if reply else {}
    return {key: content[key] for key in REPLY_KEYS if key in content} or None


def queried(query: Message, reply: Message | None, left_out: Counter[str]) -> Iterator[Observation]:
    """What a query saw, if it got an answer that can be kept: that of a long chain is deep."""
    if reply is None or "return" not in reply.msg:
        left_out[NO_ANSWER] += 1
        return
    line = human(query)
    name = str(query.command) if line is None else line
    try:
        value = observation(name, reply.msg["return"], query)
    except ReplayError:
        left_out[NOT_KEPT] += 1
    else:
        yield value


def observation(name: str, value: Any, message: Message) -> Observation:
    """What was seen under a name. ReplayError if it can't be kept."""
    arguments = message.msg.get("arguments")
    question = arguments if isinstance(arguments, dict) and human(message) is None else {}
    with located(message.origin):
        try:
            return Observation(name, value, question, 0, message.origin, message.time)
        except ValueError as error:
            raise BadInput(f"not an observation: {error}") from None


# What the log is


def description(messages: Iterable[Message], tells_drives: bool) -> str:
    """What the log is, from the greeting, and whether its start is in it."""
    versions = (version(message.msg["QMP"]) for message in messages if message.role == "greeting")
    text = f"QMP traffic{next(versions, '')}"
    return text if tells_drives else f"{text}; it does not tell the drives of the start"


def version(greeting: Any) -> str:
    """The version of QEMU in its greeting, as the end of a sentence; "" if it has none."""
    try:
        qemu = greeting["version"]["qemu"]
        return f", QEMU {qemu['major']}.{qemu['minor']}.{qemu['micro']}"
    except (LookupError, TypeError):
        return ""
