"""The check report as a document, text and JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from replay.analysis.checks import Breach, Check, Checks, needs_all
from replay.engine.trace import Trace
from replay.events.event import Payload
from replay.reports import words
from replay.reports.bisection import turned, turns_json
from replay.reports.documents import FORMAT_VERSION, LogId, VariantId, log_id, log_json, variant_id
from replay.reports.json import document
from replay.reports.text.page import Page, Piece, block, header, page, pages, variant_lines
from replay.variants.path import PatchChange

Culprits = Mapping[Breach, tuple[PatchChange, ...]]
"""What brought breaches, as far as that was asked; nothing if base has it already."""


class BreachReport(Struct, frozen=True):
    """A breach with the event at which it begins, and what brought it if that was asked."""

    breach: Breach
    event: Payload
    turns: tuple[PatchChange, ...] | None


class CheckReport(Struct, frozen=True):
    """The checks of one log in one variant, and their breaches in order.

    `unasked` are checks about what cannot be observed of a real machine.
    """

    log: LogId
    variant: VariantId
    checks: tuple[Check, ...]
    breaches: tuple[BreachReport, ...]
    unasked: tuple[Check, ...] = ()

    @property
    def breached(self) -> tuple[Check, ...]:
        """The checks that are breached, in order."""
        names = {told.breach.check.name for told in self.breaches}
        return tuple(check for check in self.checks if check.name in names)


def check_report(
    trace: Trace, checks: Checks, found: Iterable[Breach], culprits: Culprits
) -> CheckReport:
    """The report of the breaches of one replay."""
    told = (
        BreachReport(breach, trace.steps[breach.first_seq - 1].event.payload, culprits.get(breach))
        for breach in found
    )
    unasked = () if trace.is_complete else tuple(c for c in checks.checks if needs_all(c))
    asked = tuple(check for check in checks.checks if check not in unasked)
    return CheckReport(log_id(trace), variant_id(trace), asked, tuple(told), unasked)


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
        events = words.count(report.log.events, "event")
        return f"No breach: {every}, {events}{_unasked(report)}."
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


# JSON


def json(reports: Sequence[CheckReport]) -> str:
    """The object of one log; of several a list."""
    told = [_json(report) for report in reports]
    return document(told[0] if len(told) == 1 else told)


def _json(report: CheckReport) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "log": log_json(report.log),
        "variant": report.variant,
        "events": report.log.events,
        "checks": [{"name": check.name, "reason": check.reason} for check in report.checks],
        "breaches": [_breach_json(told) for told in report.breaches],
    }


def _breach_json(told: BreachReport) -> dict[str, Any]:
    breach = told.breach
    return {
        "check": breach.check.name,
        "path": breach.path,
        "first_seq": breach.first_seq,
        "last_seq": breach.last_seq,
        "event": told.event,
        "patches": told.turns and turns_json(told.turns),
    }
