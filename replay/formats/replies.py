"""Matching each reply to its command."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from replay.errors import BadInput
from replay.events.event import Event
from replay.events.json_form import located, parse_payload
from replay.formats.commands import is_silent
from replay.formats.recording import Message

NOT_SEEN = "replies to no command that was recorded"

Replies = Mapping[int, Message]
"""The reply of each command that got one, by the command's place among the messages."""


class Paired(NamedTuple):
    """Messages, the replies of commands, and how often something was left out, by reason."""

    messages: Sequence[Message]
    replies: Replies
    left_out: Counter[str]

    def succeeded(self) -> Iterator[Message]:
        """The commands that were answered, and not by an error."""
        for place, message in enumerate(self.messages):
            reply = self.replies.get(place)
            if reply is not None and "return" in reply.msg:
                yield message


def event(raw: dict[str, Any], message: Message) -> Event:
    """The event of an event object that a message told of."""
    with located(message.origin):
        return Event(parse_payload(raw), message.origin, message.time)


def pair(
    messages: Sequence[Message], partial: bool, left_out: Counter[str], in_runs: bool = False
) -> Replies:
    """Finds the command of each reply: the oldest waiting one with its id, or with none.

    `in_runs` is for texts in which replies may be left out: those without an id belong to the
    commands just before them. Raises ReplayError for a reply to no command, unless the conversation
    is `partial` or a message was lost.
    """
    waiting = Waiting()
    lost, shows_connections = 0, False
    replies: dict[int, Message] = {}
    nearest = dict(runs(messages)) if in_runs else {}
    for place, message in enumerate(messages):
        if message.role == "connection":
            waiting, shows_connections = Waiting(), True
        elif message.role == "greeting" and not shows_connections:
            # a new connection; what was said before the greeting came is answered behind it
            waiting.forget_operations()
        elif is_sent(message):
            waiting.add(place, id_of(message), is_silent(message))
            lost += message.role == "lost"
        elif message.role == "reply":
            is_near = in_runs and id_of(message) == NO_ID
            command = nearest.get(place) if is_near else waiting.take(id_of(message))
            if command is not None:
                replies[command] = message
            elif partial or lost:
                left_out[NOT_SEEN] += 1
            else:
                raise BadInput(
                    "a reply to no command before it",
                    where=str(message.origin),
                    do="record the commands too",
                )
    return replies


class Waiting:
    """The places of the commands that wait for a reply, by their ids."""

    def __init__(self) -> None:
        self._silent: defaultdict[bytes, deque[int]] = defaultdict(deque)
        self._others: defaultdict[bytes, deque[int]] = defaultdict(deque)

    def add(self, place: int, id: bytes, silent: bool) -> None:
        """Puts down a command behind those that wait."""
        (self._silent if silent else self._others)[id].append(place)

    def forget_operations(self) -> None:
        """Forgets all but those of no interest at all."""
        self._others = defaultdict(deque)

    def take(self, id: bytes) -> int | None:
        """The oldest command with this id, which waits no more; None if there is none."""
        both = [commands for commands in (self._silent[id], self._others[id]) if commands]
        return min(both, key=itemgetter(0)).popleft() if both else None


def is_sent(message: Message) -> bool:
    """Whether it is a command, or what is left of one: it is answered too, once or more often."""
    is_lost = message.role == "lost" and message.msg.get("sender") == "C"
    return message.role == "command" or is_lost


def runs(messages: Sequence[Message]) -> Iterator[tuple[int, int]]:
    """The place of each reply without an id that has a command, and the command's place.

    Replies that follow commands belong to the last of these: of several commands in a row the
    first may have been left without theirs. What a later command comes behind waits no more.
    """
    commands: list[int] = []
    replies: list[int] = []
    for place, message in enumerate(messages):
        if id_of(message) != NO_ID:
            continue
        if is_sent(message):
            if replies:
                yield from zip(replies, commands[-len(replies) :], strict=False)
                commands, replies = [], []
            commands.append(place)
        elif message.role == "reply":
            replies.append(place)
    if replies:
        yield from zip(replies, commands[-len(replies) :], strict=False)


NO_ID = b"null"
"""The id of a message that has none, as JSON."""


def id_of(message: Message) -> bytes:
    """The id of a command or a reply, whatever JSON it is."""
    return msgspec.json.encode(message.msg.get("id"), order="sorted")
