"""A log as text: a line an event."""

from replay.events.event import Event
from replay.reports import words
from replay.reports.documents.common import LogReport
from replay.reports.text.page import Page, listing


def log(report: LogReport) -> Page:
    """What the header says, then a line an event: when it was recorded, and perhaps where it is."""
    log, with_source = report.log, report.with_source
    events = words.count(len(log.events), "event")
    if log.observations:
        events += f", {words.count(len(log.observations), 'observation')}"
    head = [f"{words.escape(log.name)}  {log.fingerprint[:12]}  {events}"]
    if log.header.description:
        head.append(words.escape(log.header.description))
    numbered = enumerate(log.events, 1)
    return listing([*head, *(_event(seq, event, with_source) for seq, event in numbered)])


def _event(seq: int, event: Event, with_source: bool) -> str:
    source = f"  [{words.escape(str(event.origin))}]" if with_source and event.origin else ""
    parts = (f"#{seq}", words.when(event.recorded), words.event(event.payload))
    return " ".join(filter(None, parts)) + source
