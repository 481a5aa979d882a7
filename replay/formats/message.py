"""One QMP message and its role: command, reply, event or greeting."""

import re
from typing import Any

from replay.errors import BadInput, ReplayError
from replay.events.event import Origin
from replay.events.json_form import located, parse_object
from replay.formats.json_scanner import with_double_quotes
from replay.formats.recording import InputLine, Message, weight

FROM_CLIENT = {"execute": "command", "exec-oob": "command"}
FROM_SERVER = {"QMP": "greeting", "event": "notice", "return": "reply", "error": "reply"}
KEYS = FROM_CLIENT | FROM_SERVER
BY_SENDER = {"C": FROM_CLIENT, "S": FROM_SERVER, "": KEYS}
"""What a message is by one of its keys; C sent the client, S the server, "" is not told."""


def message(
    line: InputLine, sender: str = "", time: float | None = None, channel: str = ""
) -> Message:
    """The message in a JSON text; ReplayError with its place if it is none."""
    with located(line.origin):
        return message_text(
            line.origin, parsed(line.text), sender, time, channel, weight(line.text)
        )


WHOLE_FLOAT = re.compile(rb"[\d.][eE]\+?\d|\d\.0+\b")
"""What a number looks like that another program has made a float of, as minimega does."""


def parsed(text: bytes) -> dict[str, Any]:
    """The object of a JSON text as QEMU reads it; ReplayError with the reason if it is none.

    A float that is whole is the integer that QEMU wrote.
    """
    try:
        msg = parse_object(text)
    except ReplayError:
        if b"'" not in text:
            raise
        msg = parse_object(with_double_quotes(text))
    return {key: with_integers(value) for key, value in msg.items()} if is_suspect(text) else msg


def is_suspect(text: bytes) -> bool:
    """Whether there may be a float in a text that is whole."""
    return WHOLE_FLOAT.search(text) is not None


def with_integers(value: Any) -> Any:
    """A value with its whole floats as integers; beyond 2^53 a float does not tell which."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, list):
        return [with_integers(item) for item in value]
    if isinstance(value, dict):
        return {key: with_integers(item) for key, item in value.items()}
    return value


def message_text(
    origin: Origin,
    msg: dict[str, Any],
    sender: str = "",
    time: float | None = None,
    channel: str = "",
    size: int = 0,
) -> Message:
    """The message of an object; ReplayError if it is none. A notice may tell its own time."""
    roles = BY_SENDER[sender]
    for key, role in roles.items():
        if key in msg:
            return Message(origin, role, msg, stamp(msg) if time is None else time, channel, size)
    raise BadInput(f"not a QMP message: it has none of {', '.join(roles)}")


def stamp(msg: dict[str, Any]) -> float | None:
    """The time that a notice carries, in seconds."""
    match msg.get("timestamp"):
        case {"seconds": int(seconds), "microseconds": int(micro)} if (
            0 <= seconds < 2**40 and 0 <= micro < 1_000_000
        ):
            return seconds + micro / 1_000_000
    return None


def readable(
    line: InputLine, sender: str = "", time: float | None = None, channel: str = ""
) -> Message:
    """The message in a JSON text that people or filters may have shortened; "lost" if so."""
    try:
        return message(line, sender, time, channel)
    except ReplayError as error:
        why = {"why": "shortened or damaged JSON", "error": error.what}
        return Message(line.origin, "lost", why, time, channel, weight(line.text))
