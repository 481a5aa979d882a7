"""A shrunk log as text."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.search.shrink import ShrinkReport, minimality
from replay.reports.text.page import Page, Piece, block, header, page


def shrink(report: ShrinkReport) -> Page:
    """How much is left, what it shows, its events, and whether it is minimal."""
    return page(_pieces(report))


def _pieces(report: ShrinkReport) -> Iterator[str | Piece]:
    yield from header(report.log, report.variants)
    yield ""
    count = f"{words.count(report.log.events, 'event')} became {len(report.events)}"
    headline = f"{count} that still show: {words.escape(report.goal)}."
    yield block("", headline, role="headline")
    yield ""
    for seq, event in enumerate(report.events, 1):
        yield block(f"  #{seq:<3} ", words.event(event), hang=2)
    yield ""
    yield block("", f"#{report.sighting.seq}: {report.sighting.sentence}.")
    yield ""
    yield block("", minimality(report), role="faint")
    yield block("", report.kept, hang=2, role="faint")
