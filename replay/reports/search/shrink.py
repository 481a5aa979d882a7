"""The shrink report as a document, text and JSON."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from replay.analysis.search.shrink import Shrunk
from replay.engine.trace import Trace
from replay.reports import words
from replay.reports.documents import FORMAT_VERSION, LogId, VariantId, log_id, log_json, variant_id
from replay.reports.json import document
from replay.reports.search.sighting import sighting_json, sighting_sentence
from replay.reports.text.page import Page, Piece, block, header, line, page


class ShrinkReport(Struct, frozen=True):
    """The log that was shrunk, in which players, after what goal, and the shortest that was left.

    `kept` says in words where the shortest log is.
    """

    log: LogId
    variants: tuple[VariantId, ...]
    goal: str
    shrunk: Shrunk
    kept: str


def shrink_report(traces: Iterable[Trace], goal: str, shrunk: Shrunk, kept: str) -> ShrinkReport:
    """The report of a search that began with these traces of the whole log."""
    every = tuple(traces)
    return ShrinkReport(log_id(every[0]), tuple(map(variant_id, every)), goal, shrunk, kept)


def text(report: ShrinkReport) -> Page:
    """How much is left, what it shows, its events, and whether it is minimal."""
    return page(_pieces(report))


def _pieces(report: ShrinkReport) -> Iterator[str | Piece]:
    shrunk = report.shrunk
    events = shrunk.log.events
    yield from header(report.log, report.variants)
    yield ""
    left = f"{words.count(report.log.events, 'event')} became {len(events)} that still show"
    yield block("", f"{left}: {words.escape(report.goal)}.", role="headline")
    yield ""
    for seq, event in enumerate(events, 1):
        yield block(f"  #{seq:<3} ", words.event(event.payload), hang=2)
    yield ""
    at = shrunk.sighting.seq
    told = sighting_sentence(shrunk.sighting, events[at - 1].payload)
    yield block("", f"#{at}: {told}.")
    yield ""
    yield block("", minimality(shrunk), role="faint")
    yield line(report.kept, "faint")


def minimality(shrunk: Shrunk) -> str:
    """Whether anything more can go, and what it took to know that."""
    tried = f"{words.count(shrunk.replays, 'log')} replayed in each variant."
    if shrunk.minimal:
        return f"Minimal: without any one event, or simpler, it shows that no more. {tried}"
    return f"Ended early: more may be left than must be. {tried}"


def json(report: ShrinkReport) -> str:
    """The shrunk log as an object."""
    shrunk = report.shrunk
    told: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "log": log_json(report.log),
        "variants": report.variants,
        "goal": report.goal,
        "events": [event.payload for event in shrunk.log.events],
        "fingerprint": shrunk.log.fingerprint,
        "sighting": sighting_json(shrunk.sighting),
        "minimal": shrunk.minimal,
        "replays": shrunk.replays,
    }
    return document(told)
