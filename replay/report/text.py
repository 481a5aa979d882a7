"""Diffs as plain text: of one log its story, of many an overview."""

from collections import Counter
from collections.abc import Iterator, Sequence

from replay.comparison import KINDS
from replay.report import DiffReport, words
from replay.report.chaintext import apart
from replay.report.overviewtext import overview
from replay.report.page import Page, Piece, block, header, page, pages
from replay.report.storytext import chapters
from replay.report.togethertext import together
from replay.report.values import values


def headlines(reports: Sequence[DiffReport]) -> Page:
    """A headline a line; of several logs, each after its log's name."""
    if len(reports) == 1:
        return page([reports[0].headline])
    return page(f"{words.escape(told.log.name)}: {told.headline}" for told in reports)


def diffs(reports: Sequence[DiffReport], details: bool = False) -> Page:
    """The texts of the diffs, one after another."""
    return pages(diff(report, details) for report in reports)


def overviews(reports: Sequence[DiffReport], details: bool = False) -> Page:
    """The overview of the diffs; with details also the text of each that differs."""
    told = page(overview(reports, details))
    full = [diff(report, details) for report in reports if report.divergences] if details else []
    return pages([told, *full])


def diff(report: DiffReport, details: bool = False) -> Page:
    """The text of one diff."""
    return page(_diff(report, details))


def _diff(report: DiffReport, details: bool) -> Iterator[str | Piece]:
    """The headline, then the story and, without one or with details, all values."""
    yield from header(report.log, report.variants)
    for remark in report.remarks:
        yield block("note     ", words.escape(remark), role="faint")
    yield from ("", block("", report.headline, role="headline"))
    if not report.divergences:
        return
    yield from apart(report)
    if report.work:
        yield from chapters(report)
    if report.together is not None:
        yield from ("", *together(report.together, report.bits))
    if details or not report.work:
        yield from values(report)
    yield ""
    yield from _counts(report)


def _counts(report: DiffReport) -> Iterator[Piece]:
    """How many divergences there are, by kind, and what it took to find their patches."""
    kinds = Counter(told.divergence.place.kind for told in report.divergences)
    told = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kind in kinds)
    hidden = f"; {report.hidden} left out" if report.hidden else ""
    number = words.count(len(report.divergences), "divergence")
    yield block("", f"{number}: {told}{hidden}", role="faint")
    if report.work:
        work = report.work
        took = f"patches found by replaying {words.count(work.revisions, 'revision')}: "
        took += f"{work.distinct} distinct transitions of {work.transitions}"
        yield block("", took, role="faint")
