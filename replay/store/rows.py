"""Making database rows of logs, events and observations, with checksums."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Table

from replay.events.event import (
    NO_EVENTS,
    Event,
    LogEntry,
    LogHeader,
    Observation,
    channel,
    content,
    kind,
    link,
    name,
)
from replay.events.json_form import SCHEMA_VERSION, header_line, observation_content
from replay.store.tables import events, logs, messages, observations, recordings

UNCHECKED = {
    logs: ("checksum",),
    events: ("checksum",),
    observations: ("checksum", "position"),
    recordings: ("id", "checksum"),
    messages: ("checksum",),
}
"""An observation's position and a recording's number are the database's own."""

CHECKED = {
    table: tuple(column.name for column in table.columns if column.name not in UNCHECKED[table])
    for table in UNCHECKED
}
"""What a row's checksum is made of, in this order."""


INSERTED = {table: (*CHECKED[table], "checksum") for table in (events, observations, logs)}
"""The columns of a row of an entry or a log, in this order."""

EntryRow = tuple[Any, ...]


class LogEnd(NamedTuple):
    """How many events a log has, its fingerprint, which is that of the last, and observations."""

    events: int = 0
    fingerprint: str = NO_EVENTS
    observations: int = 0


class EntryRows(NamedTuple):
    """The rows of some of a log's entries, and the end of the log with them."""

    events: list[EntryRow]
    observations: list[EntryRow]
    end: LogEnd


def entry_rows(entries: Iterable[LogEntry], log: int, position: int, begin: LogEnd) -> EntryRows:
    """The rows of the entries behind `begin` in a log whose first event is at `position`.

    Each event has the fingerprint of the log up to it.
    """
    seq, fingerprint, number = begin
    of_events, of_observations = list[EntryRow](), list[EntryRow]()
    for entry in entries:
        if isinstance(entry, Event):
            row, fingerprint = event_row(entry, log, position + seq, seq + 1, fingerprint)
            seq += 1
            of_events.append(row)
        else:
            number += 1
            of_observations.append(observation_row(entry, log, number, seq))
    return EntryRows(of_events, of_observations, LogEnd(seq, fingerprint, number))


def event_row(
    event: Event, log: int, position: int, seq: int, previous: str
) -> tuple[EntryRow, str]:
    """The row of an event at a position, behind those with the fingerprint `previous`; its own."""
    payload = event.payload
    said = content(payload)
    fingerprint = link(previous, said)
    what = (kind(payload), channel(payload), name(payload), said.decode())
    origin = origin_columns(event)
    values = (position, log, seq, *what, *origin, SCHEMA_VERSION, fingerprint)
    return (*values, digest_of(values)), fingerprint


def observation_row(observation: Observation, log: int, number: int, after: int) -> EntryRow:
    """The row of an observation, to which the database gives its position."""
    said = msgspec.json.encode(observation_content(observation)).decode()
    values = (log, number, after, observation.name, said, *origin_columns(observation))
    return (*values, digest_of(values))


def origin_columns(entry: LogEntry) -> EntryRow:
    """Where and when an entry was recorded: file, line, seconds."""
    origin = entry.origin
    return (origin.file, origin.line, entry.recorded) if origin else (None, None, entry.recorded)


def log_row(number: int, name: str, header: LogHeader, end: LogEnd) -> dict[str, Any]:
    """The row of the log that ends so."""
    row = {
        "id": number,
        "name": name,
        "header": header_line(header).decode().rstrip(),
        "fingerprint": end.fingerprint,
        "events": end.events,
    }
    return {**row, "checksum": checksum(logs, row)}


def recording_row(name: str) -> dict[str, Any]:
    """The row of a recording that begins, to which the database gives its number."""
    return {"name": name, "checksum": checksum(recordings, {"name": name})}


def message_row(recording: int, number: int, line: bytes) -> dict[str, Any]:
    """The row of a message, a line of traffic without its newline."""
    row = {"recording": recording, "number": number, "line": line.decode()}
    return {**row, "checksum": checksum(messages, row)}


def checksum(table: Table, row: Mapping[str, Any]) -> str:
    """sha256 over all other columns of a row, in hex."""
    return digest_of([row[column] for column in CHECKED[table]])


def digest_of(values: Sequence[Any]) -> str:
    """The same over the values of these columns, in their order."""
    return sha256(_encode(values)).hexdigest()


_encode = msgspec.json.Encoder().encode
