"""What is shown of a log that somebody goes through, event by event, in several variants."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from replay.analysis.checks import breaches, load_checks
from replay.engine.places import EdgePlace, NodePlace
from replay.engine.trace import ModelTrace
from replay.events.event import Event, Log, LogHeader
from replay.reports import words
from replay.reports.documents.check import CheckReport, check_report
from replay.reports.documents.diff import DiffReport
from replay.reports.documents.divergences import DivergenceReport
from replay.reports.documents.frames import EventStates
from replay.reports.documents.run import run_report
from replay.reports.documents.walk.walk import WalkStep, difference_text, walk_steps
from replay.series import Patch


class HunkLines(Struct, frozen=True):
    """A hunk of a patch: where it is, and its lines with their marks."""

    where: str
    lines: tuple[str, ...]


class CausingPatch(Struct, frozen=True):
    """A patch behind a difference, and its hunks, those that speak of the place first."""

    title: str
    sha: str
    hunks: tuple[HunkLines, ...]


class StandingDifference(Struct, frozen=True):
    """A difference that stands after an event, in words. `place` is what `explain` is told."""

    text: str
    span: str
    place: str
    begins: bool
    patches: tuple[str, ...]


class EventDetail(Struct, frozen=True):
    """All about an event. `states` are the variants' nodes after it, None if they are not known."""

    step: WalkStep
    states: EventStates | None
    differences: tuple[StandingDifference, ...]
    patches: tuple[CausingPatch, ...]
    breaches: tuple[str, ...]


class Exploration:
    """A log in several variants. What takes long is computed when it is first asked for."""

    def __init__(self, log: Log, traces: Sequence[ModelTrace], report: DiffReport) -> None:
        self.log = log
        self.report = report
        self._traces = traces
        runs = {trace.variant.name: run_report(trace) for trace in traces}
        self.steps: tuple[WalkStep, ...] = tuple(walk_steps(report, runs))

    @property
    def names(self) -> tuple[str, ...]:
        """The variants."""
        return tuple(variant.name for variant in self.report.variants)

    @cached_property
    def diverging(self) -> tuple[int, ...]:
        """The events at which a difference begins."""
        return tuple(step.seq for step in self.steps if step.begins)

    @cached_property
    def breaching(self) -> tuple[int, ...]:
        """The events at which a check is first breached in a variant."""
        return tuple(sorted({r.breach.first_seq for c in self._checked for r in c.breaches}))

    @cached_property
    def _checked(self) -> tuple[CheckReport, ...]:
        return tuple(map(_check, self._traces))

    def detail(self, seq: int) -> EventDetail:
        """All about an event; what checks say only once `breaching` was asked for."""
        frame = self.report.frames[seq - 1]
        here = [self.report.divergences[index] for index in frame.here]
        causes = dict.fromkeys(
            change.patch for report in here for cause in report.causes for change in cause.changes
        )
        # What begins here is what a reader wants explained.
        first = [report for report in here if report.divergence.first_seq == seq] or here
        fields = {report.divergence.place.field for report in first}
        return EventDetail(
            step=self.steps[seq - 1],
            states=frame.states(),
            differences=tuple(_standing(report, seq, self.report) for report in here),
            patches=tuple(_causing(patch, fields) for patch in causes),
            breaches=tuple(self._breaches(seq)) if "_checked" in vars(self) else (),
        )

    def _breaches(self, seq: int) -> Iterator[str]:
        for checked in self._checked:
            for report in checked.breaches:
                if report.breach.first_seq <= seq <= report.breach.last_seq:
                    where = f"{report.breach.check.name} on {words.path(report.breach.path)}"
                    yield f"{where} in {words.escape(checked.variant.name)}, {report.span}"

    def extended(self, seq: int, event: Event) -> Log:
        """The log up to an event, and then another one."""
        header = self.log.header
        base = header.name.partition("~")[0]
        about = f"{header.name} up to #{seq}, and then another command"
        return Log.of(LogHeader(f"{base}~{seq + 1}", about), [*self.log.events[:seq], event])


Explore = Callable[[Log], Exploration]
"""What replays a log in all the variants."""


def _check(trace: ModelTrace) -> CheckReport:
    checks = load_checks(trace.variant.subject.directory / "checks.py", trace.variant)
    return check_report(trace, checks, breaches(trace, checks), {})


def _standing(report: DivergenceReport, seq: int, document: DiffReport) -> StandingDifference:
    divergence = report.divergence
    place = divergence.place
    path = "" if report.is_outcome else ".".join(filter(None, (place.path, _field(report))))
    patches = (change.patch for cause in report.causes for change in cause.changes)
    return StandingDifference(
        text=difference_text(report, document),
        span=words.span(divergence.first_seq, divergence.last_seq),
        place=path,
        begins=divergence.first_seq == seq,
        patches=tuple(dict.fromkeys(patch.sha[:8] or patch.name for patch in patches)),
    )


def _field(report: DivergenceReport) -> str:
    place = report.divergence.place
    is_whole = isinstance(place, NodePlace | EdgePlace) or place.field == "existence"
    return "" if is_whole else place.field


def _causing(patch: Patch, fields: set[str]) -> CausingPatch:
    """The patch with the hunks first that have a line with one of the fields."""
    hunks = [
        HunkLines(f"{file.path}:{hunk.start}", tuple(edit.mark + edit.text for edit in hunk.edits))
        for file in patch.files
        for hunk in file.hunks
    ]

    def is_silent(hunk: HunkLines) -> bool:
        changed = [line for line in hunk.lines if line[:1] in "+-"]
        return not any(field and field in line for field in fields for line in changed)

    title = f"{patch.sha[:8]} {words.escape(patch.subject)}" if patch.sha else patch.name
    return CausingPatch(title, patch.sha[:8], tuple(sorted(hunks, key=is_silent)))
