"""Making database rows of logs, events and observations, with checksums."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

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


def numbered(
    entries: Iterable[LogEntry], log: int, position: int
) -> Iterator[tuple[Table, dict[str, Any]]]:
    """The rows of a log's entries and their tables.

    Events have places from `position` on, and each the fingerprint of the log up to it.
    """
    fingerprint, seq, number = NO_EVENTS, 0, 0
    for entry in entries:
        if isinstance(entry, Observation):
            number += 1
            yield observations, observation_row(entry, log, number, seq)
        else:
            seq += 1
            row = event_row(entry, log, seq, fingerprint)
            fingerprint = row["fingerprint"]
            row["position"] = position + seq - 1
            yield events, {**row, "checksum": checksum(events, row)}


def event_row(event: Event, log: int, seq: int, previous: str) -> dict[str, Any]:
    """The row of the event that follows the fingerprint `previous`, without its position."""
    said = content(event.payload)
    return {
        "log": log,
        "seq": seq,
        "kind": kind(event.payload),
        "channel": channel(event.payload),
        "name": name(event.payload),
        "payload": said.decode(),
        **origin_columns(event),
        "schema_version": SCHEMA_VERSION,
        "fingerprint": link(previous, said),
    }


def observation_row(observation: Observation, log: int, number: int, after: int) -> dict[str, Any]:
    """The row of an observation, to which the database gives its position."""
    row = {
        "log": log,
        "number": number,
        "after": after,
        "name": observation.name,
        "content": msgspec.json.encode(observation_content(observation)).decode(),
        **origin_columns(observation),
    }
    return {**row, "checksum": checksum(observations, row)}


def origin_columns(entry: LogEntry) -> dict[str, Any]:
    """Where and when an entry was recorded."""
    return {
        "origin_file": entry.origin.file if entry.origin else None,
        "origin_line": entry.origin.line if entry.origin else None,
        "recorded": entry.recorded,
    }


def log_row(number: int, name: str, header: LogHeader, end: Mapping[str, Any]) -> dict[str, Any]:
    """The row of the log whose last event has the row `end`."""
    row = {
        "id": number,
        "name": name,
        "header": header_line(header).decode().rstrip(),
        "fingerprint": end["fingerprint"],
        "events": end["seq"],
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
    return sha256(msgspec.json.encode([row[column] for column in CHECKED[table]])).hexdigest()
