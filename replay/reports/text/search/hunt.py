"""Hunts as text."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.search.hunt import FindingReport, HuntReport, HuntReports, work
from replay.reports.text.page import Page, Piece, block, page, pages, variant_lines


def hunts(report: HuntReports) -> Page:
    """Each hunt: what holds up to which depth, and each finding that is an exception to it."""
    return pages(page(_pieces(it)) for it in report.hunts)


def _pieces(report: HuntReport) -> Iterator[str | Piece]:
    yield from variant_lines(report.variants)
    yield ""
    yield block("", report.verdict, role="headline")
    for number, found in enumerate(report.findings, 1):
        yield ""
        yield from _finding(number, found)
    yield ""
    yield from (block("", text, hang=2, role="faint") for text in work(report))


def _finding(number: int, found: FindingReport) -> Iterator[str | Piece]:
    known = f"known, as in {words.escape(found.known)}" if found.known else "new"
    yield block(f"{number:>2}  ", f"{known}{f', {found.by}' if found.by else ''}", role="heading")
    steps = "; ".join(map(words.escape, found.steps)) or "nothing more"
    yield block("    ", f"{words.escape(found.start)}: {steps}", hang=2)
    if found.first.seq < found.sighting.seq:
        yield block("    ", f"#{found.first.seq}: {found.first.sentence}", hang=2)
    yield block("    ", f"#{found.sighting.seq}: {found.sighting.sentence}", 2, "behaviour")
    kinds = f"; {words.count(found.sequences, 'kind')} of sequence" if found.sequences > 1 else ""
    yield block("    ", f"{words.count(len(found.events), 'event')}{kinds}; {found.kept}", hang=2)
