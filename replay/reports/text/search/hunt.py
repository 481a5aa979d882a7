"""Hunts as text."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.search.hunt import FindingReport, HuntReport, HuntReports
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


def work(report: HuntReport) -> Iterator[str]:
    """How far the hunt went, and what spared it work."""
    counts = report.counts
    steps = f"{words.count(counts.tried, 'step')}, {words.count(counts.states, 'joint state')}"
    if report.sequences is None:
        yield steps
        return
    more = "; there are no more" if report.exhausted else ""
    yield f"{words.count(report.sequences, 'sequence')} by {steps}{more}"
    names = _factor(counts.tried + counts.by_name, counts.tried)
    orders = _factor(counts.tried + counts.by_order, counts.tried)
    yield (
        f"{counts.by_name} steps left out since another name stands for them ({names} times as"
        f" many otherwise), {counts.by_order} since another order does ({orders} times);"
        f" {_factor(counts.tried, counts.states)} steps to each joint state"
    )


def _factor(whole: int, part: int) -> str:
    return f"{whole / part:.1f}" if part else "-"
