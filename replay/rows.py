"""An event and its row in the database."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Row

from replay.database import events
from replay.events import NO_EVENTS, Event, Origin, chain, channel, content, kind, name
from replay.jsonform import SCHEMA_VERSION, parse_object, parse_payload

CHECKED = tuple(column.name for column in events.columns if column.name != "checksum")


def numbered(found: Iterable[Event], log: int, position: int) -> Iterator[dict[str, Any]]:
    """The rows of a log's events, each with the fingerprint of the log up to it."""
    fingerprint = NO_EVENTS
    for index, event in enumerate(found):
        fingerprint = chain(fingerprint, event.payload)
        row = {
            "position": position + index,
            "log": log,
            "seq": index + 1,
            "kind": kind(event.payload),
            "channel": channel(event.payload),
            "name": name(event.payload),
            "payload": content(event.payload).decode(),
            "origin_file": event.origin.file if event.origin else None,
            "origin_line": event.origin.line if event.origin else None,
            "recorded": event.recorded,
            "schema_version": SCHEMA_VERSION,
            "fingerprint": fingerprint,
        }
        yield {**row, "checksum": checksum(row)}


def checksum(row: dict[str, Any]) -> str:
    """sha256 over all other columns of an event's row, in hex."""
    return sha256(msgspec.json.encode([row[column] for column in CHECKED])).hexdigest()


def from_row(row: Row[Any]) -> Event:
    """The event of a row; ReplayError with the reason if the row does not hold one."""
    payload = parse_payload(parse_object(row.payload.encode()), row.schema_version)
    origin = Origin(row.origin_file, row.origin_line) if row.origin_file else None
    return Event(payload, origin, row.recorded)
