"""Breaches of checks as text."""

from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.check import BreachReport, Check, CheckReport, CheckReports, in_logs
from replay.reports.text.page import Page, Piece, block, header, page, pages, variant_lines


def checks(document: CheckReports) -> Page:
    """The checks of one log; of several, a summary and then those with a breach."""
    reports = document.logs
    if len(reports) == 1:
        return _check(reports[0])
    breached = (_check(report) for report in reports if report.breaches)
    return pages([page(_summary(reports)), *breached])


def _summary(reports: Sequence[CheckReport]) -> Iterator[str | Piece]:
    """Each check with the logs in which it is breached."""
    yield from variant_lines([reports[0].variant])
    for check in reports[0].checks:
        yield ""
        yield _reason(check)
        yield block("  ", in_logs(check, reports), hang=2)
    if nothing := [report.log.name for report in reports if report.verdict == "not compared"]:
        yield ""
        yield block("", f"nothing could be checked in {words.listing(nothing)}", hang=4)


def _check(report: CheckReport) -> Page:
    pieces: list[str | Piece] = [*header(report.log, [report.variant]), ""]
    pieces.append(block("", report.headline, role="headline"))
    for check in report.breached:
        pieces += ["", _reason(check)]
        for breach in report.breaches:
            if breach.breach.check == check:
                pieces += _breach(breach, report)
    return page(pieces)


def _reason(check: Check) -> Piece:
    """Its name and its reason."""
    lead = f"{check.name}: "
    return block(lead, words.escape(check.reason), hang=2 - len(lead), role="heading")


def _breach(report: BreachReport, whole: CheckReport) -> Iterator[Piece]:
    lead = f"  {report.span} "
    yield block(lead, report.text(whole.log.events), hang=6 - len(lead))
    if report.origin:
        yield block("      ", report.origin)
