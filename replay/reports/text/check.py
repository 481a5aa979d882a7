"""Breaches of checks as text."""

from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.check import BreachReport, Check, CheckReport, CheckReports
from replay.reports.documents.effects import step_name
from replay.reports.text.page import Page, Piece, block, header, page, pages, variant_lines
from replay.reports.verdict import gaps, how_much
from replay.variants.path import PatchChange


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


def in_logs(check: Check, reports: Sequence[CheckReport]) -> str:
    """In which of several logs a check is breached."""
    names = [report.log.name for report in reports if check in report.breached]
    among = words.count(len(reports), "log")
    if not names:
        return f"holds in all of {among}"
    return f"breached in {len(names)} of {among}: {words.listing(names)}"


def _check(report: CheckReport) -> Page:
    pieces: list[str | Piece] = [*header(report.log, [report.variant]), ""]
    pieces.append(block("", headline(report), role="headline"))
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


def headline(report: CheckReport) -> str:
    """One sentence."""
    every = words.count(len(report.checks), "check")
    if not report.breaches:
        return _unbreached(every, report)
    first = report.breaches[0].breach
    where = f"{first.check.name} on {words.escape(first.path)}"
    told = f"{len(report.breached)} of {every} breached, first at #{first.first_seq}: {where}"
    return f"{told}{_unasked(report)}."


def _unasked(report: CheckReport) -> str:
    """The checks that were not asked."""
    if not report.unasked:
        return ""
    names = words.listing([check.name for check in report.unasked])
    return f"; {names} can't be asked about a real machine"


def _unbreached(every: str, report: CheckReport) -> str:
    """A check holds only in what the model did."""
    done = report.compared
    if done.is_all:
        return f"No breach: {every}, {words.count(done.events, 'event')}{_unasked(report)}."
    name = report.variant.name
    why = "; ".join(gaps(done, [name])) or "no event asks anything of the code"
    if done.is_nothing:
        return f"Nothing checked in {words.escape(name)}: {why}."
    return f"No breach in {how_much(done)}: {every}; {why}{_unasked(report)}."


def _breach(report: BreachReport, whole: CheckReport) -> Iterator[Piece]:
    breach = report.breach
    span = words.span(breach.first_seq, breach.last_seq)
    end = " to the end" if breach.last_seq == whole.log.events else ""
    since = f"since {words.event(report.event)}"
    lead = f"  {span} "
    yield block(lead, f"{words.escape(breach.path)}{end}, {since}", hang=6 - len(lead))
    if report.step is not None:
        yield block("      ", brought_by(report.step))


def brought_by(step: Sequence[PatchChange]) -> str:
    """The step that brought a breach, in words."""
    name = step_name(step)
    return f"brought by {name}" if name else "in base already"
