"""The document of the checks of logs."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from replay.analysis.checks import Breach, Check, Checks, needs_all
from replay.engine.compared import Compared, compared
from replay.engine.trace import Trace
from replay.events.event import Payload
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id
from replay.reports.verdict import Verdict, verdict
from replay.variants.path import PatchChange

__all__ = ["BreachReport", "Check", "CheckReport", "CheckReports", "Culprits", "check_report"]

Culprits = Mapping[Breach, tuple[PatchChange, ...]]
"""The step that brought each breach, as far as it was looked for; none if base has it already."""


class BreachReport(Struct, frozen=True):
    """A breach with the event at which it begins, and the step that brought it if that is known."""

    breach: Breach
    event: Payload
    step: tuple[PatchChange, ...] | None


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


class CheckReports(Struct, frozen=True):
    """The checks of one log or several."""

    logs: tuple[CheckReport, ...]


def check_report(
    trace: Trace, checks: Checks, breaches: Iterable[Breach], culprits: Culprits
) -> CheckReport:
    """The report of the breaches of one replay."""
    reports = (
        BreachReport(breach, trace.steps[breach.first_seq - 1].event.payload, culprits.get(breach))
        for breach in breaches
    )
    unasked = () if trace.is_complete else tuple(c for c in checks.checks if needs_all(c))
    asked = tuple(check for check in checks.checks if check not in unasked)
    return CheckReport(
        log_id(trace), variant_id(trace), asked, tuple(reports), compared([trace]), unasked
    )
