"""Reading an event as a person types it: `qmp block-commit device=drive0`, or an object of JSON."""

import re
from typing import Any

import msgspec

from replay.errors import BadInput
from replay.events.event import Event
from replay.events.json_form import parse_object, parse_payload

FORMS = (
    "qmp COMMAND NAME=VALUE ...",
    "hmp COMMAND ARGUMENTS",
    "cli OPTION ARGUMENTS",
    "guest read DEVICE SECTOR SECTORS",
    "guest write DEVICE SECTOR SECTORS PATTERN",
    "await DEVICE ready|end",
    "await settled",
    "internal close-open DEVICE DEPTH",
    '{"kind": ...}',
)


def parse_typed(text: str) -> Event:
    """The event that a line says. Raises BadInput, with the forms there are, for any other."""
    words = text.split()
    match words:
        case []:
            raise _unknown(text)
        case [first, *_] if first.startswith("{"):
            return Event(parse_payload(parse_object(text.encode())))
        case ["qmp", name, *pairs]:
            return _event(kind="command", channel="qmp", name=name, arguments=_arguments(pairs))
        case [("hmp" | "cli") as channel, name, *_]:
            rest = re.sub(r"^\s*\S+\s+\S+\s*", "", text).rstrip()
            return _event(kind="command", channel=channel, name=name, arguments=rest)
        case ["guest", "read", device, sector, sectors]:
            return _event(kind="guest", name="read", device=device, **_numbers(sector, sectors))
        case ["guest", "write", device, sector, sectors, pattern]:
            numbers = _numbers(sector, sectors) | {"pattern": _number(pattern)}
            return _event(kind="guest", name="write", device=device, **numbers)
        case ["await", "settled"]:
            return _event(kind="await", until="settled")
        case ["await", device, ("ready" | "end") as until]:
            return _event(kind="await", until=until, device=device)
        case ["internal", "close-open", device, depth]:
            return _event(kind="internal", name="close-open", device=device, depth=_number(depth))
        case _:
            raise _unknown(text)


def _event(**raw: Any) -> Event:
    return Event(parse_payload(raw))


def _arguments(pairs: list[str]) -> dict[str, Any]:
    """The arguments of NAME=VALUE, where a value that is JSON but no text means that."""
    arguments: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise BadInput(f"{pair!r} is no argument", do="write NAME=VALUE")
        arguments[name] = _value(value)
    return arguments


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _numbers(sector: str, sectors: str) -> dict[str, int]:
    return {"sector": _number(sector), "sectors": _number(sectors)}


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise BadInput(f"{text!r} is no number") from None


def _unknown(text: str) -> BadInput:
    return BadInput(f"{text!r} is no event", do="write " + " or ".join(FORMS))
