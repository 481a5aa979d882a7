"""Which log and which variants a document is about."""

from msgspec import Struct

from replay.engine.compared import Compared
from replay.engine.trace import GapReason, Outcome, Trace
from replay.events.event import Event, Log
from replay.reports import words
from replay.variants.translation import TranslationSummary, summarize_translation

__all__ = [
    "Compared",
    "EventOrigin",
    "GapReason",
    "LogId",
    "LogReport",
    "Outcome",
    "VariantId",
    "event_origin",
    "log_id",
    "translation",
    "variant_id",
]


class LogId(Struct, frozen=True):
    """Which log a report is about, and what its translation did, None if it has none."""

    name: str
    fingerprint: str
    events: int
    translation: TranslationSummary | None = None


class EventOrigin(Struct, frozen=True):
    """When an event was recorded, in seconds since 1970, and the file and line; as far as known."""

    time: float | None = None
    source: str = ""


class LogReport(Struct, frozen=True):
    """A log as it was recorded; `with_source` asks for each event's file and line."""

    log: Log
    with_source: bool = False


class VariantId(Struct, frozen=True):
    """Which code was replayed. `about` has the subject's words about a variant that it names."""

    name: str
    revision: str
    digest: str
    about: str = ""


def event_origin(event: Event) -> EventOrigin:
    """When and where an event was recorded."""
    return EventOrigin(event.recorded, str(event.origin or ""))


def log_id(trace: Trace) -> LogId:
    """Which log was replayed."""
    log = trace.log
    summary = summarize_translation(log, trace.player.subject)
    return LogId(log.name, log.fingerprint, len(log.events), summary)


def variant_id(trace: Trace) -> VariantId:
    """Which code it was replayed in."""
    player = trace.player
    named = player.subject.config.variants.get(player.name)
    return VariantId(player.name, player.revision, player.digest, named.about if named else "")


def translation(summary: TranslationSummary) -> str:
    """What a translation did, in a few sentences."""
    text = f"words of these trees: {words.count(summary.translated, 'event')} translated"
    text += f", {summary.idle} that {'asks' if summary.idle == 1 else 'ask'} nothing of them"
    if not summary.without_equivalent:
        return f"{text}, none without an equivalent"
    missing = [f"{name} ({count})" for name, count in summary.without_equivalent.items()]
    return f"{text}; without an equivalent: {words.listing(missing)}"
