"""Matching each reply to its command."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import msgspec

from replay.errors import BadInput
from replay.events.event import Event
from replay.events.json_form import located, parse_payload
from replay.formats.commands import is_silent
from replay.formats.recording import Message

Q = TypeVar("Q", deque[int], list[int])

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
    """Finds the command of each reply: the oldest waiting one in its file with its id, or none.

    `in_runs` is for texts in which replies may be left out: those without an id belong to the
    commands just before them. Raises ReplayError for a reply to no command, unless the conversation
    is `partial` or a message was lost.
    """
    waiting = Waiting(messages)
    nearest = dict(runs(messages)) if in_runs else None
    lost = 0
    replies: dict[int, Message] = {}
    for place, message in enumerate(messages):
        if message.role in ("connection", "greeting"):
            waiting.connect(message)
        elif is_sent(message):
            waiting.add(place)
            lost += message.role == "lost"
        elif message.role == "reply":
            if nearest is not None and id_of(message) == NO_ID:
                command = nearest.get(place)
            else:
                command = waiting.take(place)
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
    """The commands that wait for a reply.

    Each file has its own, since several that make one log may be of several connections. A reply
    that no command of its file waits for may be to one of another that has ended, or be told in
    another file than the commands.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        ends = {message.origin.file: place for place, message in enumerate(messages)}
        self._ending = deque(sorted(ends.items(), key=itemgetter(1)))
        self._asking = {message.origin.file for message in messages if is_sent(message)}
        self._telling_connections: set[str] = set()
        self._silent: defaultdict[str, dict[bytes, deque[int]]] = defaultdict(dict)
        self._operations: defaultdict[str, dict[bytes, deque[int]]] = defaultdict(dict)
        # Of all files, and of those that have ended; with some that wait no more.
        self._added: defaultdict[bytes, deque[int]] = defaultdict(deque)
        self._left: defaultdict[bytes, list[int]] = defaultdict(list)

    def connect(self, message: Message) -> None:
        """A client has come, or the greeting that it gets where nothing else tells of clients.

        What was said before a greeting came is answered behind it.
        """
        file = message.origin.file
        if message.role == "connection":
            self._telling_connections.add(file)
            self._silent.pop(file, None)
        if message.role == "connection" or file not in self._telling_connections:
            self._operations.pop(file, None)

    def add(self, place: int) -> None:
        """The command at this place waits."""
        command = self._messages[place]
        kind = self._silent if is_silent(command) else self._operations
        id = id_of(command)
        kind[command.origin.file].setdefault(id, deque()).append(place)
        self._added[id].append(place)

    def take(self, place: int) -> int | None:
        """The oldest command that waits for the reply at this place, which now has it."""
        reply = self._messages[place]
        own, id = reply.origin.file, id_of(reply)
        kinds = (self._silent, self._operations)
        queues = [queue for kind in kinds if (queue := kind[own].get(id))]
        if queues:
            return min(queues, key=itemgetter(0)).popleft()
        if own not in self._asking:
            return self._first(self._added[id], deque.popleft)
        self._end_files(place)
        return self._first(self._left[id], heappop)

    def _first(self, places: Q, taken: Callable[[Q], int]) -> int | None:
        """The first of these places whose command still waits, taken with those before it."""
        while places:
            place = taken(places)
            queue = self._queue(place)
            if queue and queue[0] == place:
                return queue.popleft()
        return None

    def _queue(self, place: int) -> deque[int] | None:
        """Where the command at this place waits, if it does."""
        command = self._messages[place]
        kind = self._silent if is_silent(command) else self._operations
        return kind[command.origin.file].get(id_of(command))

    def _end_files(self, place: int) -> None:
        """What still waits in files that end before this place is left for other files."""
        while self._ending and self._ending[0][1] < place:
            file, _ = self._ending.popleft()
            for kind in (self._silent, self._operations):
                for id, queue in kind[file].items():
                    for waiting in queue:
                        heappush(self._left[id], waiting)


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
