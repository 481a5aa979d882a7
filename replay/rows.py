"""Logs and events, and their rows in the database."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Row, Table

from replay.database import events, logs
from replay.events import NO_EVENTS, Event, LogHeader, Origin, channel, content, kind, link, name
from replay.jsonform import SCHEMA_VERSION, header_line, parse_object, parse_payload

CHECKED = {
    table: tuple(column.name for column in table.columns if column.name != "checksum")
    for table in (logs, events)
}
"""What a row's checksum is made of, in this order."""


def numbered(found: Iterable[Event], log: int, position: int) -> Iterator[dict[str, Any]]:
    """The rows of a log's events, each with the fingerprint of the log up to it."""
    fingerprint = NO_EVENTS
    for index, event in enumerate(found):
        said = content(event.payload)
        fingerprint = link(fingerprint, said)
        row = {
            "position": position + index,
            "log": log,
            "seq": index + 1,
            "kind": kind(event.payload),
            "channel": channel(event.payload),
            "name": name(event.payload),
            "payload": said.decode(),
            "origin_file": event.origin.file if event.origin else None,
            "origin_line": event.origin.line if event.origin else None,
            "recorded": event.recorded,
            "schema_version": SCHEMA_VERSION,
            "fingerprint": fingerprint,
        }
        yield {**row, "checksum": checksum(events, row)}


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


def checksum(table: Table, row: Mapping[str, Any]) -> str:
    """sha256 over all other columns of a row, in hex."""
    return sha256(msgspec.json.encode([row[column] for column in CHECKED[table]])).hexdigest()


def from_row(row: Row[Any]) -> Event:
    """The event of a row; ReplayError with the reason if the row does not hold one."""
    payload = parse_payload(parse_object(row.payload.encode()), row.schema_version)
    origin = Origin(row.origin_file, row.origin_line) if row.origin_file else None
    return Event(payload, origin, row.recorded)
