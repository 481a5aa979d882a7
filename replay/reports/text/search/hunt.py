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
    for number, finding in enumerate(report.findings, 1):
        yield ""
        yield from _finding(number, finding)
    yield ""
    yield from (block("", text, hang=2, role="faint") for text in work(report))


def _finding(number: int, finding: FindingReport) -> Iterator[str | Piece]:
    yield block(
        f"{number:>2}  ",
        f"{finding.standing}{f', {finding.by}' if finding.by else ''}",
        role="heading",
    )
    steps = "; ".join(map(words.escape, finding.steps)) or "nothing more"
    yield block("    ", f"{words.escape(finding.start)}: {steps}", hang=2)
    if finding.first.seq < finding.sighting.seq:
        yield block("    ", f"#{finding.first.seq}: {finding.first.sentence}", hang=2)
    yield block("    ", f"#{finding.sighting.seq}: {finding.sighting.sentence}", 2, "behaviour")
    kinds = (
        f"; {words.count(finding.sequences, 'kind')} of sequence" if finding.sequences > 1 else ""
    )
    yield block(
        "    ", f"{words.count(len(finding.events), 'event')}{kinds}; {finding.kept}", hang=2
    )
