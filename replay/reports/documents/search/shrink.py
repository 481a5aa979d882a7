"""The document of a log that was shrunk."""

from collections.abc import Iterable

from msgspec import Struct

from replay.analysis.search.shrink import Shrunk
from replay.engine.trace import Trace
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id
from replay.reports.documents.search.sighting import SightingReport, sighting_report


class ShrinkReport(Struct, frozen=True):
    """The log that was shrunk, in which variants, after what goal, and what was left of it.

    `minimal` says that nothing more can go, `kept` in words where the short log is.
    """

    log: LogId
    variants: tuple[VariantId, ...]
    goal: str
    events: tuple[Payload, ...]
    fingerprint: str
    sighting: SightingReport
    minimal: bool
    replays: int
    kept: str


def shrink_report(traces: Iterable[Trace], goal: str, shrunk: Shrunk, kept: str) -> ShrinkReport:
    """The report of a search that began with these traces of the whole log."""
    every = tuple(traces)
    return ShrinkReport(
        log=log_id(every[0]),
        variants=tuple(map(variant_id, every)),
        goal=goal,
        events=tuple(event.payload for event in shrunk.log.events),
        fingerprint=shrunk.log.fingerprint,
        sighting=sighting_report(shrunk.sighting, shrunk.log),
        minimal=shrunk.minimal,
        replays=shrunk.replays,
        kept=kept,
    )


def minimality(report: ShrinkReport) -> str:
    """Whether anything more can go, and what it took to know that."""
    work = f"{words.count(report.replays, 'log')} replayed in each variant."
    if report.minimal:
        return f"Minimal: without any one event, or simpler, it shows that no more. {work}"
    return f"Ended early: more may be left than must be. {work}"
