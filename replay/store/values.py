"""What database rows say: the names of logs, headers, events and observations.

A row is whatever has its columns as attributes.
"""

from typing import Any

import msgspec

from replay.errors import StoreError
from replay.events.event import NAME_LENGTH, Event, LogHeader, Observation, Origin, link
from replay.events.json_form import parse_header, parse_object, parse_observation, parse_payload

REVISION = "0004"
"""The revision of the tables. Kept here so that opening needs no look at migrations/."""


def candidates(name: str, fingerprint: str) -> tuple[str, str]:
    """The names that a log may have in the store: its own, and one where that is taken."""
    return name, f"{name[: NAME_LENGTH - 9]}@{fingerprint[:8]}"


def from_row(row: Any) -> Event:
    """The event of a row; ReplayError with the reason if the row does not hold one."""
    version = row.schema_version
    if not isinstance(version, int) or version < 1:
        raise StoreError("the version of an event has become something else")
    return Event(parse_payload(stored_object(row.payload), version), origin_of(row), row.recorded)


def linked(end: str, row: Any) -> str:
    """The fingerprint of a log up to this row of an event, behind one up to the event before."""
    return link(end, row.payload.encode())


def must_be_whole(log: Any, end: str) -> None:
    """Raises StoreError unless the events up to this fingerprint are those that a log's row tells.

    What a log is taken for depends on its fingerprint: no log may go under that of another.
    """
    if end != log.fingerprint:
        raise StoreError("its events are not those that were stored", do="see replay verify")


def observation_from_row(row: Any) -> Observation:
    """The observation of a row; ReplayError with the reason if the row does not hold one."""
    raw = stored_object(row.content)
    if not isinstance(row.after, int):
        raise StoreError("a place has become something else")
    return parse_observation(raw, origin_of(row), row.recorded, row.after)


def header_from_row(row: Any) -> LogHeader:
    """The header of a log's row, under the name that it has in the store; errors likewise."""
    header, _ = parse_header(stored_object(row.header))
    return msgspec.structs.replace(header, name=row.name)


class Described(msgspec.Struct):
    """What a list of many logs shows of a header, and all that it has the time to read."""

    description: str = ""


described = msgspec.json.Decoder(Described).decode


def description_of(header: object) -> str:
    """The description in a stored header; ReplayError with the reason if it is none."""
    if not isinstance(header, str):
        raise StoreError("a text has become something else")
    try:
        return described(header).description
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"not a log's header: {error}") from None


def stored_object(stored: object) -> dict[str, Any]:
    """The object of a column; ReplayError if it is no longer a text with one."""
    if not isinstance(stored, str):
        raise StoreError("a text has become something else")
    return parse_object(stored.encode())


def origin_of(row: Any) -> Origin | None:
    """Where the entry of a row was recorded; ReplayError if that or the time is none any more."""
    columns = ((row.origin_file, str), (row.origin_line, int), (row.recorded, int | float))
    if not all(value is None or isinstance(value, kind) for value, kind in columns):
        raise StoreError("a place or a time has become something else")
    return Origin(row.origin_file, row.origin_line) if row.origin_file else None
