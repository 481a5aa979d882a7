"""Diffs as plain text: of one log its story, of many an overview."""

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import wrap

from replay.comparison import KINDS
from replay.report import DiffReport, words
from replay.report.overviewtext import overview
from replay.report.page import RULE, WIDTH, block, header
from replay.report.storytext import chapters
from replay.report.togethertext import together
from replay.report.values import values


def headlines(reports: Sequence[DiffReport]) -> str:
    """A headline a line; of several logs, each after its log's name."""
    if len(reports) == 1:
        return f"{reports[0].headline}\n"
    return "".join(f"{words.escape(told.log.name)}: {told.headline}\n" for told in reports)


def diffs(reports: Sequence[DiffReport], details: bool = False) -> str:
    """The texts of the diffs, one after another."""
    return RULE.join(diff(report, details) for report in reports)


def overviews(reports: Sequence[DiffReport], details: bool = False) -> str:
    """The overview of the diffs; with details also the text of each that differs."""
    told = "\n".join(overview(reports, details)) + "\n"
    full = [diff(report, details) for report in reports if report.divergences] if details else []
    return RULE.join([told, *full])


def diff(report: DiffReport, details: bool = False) -> str:
    """The text of one diff."""
    return "\n".join(_diff(report, details)) + "\n"


def _diff(report: DiffReport, details: bool) -> Iterator[str]:
    """The headline, then the story and, without one or with details, all values."""
    yield from header(report.log, report.variants)
    for remark in report.remarks:
        yield from block("note     ", words.escape(remark))
    yield from ("", *wrap(report.headline, WIDTH))
    if not report.divergences:
        return
    if report.work:
        yield from chapters(report)
    if report.together is not None:
        yield from ("", *together(report.together, report.bits))
    if details or not report.work:
        yield from values(report)
    yield from ("", *_counts(report))


def _counts(report: DiffReport) -> Iterator[str]:
    """How many divergences there are, by kind, and what it took to find their patches."""
    kinds = Counter(told.divergence.place.kind for told in report.divergences)
    told = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kind in kinds)
    hidden = f"; {report.hidden} left out" if report.hidden else ""
    yield f"{words.count(len(report.divergences), 'divergence')}: {told}{hidden}"
    if report.work:
        work = report.work
        yield (
            f"patches found by replaying {words.count(work.revisions, 'revision')}: "
            f"{work.distinct} distinct transitions of {work.transitions}"
        )
