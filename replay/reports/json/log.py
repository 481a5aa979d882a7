"""A log as JSON."""

from typing import Annotated

from msgspec import UNSET, Meta

from replay.events.event import Payload
from replay.reports.documents.common import LogReport, event_origin
from replay.reports.json.common import (
    FORMAT_VERSION,
    Count,
    JsonObject,
    LogObject,
    Seq,
    SourceLine,
    Time,
    Version,
    encode,
    origin_fields,
)


class EventObject(JsonObject, frozen=True, kw_only=True):
    """An event as it was recorded."""

    seq: Seq
    time: Time = UNSET
    source: SourceLine = UNSET
    event: Payload


class LogDocument(JsonObject, frozen=True):
    """A log with its events."""

    format_version: Version
    log: LogObject
    description: str
    observations: Annotated[Count, Meta(description="How often the recording looked.")]
    events: list[EventObject]


def log(report: LogReport) -> str:
    """A log as an object."""
    shown = report.log
    events = [
        EventObject(seq=seq, **origin_fields(event_origin(event)), event=event.payload)
        for seq, event in enumerate(shown.events, 1)
    ]
    head = LogObject(shown.name, shown.fingerprint)
    description = shown.header.description
    return encode(LogDocument(FORMAT_VERSION, head, description, len(shown.observations), events))
