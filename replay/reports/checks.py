"""The check report as a document and text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from replay.analysis.checks import Breach, Check, Checks
from replay.engine.compared import Compared, compared
from replay.engine.trace import ModelTrace
from replay.events.event import Payload
from replay.reports import words
from replay.reports.bisection import turned
from replay.reports.documents import LogId, VariantId, log_id, variant_id
from replay.reports.text.page import Page, Piece, block, header, page, pages, variant_lines
from replay.reports.verdict import Verdict, gaps, how_much, verdict
from replay.variants.path import PatchChange

Culprits = Mapping[Breach, tuple[PatchChange, ...]]
"""What brought breaches, as far as that was asked; nothing if base has it already."""


class BreachReport(Struct, frozen=True):
    """A breach with the event at which it begins, and what brought it if that was asked."""

    breach: Breach
    event: Payload
    turns: tuple[PatchChange, ...] | None


class CheckReport(Struct, frozen=True):
    """The checks of one log in one variant, and their breaches in order."""

    log: LogId
    variant: VariantId
    checks: tuple[Check, ...]
    breaches: tuple[BreachReport, ...]
    compared: Compared

    @property
    def verdict(self) -> Verdict:
        """Differs where a check is breached; of a machine that never runs nothing is known."""
        return verdict(self.compared, bool(self.breaches))

    @property
    def breached(self) -> tuple[Check, ...]:
        """The checks that are breached, in order."""
        names = {told.breach.check.name for told in self.breaches}
        return tuple(check for check in self.checks if check.name in names)


class CheckReports(Struct, frozen=True):
    """The checks of one log or several."""

    logs: tuple[CheckReport, ...]


def check_report(
    trace: ModelTrace, checks: Checks, found: Iterable[Breach], culprits: Culprits
) -> CheckReport:
    """The report of the breaches of one replay."""
    told = (
        BreachReport(breach, trace.steps[breach.first_seq - 1].event.payload, culprits.get(breach))
        for breach in found
    )
    return CheckReport(
        log_id(trace), variant_id(trace), checks.checks, tuple(told), compared([trace])
    )


# Text


def text(reports: Sequence[CheckReport]) -> Page:
    """The checks of one log; of several, a summary and then those with a breach."""
    if len(reports) == 1:
        return _text(reports[0])
    return pages([page(_summary(reports)), *(_text(it) for it in reports if it.breaches)])


def _summary(reports: Sequence[CheckReport]) -> Iterator[str | Piece]:
    """Each check with the logs in which it is breached."""
    yield from variant_lines([reports[0].variant])
    for check in reports[0].checks:
        yield ""
        yield _check(check)
        logs = [report.log.name for report in reports if check in report.breached]
        among = words.count(len(reports), "log")
        told = f"breached in {len(logs)} of {among}: {words.listing(logs)}" if logs else ""
        yield block("  ", told or f"holds in all of {among}", hang=2)
    if nothing := [r.log.name for r in reports if r.verdict == "not compared"]:
        yield ""
        yield block("", f"nothing could be checked in {words.listing(nothing)}", hang=4)


def _text(report: CheckReport) -> Page:
    pieces: list[str | Piece] = [*header(report.log, [report.variant]), ""]
    pieces.append(block("", _headline(report), role="headline"))
    for check in report.breached:
        pieces += ["", _check(check)]
        for told in report.breaches:
            if told.breach.check == check:
                pieces += _breach(told, report)
    return page(pieces)


def _check(check: Check) -> Piece:
    """Its name and its reason."""
    lead = f"{check.name}: "
    return block(lead, words.escape(check.reason), hang=2 - len(lead), role="heading")


def _headline(report: CheckReport) -> str:
    """One sentence."""
    every = words.count(len(report.checks), "check")
    if not report.breaches:
        return _unbreached(every, report)
    first = report.breaches[0].breach
    where = f"{first.check.name} on {words.escape(first.path)}"
    return f"{len(report.breached)} of {every} breached, first at #{first.first_seq}: {where}."


def _unbreached(every: str, report: CheckReport) -> str:
    """A check holds only in what the model did."""
    done = report.compared
    if done.is_all:
        return f"No breach: {every}, {words.count(done.events, 'event')}."
    name = report.variant.name
    why = "; ".join(gaps(done, [name])) or "no event asks anything of the code"
    if done.is_nothing:
        return f"Nothing checked in {words.escape(name)}: {why}."
    return f"No breach in {how_much(done)}: {every}; {why}."


def _breach(told: BreachReport, report: CheckReport) -> Iterator[Piece]:
    breach = told.breach
    span = words.span(breach.first_seq, breach.last_seq)
    end = " to the end" if breach.last_seq == report.log.events else ""
    since = f"since {words.event(told.event)}"
    lead = f"  {span} "
    yield block(lead, f"{words.escape(breach.path)}{end}, {since}", hang=6 - len(lead))
    if told.turns is not None:
        brought = turned(told.turns)
        yield block("      ", f"brought by {brought}" if brought else "in base already")
