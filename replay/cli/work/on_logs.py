"""What commands do with each of many logs, in whatever process.

Each kind of work says what is done with one log. It keeps what it finds out for the next one, and
takes into another process no more than names: of logs, of variants, of files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from msgspec.structs import replace

from replay.analysis.attribute import attribute, forget_attributions
from replay.analysis.bisect import culprits
from replay.analysis.checks import Checks, breaches, load_checks
from replay.analysis.search.coverage import LogReach, Reaching
from replay.cli import log_diffs
from replay.cli.log_diffs import Comparison, DiffOptions, DiffResult, PartResult
from replay.cli.progress_bar import with_progress
from replay.cli.work.stored_logs import LogName, StoredLogs
from replay.engine.diff import Diff, diff
from replay.engine.replay import replay
from replay.engine.transitions.memo import MEMO
from replay.events.event import Log
from replay.reports.documents.check import CheckReport, check_report
from replay.reports.documents.headline import HeadlineReport, headline_report
from replay.reports.documents.many.groups import condensed, state_of
from replay.variants.variant import Variant
from replay.workers import Pool

R = TypeVar("R")

MOST_KNOWN = 500
"""Kinds of log of which is remembered what came of them, each with a diff."""


@dataclass(frozen=True, eq=False)
class LogWork(Generic[R]):
    """What is done with a log of a database in variants."""

    logs: StoredLogs
    variants: tuple[Variant, ...]

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __call__(self, log: Log | LogName) -> R:
        return self.of(self.logs.load(log))

    def of(self, log: Log) -> R:
        """What comes of one log."""
        raise NotImplementedError

    def forget(self) -> None:
        """Drops what it found out in logs before, and all transitions that are remembered."""
        for name in self.__dict__.keys() - self.__getstate__().keys() - {"shared"}:
            del self.__dict__[name]
        MEMO.forget()
        forget_attributions()

    def alike(self, logs: Sequence[LogName]) -> Sequence[str]:
        """For each log its sorts of events, whatever they name: what is shared hangs on these."""
        return self.logs.shapes(logs)

    @cached_property
    def shared(self) -> tuple[object, ...]:
        """What all processes have alike: results refer to it."""
        subject = self.variants[0].subject
        added = [patch.patch for variant in self.variants for patch in variant.spec.extra]
        return (subject.config.bits, *subject.series.patches, *added)


@dataclass(frozen=True, eq=False)
class DiffWork(LogWork[DiffResult]):
    """The diff of a log with the patches it comes from. `is_plain`: each log by itself."""

    options: DiffOptions
    attributed: bool | None
    is_plain: bool
    has_frames: bool

    @cached_property
    def compare(self) -> Comparison:
        """What makes the diff of a log."""
        if self.is_plain:
            return log_diffs.plainly([partial(replay, variant=it) for it in self.variants])
        return log_diffs.sharing(self.variants, self.attributed is not False)

    def of(self, log: Log, pool: Pool | None = None) -> DiffResult:
        """The report, without traces if no frames are wanted; the pool is for interactions."""
        result = log_diffs.result_of(self.compare(log), self.options, self.attributed, pool)
        return result if self.has_frames else result.without_traces()


@dataclass(frozen=True, eq=False)
class OverviewWork(LogWork[PartResult]):
    """A log's part of the document about all: of logs that differ alike one says what differs."""

    diffs: DiffWork

    def of(self, log: Log) -> PartResult:
        """The part of one log, in which another may stand for it."""
        compared = self.diffs.compare(log)
        same = self._known.get(compared.representative)
        if same is not None and same.part.stands_for(compared.diff):
            return replace(same, part=replace(same.part, state=state_of(compared.diff)))
        result = log_diffs.result_of(compared, self.diffs.options, self.diffs.attributed).part()
        # What logs reached of a change is told of each of them.
        if self.diffs.options.are_about_all and compared.representative and not result.part.reached:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[compared.representative] = result
        return result

    @cached_property
    def _known(self) -> dict[Diff | None, PartResult]:
        """What came of logs, by the diff of those that differ from them in names alone."""
        return {}

    def condensed(self, results: Sequence[PartResult]) -> list[PartResult]:
        """The results, in which one log of each group stands for the others."""
        parts = condensed([result.part for result in results])
        return [replace(it, part=part) for it, part in zip(results, parts, strict=True)]

    def forget(self) -> None:
        """Drops what the diffs found out."""
        self.__dict__.pop("_known", None)
        self.diffs.forget()


@dataclass(frozen=True, eq=False)
class HeadlineWork(LogWork[HeadlineReport]):
    """The headline of a log's diff."""

    @cached_property
    def compare(self) -> Comparison:
        """What makes the diff of a log."""
        return log_diffs.sharing(self.variants, attributed=False)

    def of(self, log: Log) -> HeadlineReport:
        """The headline of one log of many."""
        return headline_report(self.compare(log)[0])


@dataclass(frozen=True, eq=False)
class CheckWork(LogWork[CheckReport]):
    """The checks of a file in the one variant. `is_bisected`: with what brought each breach."""

    file: Path
    is_bisected: bool

    @cached_property
    def checks(self) -> Checks:
        """The checks, compiled."""
        return load_checks(self.file, self.variants[0])

    def of(self, log: Log) -> CheckReport:
        """The report of one log."""
        trace = replay(log, self.variants[0])
        breached = breaches(trace, self.checks, with_progress)
        brought = dict(culprits(trace, self.file, breached)) if self.is_bisected else {}
        return check_report(trace, self.checks, breached, brought)


@dataclass(frozen=True, eq=False)
class CoverWork(LogWork[LogReach]):
    """What a log runs through in the one variant."""

    @cached_property
    def reaching(self) -> Reaching:
        """The variant, with what was looked at."""
        return Reaching(self.variants[0])

    def of(self, log: Log) -> LogReach:
        """What one log runs through."""
        return self.reaching.reach(log)


@dataclass(frozen=True, eq=False)
class EffectsWork(LogWork[frozenset[object]]):
    """What patches between two variants do in a log: the places that differ, with the patches."""

    def of(self, log: Log) -> frozenset[object]:
        """The effects in one log."""
        difference = diff(*(replay(log, variant) for variant in self.variants))
        causes = attribute(difference).causes
        return frozenset(
            (divergence.place, change.patch.name)
            for divergence, its_causes in zip(difference.divergences, causes, strict=True)
            for cause in its_causes
            for change in cause.changes
        )
