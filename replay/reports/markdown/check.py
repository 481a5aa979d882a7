"""Breaches of checks as Markdown."""

from collections.abc import Iterator, Sequence

from replay.reports.documents.check import BreachReport, CheckReport, CheckReports, in_logs
from replay.reports.markdown.markup import code, header, limited, prose, variants


def checks(document: CheckReports) -> str:
    """The checks of one log; of several, a table and then the logs with a breach."""
    reports = document.logs
    if len(reports) == 1:
        return "\n".join(limited(_log(reports[0]), "lines")) + "\n"
    breached = [line for report in reports if report.breaches for line in ("", *_log(report))]
    return "\n".join(limited([*_summary(reports), *breached], "lines")) + "\n"


def _summary(reports: Sequence[CheckReport]) -> Iterator[str]:
    """Each check with the logs in which it is breached."""
    yield "## Checks"
    yield ""
    yield from variants([reports[0].variant])
    for check in reports[0].checks:
        yield ""
        yield f"- {code(check.name)}: {prose(check.reason)} {prose(in_logs(check, reports))}."


def _log(report: CheckReport) -> Iterator[str]:
    yield from header(report.log, [report.variant])
    yield from ("", f"**{prose(report.headline)}**")
    for check in report.breached:
        yield from ("", f"### {code(check.name)}", "", prose(check.reason), "")
        here = [breach for breach in report.breaches if breach.breach.check == check]
        yield from (_breach(breach, report) for breach in here)


def _breach(breach: BreachReport, report: CheckReport) -> str:
    origin = f"; {prose(breach.origin)}" if breach.origin else ""
    return f"- {code(breach.span)}: {code(breach.text(report.log.events))}{origin}"
