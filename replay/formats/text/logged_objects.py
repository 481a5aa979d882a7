"""The objects that a text logs: the messages in them, each once though it may be told often."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from replay.errors import ReplayError
from replay.events.event import Origin
from replay.formats.message import message_text, parsed
from replay.formats.recording import InputLine, Message, weight
from replay.formats.text.marks import LogMark
from replay.formats.text.objects import LostObject, ObjectFinder, TextObject, WholeObject

MESSAGE = re.compile(r"""\{\s*\\*["'“]?(?:execute|return|error|event|timestamp|QMP|exec-oob)\b""")
REPLY_KEYS = {"return", "error", "id", "timestamp"}
NOWHERE = Origin("", 0)

WINDOW = 64
"""How many messages stand at most between two tellings of one."""

DEEPEST = 20
"""How deep messages may stand in other objects: in logs as JSON, in arrays, in strings."""


class LoggedObject(NamedTuple):
    """An object or what is left of one, and how the text tells it."""

    object: TextObject
    mark: LogMark
    channel: str


Item = LoggedObject | Message


def text_of(text_object: TextObject) -> bytes:
    """The text of an object that was found whole, else nothing."""
    return text_object.text if isinstance(text_object, WholeObject) else b""


def once(items: Iterable[Item]) -> Iterator[Message]:
    """The messages of a text in which some are told in several ways: the finest is taken.

    The ways stand close together, so that a few items before and after tell them all.
    """
    window: deque[Item] = deque()
    finest: dict[bytes, int] = {}
    for item in items:
        window.append(item)
        if (key := key_of(item)) is not None:
            finest[key] = min(finest.pop(key, 9), rank_of(item))
        if len(finest) > 2 * WINDOW:
            finest.pop(next(iter(finest)))
        if len(window) > WINDOW:
            yield from unless_finer(window.popleft(), finest)
    while window:
        yield from unless_finer(window.popleft(), finest)


def unless_finer(item: Item, finest: Mapping[bytes, int]) -> Iterator[Message]:
    """The messages of an item, unless a finer one tells the same."""
    if isinstance(item, Message):
        yield item
        return
    key = key_of(item)
    if key is not None and rank_of(item) > finest.get(key, 9):
        return
    if isinstance(item.object, WholeObject):
        yield from from_object(item)
    elif key is None or not item.mark.rank:
        yield lost(item.object.origin, item.object.why, item.mark, item.channel, item.object.keys)


def key_of(item: Item) -> bytes | None:
    """What the tellings of one message have in common, None for what is told once.

    It is the text without blanks, which wrapping may have changed; of a lost message its sender.
    """
    if isinstance(item, Message) or not item.mark.how:
        return None
    if isinstance(item.object, LostObject):
        return item.mark.sender.encode()
    return b"".join(item.object.text.split())


def rank_of(item: Item) -> int:
    """How finely an item is told, the finest 0."""
    return 0 if isinstance(item, Message) else item.mark.rank


def from_object(item: LoggedObject) -> Iterator[Message]:
    """The messages that an object is, or holds in its values."""
    text_object, mark = item.object, item.mark
    try:
        value = parsed(text_of(text_object))
    except ReplayError as error:
        if MESSAGE.match(text_of(text_object).decode()):
            yield lost(text_object.origin, error.what, mark, item.channel, frozenset())
        return
    for msg in messages_in(value):
        yield message_of(text_object.origin, msg, mark, item.channel, weight(text_of(text_object)))


def messages_in(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The messages in a value: itself, or those in its fields, items and texts."""
    if is_message(value):
        yield value
    elif depth >= DEEPEST:
        return
    elif isinstance(value, str):
        for text in objects_in(value):
            yield from messages_in(text, depth + 1)
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from messages_in(part, depth + 1)


def is_message(value: Any) -> bool:
    """Whether a value is a QMP message: other objects have some of its names too."""
    match value:
        case {"execute": str()} | {"exec-oob": str()} | {"event": str()} | {"QMP": dict()}:
            return True
        case {"return": _} | {"error": {"class": str()}}:
            return set(value) <= REPLY_KEYS
    return False


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """The objects in a text that is a value of another one."""
    if not MESSAGE.search(text):
        return
    finder = ObjectFinder()
    for line in text.split("\n"):
        for text_object in finder.feed(InputLine(NOWHERE, line.encode(errors="replace"))):
            with suppress(ReplayError):
                yield parsed(text_of(text_object))


def message_of(
    origin: Origin, msg: dict[str, Any], mark: LogMark, channel: str, size: int
) -> Message:
    """The message of an object, or a lost one if its command has no name that could be one."""
    try:
        message = message_text(origin, msg, mark.sender, mark.time, channel, size)
    except ReplayError as error:
        return lost(origin, error.what, mark, channel, frozenset())
    name = message.command if message.role == "command" else message.msg.get("event", "x")
    if not isinstance(name, str) or not name or not name.isprintable() or " " in name:
        return lost(origin, f"the name of a {message.role} is none", mark, channel, frozenset())
    return message


def lost(origin: Origin, why: str, mark: LogMark, channel: str, keys: frozenset[str]) -> Message:
    """What was meant to be a message and could not be read."""
    is_command = mark.sender == "C" or bool(keys & {"execute", "exec-oob"})
    sender = "C" if is_command else "S"
    msg = {"why": "shortened or damaged JSON", "error": why, "sender": sender}
    return Message(origin, "lost", msg, mark.time, channel)
