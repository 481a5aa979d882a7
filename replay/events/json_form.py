"""Reading and writing events, observations and headers as lines of JSON.

A log is JSON lines: a header `{"replay_log": 1, "name": ...}`, then one event a line, which is
the payload's object and, where it was recorded, its "time" in seconds. What the recording saw
after an event stands behind it: `{"kind": "observation", "name", "arguments", "answer"}`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import msgspec

from replay.errors import BadInput, ReplayError
from replay.events.event import (
    KINDS,
    Event,
    Log,
    LogEntry,
    LogHeader,
    Observation,
    Origin,
    Payload,
)
from replay.printable import escaped_json

SCHEMA_VERSION = 1
"""The version of the event form that is written; older ones are upcast on reading."""

HEADER_FIELDS = ("name", "description")
OBSERVATION = "observation"
OBSERVATION_FIELDS = ("name", "arguments", "answer")

MOST_VALUES = 5_000_000
"""More than any message has; each takes far more memory than the two bytes that say it."""

VALUES = (b",", b"{", b"[")
"""What stands before a value, or between two."""

UPCASTS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()
"""UPCASTS[n - 1] makes an event object of version n + 1 from one of version n."""


def upcast(raw: dict[str, Any], version: int) -> dict[str, Any]:
    """An event object of an older version in today's form."""
    return reduce(lambda older, step: step(older), UPCASTS[version - 1 :], raw)


@contextmanager
def located(origin: Origin | None) -> Iterator[None]:
    """Gives a ReplayError that does not say where it happened the origin of what was read."""
    try:
        yield
    except ReplayError as error:
        if error.where or origin is None:
            raise
        raise BadInput(error.what, where=str(origin), do=error.do) from None


def parse_payload(raw: dict[str, Any], version: int = SCHEMA_VERSION) -> Payload:
    """The payload of an event object; ReplayError with the reason if it is not one."""
    try:
        kind = raw.get("kind")
        if kind is not None and kind not in KINDS:
            raise ValueError(f"unknown kind {kind!r}, known are {', '.join(KINDS)}")
        payload: Payload = msgspec.convert(upcast(raw, version), Payload)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not an event: {error}") from None
    return payload


def parse_entry(
    line: bytes,
    origin: Origin | None,
    version: int = SCHEMA_VERSION,
    clean: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> LogEntry:
    """The event or observation of a native line; ReplayError with origin and reason if neither.

    `clean` takes from the object what is not to be kept.
    """
    if clean is None and version == SCHEMA_VERSION and _is_plain(line):
        try:  # a context manager would take as long as the rest
            return Event(_decode_payload(line), origin)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            pass  # what is wrong is told below
    with located(origin):
        raw = parse_object(line)
        if clean is not None:
            raw = clean(raw)
        recorded = seconds(raw.pop("time", None))
        if raw.get("kind") == OBSERVATION:
            return parse_observation(raw, origin, recorded)
        return Event(parse_payload(raw, version), origin, recorded)


_decode_payload = msgspec.json.Decoder(Payload).decode


def _is_plain(line: bytes) -> bool:
    """Whether there is nothing in a line but what an event says; most are short, without a time."""
    return len(line) <= MOST_VALUES and b'"time"' not in line


def parse_observation(
    raw: dict[str, Any], origin: Origin | None, recorded: float | None, after: int = 0
) -> Observation:
    """An observation of its name, arguments and answer; ReplayError if it is none."""
    odd = sorted(raw.keys() - {"kind", *OBSERVATION_FIELDS})
    try:
        if odd:
            raise ValueError(f"unknown field {odd[0]!r}")
        fields = {key: raw[key] for key in OBSERVATION_FIELDS if key in raw}
        observation = msgspec.convert({"kind": OBSERVATION, **fields}, Observation)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not an observation: {error}") from None
    return msgspec.structs.replace(observation, after=after, origin=origin, recorded=recorded)


def seconds(value: Any) -> float | None:
    """A recorded time from JSON; ReplayError if it is no number."""
    try:
        return msgspec.convert(value, float | None)
    except msgspec.ValidationError as error:
        raise BadInput(f"not a time in seconds: {error}") from None


def parse_header(raw: dict[str, Any]) -> tuple[LogHeader, int]:
    """A log's header and the version of its events; ReplayError if it is none that we can read."""
    extra = dict(raw)
    version = extra.pop("replay_log", None)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BadInput('the header has no version: it must start {"replay_log": 1, "name": ...')
    if version > SCHEMA_VERSION:
        raise BadInput(
            f"version {version} of the event form is newer than {SCHEMA_VERSION}, the newest known",
            do="upgrade replay",
        )
    try:
        fields: dict[str, Any] = {key: extra.pop(key) for key in HEADER_FIELDS if key in extra}
        return msgspec.convert({**fields, "extra": extra}, LogHeader), version
    except (ValueError, RecursionError) as error:
        raise BadInput(f"not a log's header: {error}") from None


class TooManyValues(BadInput):
    """An object has more values than are read, whatever it is."""


def parse_object(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; ReplayError with the reason if it is none."""
    if len(line) > MOST_VALUES and sum(map(line.count, VALUES)) > MOST_VALUES:
        raise TooManyValues(f"not read: it has more than {MOST_VALUES} values")
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    # msgspec says of bytes that are not UTF-8 one thing before 0.23, and another since.
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = f"not a JSON object: {error}" if _is_utf8(line) else "not UTF-8"
        raise BadInput(what) from None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def header_line(header: LogHeader) -> bytes:
    """The header as a native line, newline included."""
    start: dict[str, Any] = {
        "replay_log": SCHEMA_VERSION,
        "name": header.name,
        "description": header.description,
    }
    return _line({**start, **header.extra})


def event_line(event: Event) -> bytes:
    """The event as a native line, newline included."""
    raw = msgspec.to_builtins(event.payload)
    if event.recorded is not None:
        raw["time"] = event.recorded
    return _line(raw)


def observation_line(observation: Observation) -> bytes:
    """The observation as a native line, newline included. Its place is behind its event."""
    raw = {"kind": OBSERVATION, **observation_content(observation)}
    if observation.recorded is not None:
        raw["time"] = observation.recorded
    return _line(raw)


def _line(raw: dict[str, Any]) -> bytes:
    """An object as a line of JSON that can be shown on a terminal."""
    return escaped_json(msgspec.json.encode(raw).decode()).encode() + b"\n"


def native_lines(log: Log) -> Iterator[bytes]:
    """A whole log in the native form, line by line."""
    yield header_line(log.header)
    for entry in log.entries():
        yield event_line(entry) if isinstance(entry, Event) else observation_line(entry)


def observation_content(observation: Observation) -> dict[str, Any]:
    """What was asked and answered, as JSON has it."""
    return {field: getattr(observation, field) for field in OBSERVATION_FIELDS}
