"""A divergence with what readers need beside it, and its values in words."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from replay.analysis.attribute import Cause
from replay.engine.diff import Diff, Divergence
from replay.engine.places import ABSENT, OutcomePlace, Place
from replay.engine.trace import Outcome
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents.common import EventOrigin, event_origin
from replay.reports.documents.explain.explain import Reason
from replay.reports.documents.graph import file_of_long
from replay.variants.subject import BitFields

__all__ = [
    "Cause",
    "DivergenceReport",
    "change",
    "divergence_report",
    "named",
    "value",
    "values",
]


class DivergenceReport(Struct, frozen=True):
    """A divergence with what its first event was and how that ended in each variant.

    `causes` are the patches that it comes from, as far as they were looked for. Divergences are
    `quiet` with which no patch of interest has to do. `reasons` explains the values. `file` is the
    file of a node whose path is long. `recorded` says when and where the event was recorded.
    """

    divergence: Divergence
    event: Payload
    outcomes: Mapping[str, Outcome]
    causes: tuple[Cause, ...] = ()
    quiet: bool = False
    reasons: Callable[[], tuple[Reason, ...]] = tuple
    file: str = ""
    recorded: EventOrigin = EventOrigin()

    @property
    def is_outcome(self) -> bool:
        """Whether it is about how an event ended."""
        return isinstance(self.divergence.place, OutcomePlace)


def divergence_report(
    divergence: Divergence,
    diff: Diff,
    causes: tuple[Cause, ...],
    quiet: bool = False,
    reasons: Callable[[], tuple[Reason, ...]] = tuple,
) -> DivergenceReport:
    """The report of one of a diff's divergences."""
    index = divergence.first_seq - 1
    ended = {trace.player.name: trace.steps[index].outcome for trace in diff.traces}
    outcomes = {name: outcome for name, outcome in ended.items() if outcome is not None}
    event = diff.traces[0].steps[index].event
    file = _file(divergence.place.path, diff, index)
    when = event_origin(event)
    return DivergenceReport(divergence, event.payload, outcomes, causes, quiet, reasons, file, when)


def _file(path: str, diff: Diff, index: int) -> str:
    config = diff.traces[0].player.subject.config
    views = (view for trace in diff.traces if (view := trace.view_at(index)))
    return file_of_long(path, views, config)


def named(report: DivergenceReport) -> str:
    """The path of its place, with the file if the path is long."""
    file = f" [{words.escape(report.file)}]" if report.file else ""
    return words.path(report.divergence.place.path) + file


def values(report: DivergenceReport, bits: BitFields) -> dict[str, str]:
    """The value in each variant that has one; of an outcome its wording too."""
    if report.is_outcome:
        outcomes = report.outcomes.items()
        return {name: words.outcome(o.status, o.value, o.error) for name, o in outcomes}
    divergence = report.divergence
    return {name: value(divergence.place, v, bits) for name, v in divergence.values.items()}


def value(place: Place, value: Any, bits: BitFields) -> str:
    """One value of a place; of a bit field the names of all flags that are set."""
    if value is ABSENT:
        return "not there"
    if isinstance(place, OutcomePlace):
        return words.outcome(value["status"], value.get("value"), value)
    if place.field in bits and isinstance(value, int):
        return words.flags(sorted(words.set_flags(value, bits[place.field])))
    return words.of_field(place)(value)


def change(report: DivergenceReport, cause: Cause, bits: BitFields) -> str:
    """The values before and after a patch; of flags only those that change."""
    place, sides = report.divergence.place, (cause.before, cause.after)
    if place.field in bits and all(isinstance(side, int) for side in sides):
        return words.changed_flags(*sides, bits[place.field])
    return " → ".join(value(place, side, bits) for side in sides)
