"""The document of the checks of logs."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from replay.analysis.checks import Breach, Check, Checks, needs_all
from replay.engine.compared import Compared, compared
from replay.engine.trace import Trace
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id
from replay.reports.documents.effects import step_name
from replay.reports.documents.graph import file_of_long
from replay.reports.verdict import Verdict, gaps, how_much, verdict
from replay.variants.path import PatchChange

__all__ = ["BreachReport", "Check", "CheckReport", "CheckReports", "Culprits", "check_report"]

Culprits = Mapping[Breach, tuple[PatchChange, ...]]
"""The step that brought each breach, as far as it was looked for; none if base has it already."""


class BreachReport(Struct, frozen=True):
    """A breach with the event at which it begins, and the step that brought it if that is known.

    `file` is the file of a node whose path is long.
    """

    breach: Breach
    event: Payload
    step: tuple[PatchChange, ...] | None
    file: str = ""

    @property
    def span(self) -> str:
        """Its events, as "#3-#7"."""
        return words.span(self.breach.first_seq, self.breach.last_seq)

    @property
    def origin(self) -> str:
        """The step that brought it, in words; "" if that is not known."""
        if self.step is None:
            return ""
        return f"brought by {step_name(self.step)}" if self.step else "in base already"

    def text(self, events: int) -> str:
        """Where it is, and since when, in a log of so many events."""
        end = " to the end" if self.breach.last_seq == events else ""
        return f"{self.named}{end}, since {words.event(self.event)}"

    @property
    def named(self) -> str:
        """The path of its place, with the file if the path is long."""
        file = f" [{words.escape(self.file)}]" if self.file else ""
        return words.path(self.breach.path) + file


class CheckReport(Struct, frozen=True):
    """The checks of one log in one variant, and their breaches in order.

    `unasked` are checks about what cannot be observed of a real machine.
    """

    log: LogId
    variant: VariantId
    checks: tuple[Check, ...]
    breaches: tuple[BreachReport, ...]
    compared: Compared
    unasked: tuple[Check, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Differs where a check is breached; of a machine that never runs nothing is known."""
        return verdict(self.compared, bool(self.breaches))

    @property
    def breached(self) -> tuple[Check, ...]:
        """The checks that are breached, in order."""
        names = {report.breach.check.name for report in self.breaches}
        return tuple(check for check in self.checks if check.name in names)

    @property
    def headline(self) -> str:
        """One sentence."""
        every = words.count(len(self.checks), "check")
        if not self.breaches:
            return _unbreached(every, self)
        first = self.breaches[0].breach
        where = f"{first.check.name} on {self.breaches[0].named}"
        breached = f"{len(self.breached)} of {every} breached, first at #{first.first_seq}: {where}"
        return f"{breached}{_unasked(self)}."


class CheckReports(Struct, frozen=True):
    """The checks of one log or several."""

    logs: tuple[CheckReport, ...]


def check_report(
    trace: Trace, checks: Checks, breaches: Iterable[Breach], culprits: Culprits
) -> CheckReport:
    """The report of the breaches of one replay."""
    reports = (_breach(breach, trace, culprits.get(breach)) for breach in breaches)
    unasked = () if trace.is_complete else tuple(c for c in checks.checks if needs_all(c))
    asked = tuple(check for check in checks.checks if check not in unasked)
    return CheckReport(
        log_id(trace), variant_id(trace), asked, tuple(reports), compared([trace]), unasked
    )


def _breach(breach: Breach, trace: Trace, step: tuple[PatchChange, ...] | None) -> BreachReport:
    index = breach.first_seq - 1
    config = trace.player.subject.config
    after = trace.view_at(index)
    file = file_of_long(breach.path, [after] if after else [], config)
    return BreachReport(breach, trace.steps[index].event.payload, step, file)


def in_logs(check: Check, reports: Sequence[CheckReport]) -> str:
    """In which of several logs a check is breached."""
    names = [report.log.name for report in reports if check in report.breached]
    among = words.count(len(reports), "log")
    if not names:
        return f"holds in all of {among}"
    return f"breached in {len(names)} of {among}: {words.listing(names)}"


def _unasked(report: CheckReport) -> str:
    """The checks that were not asked, as the end of a sentence."""
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
