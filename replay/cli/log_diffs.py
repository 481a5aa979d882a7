"""The diffs of logs with the patches that they come from, as `replay diff` reports them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.attribute import (
    Attribution,
    Cause,
    attribute,
    attribute_shared,
    model_traces,
    select,
    steps_beyond,
)
from replay.analysis.baseline import AcceptedEffect, accepted_effects, occurring, without_accepted
from replay.analysis.interactions import interactions
from replay.analysis.play import play
from replay.cli.players import Player
from replay.cli.progress_bar import with_progress
from replay.cli.work.stored_logs import LogName
from replay.engine.corpus import Corpus
from replay.engine.diff import Diff, Divergence, diff
from replay.events.event import Log
from replay.reports.documents.diff import (
    DiffReport,
    InteractionReport,
    diff_report,
    interaction_report,
    without_traces,
)
from replay.reports.documents.many.groups import DiffPart, part
from replay.reports.verdict import Verdict
from replay.series import Patch, Series, find_patch
from replay.variants.path import path_between
from replay.variants.variant import Variant
from replay.workers import Pool

SLOW = (
    "which patches these differences come from was not looked for, since the log takes {steps}"
    " steps in the revisions between the variants; --attribution looks for them"
)
"""What is said of a log that is not replayed in every revision unasked."""


class DiffOptions(Struct, frozen=True):
    """What an invocation is about: `only` these patches, none for all; not what is `accepted`.

    `interactions` is whether to look for patches that matter only together, `reach` whether to look
    for what a log that differs ran through of the changes, `accepts` whether anybody is going to
    accept what differs.
    """

    only: tuple[Patch, ...]
    other_than: tuple[Patch, ...]
    accepted: tuple[AcceptedEffect, ...]
    interactions: bool
    accept_in: str | None = None
    reach: bool = False
    accepts: bool = True

    @property
    def are_about_all(self) -> bool:
        """Whether all that differs is told, whatever a log is called, and nothing else."""
        chosen = self.only or self.other_than or self.accepted
        return not (chosen or self.interactions or self.reach or self.accepts)

    def lets_through(self, _: Divergence, cause: Cause) -> bool:
        """Whether the options let a cause through."""
        names = {change.patch.name for change in cause.changes}
        only, other_than = ({p.name for p in patches} for patches in (self.only, self.other_than))
        return bool(names - other_than) and (not only or bool(names & only))


class DiffResult(Struct, frozen=True):
    """A report, what would have to be accepted for it to be empty, and what was accepted by."""

    report: DiffReport
    entries: tuple[AcceptedEffect, ...] = ()
    used: frozenset[int] = frozenset()

    def without_traces(self) -> "DiffResult":
        """The same without what only a page shows, so that it takes little room."""
        return replace(self, report=without_traces(self.report))

    def part(self) -> "PartResult":
        """The same with as much of the report as a document about many logs has of one."""
        is_whole = self.report.compared.is_all
        return PartResult(part(self.report), is_whole, self.entries, self.used)


class PartResult(Struct, frozen=True):
    """One log's part of a document about many, whether it was compared as a whole, and the rest."""

    part: DiffPart
    is_whole: bool
    entries: tuple[AcceptedEffect, ...]
    used: frozenset[int]


class Tally:
    """What the results of all logs come to, besides the document."""

    def __init__(self) -> None:
        self.verdicts: set[Verdict] = set()
        self.is_whole = True
        self.entries: list[AcceptedEffect] = []
        self.used: set[int] = set()

    def parts(self, results: Iterable[PartResult]) -> Iterator[DiffPart]:
        """The parts of the results, of which nothing else is kept but what it comes to."""
        for result in results:
            self._note(result, result.part.state.verdict, result.is_whole)
            yield result.part

    def reports(self, results: Iterable[DiffResult]) -> Iterator[DiffReport]:
        """The reports of the results, and so on."""
        for result in results:
            self._note(result, result.report.verdict, result.report.compared.is_all)
            yield result.report

    def unused(
        self, accepted: Sequence[AcceptedEffect], logs: Iterable[Log | LogName]
    ) -> list[AcceptedEffect]:
        """Those of a baseline about these logs that cover nothing any more."""
        names = [log.name for log in logs]
        return [e for n, e in enumerate(accepted) if n not in self.used and e.is_about(names)]

    def _note(self, result: DiffResult | PartResult, verdict: Verdict, is_whole: bool) -> None:
        self.verdicts.add(verdict)
        self.is_whole &= is_whole
        self.entries += result.entries
        self.used |= result.used


def patches_of(text: str, variants: Sequence[Variant], series: Series) -> tuple[Patch, ...]:
    """The patches of SHA,... where a file that a variant adds may stand for a sha."""
    added = {patch.word: patch.patch for variant in variants for patch in variant.spec.extra}
    return tuple(
        added[word] if word in added else series.patches[find_patch(series, word)]
        for word in text.split(",")
        if word
    )


class ComparedLog(NamedTuple):
    """The diff of a log, and what finds its patches if they are wanted.

    `representative` is the diff of all logs that differ from it in names alone, None if there is no
    such thing.
    """

    diff: Diff
    attribution: Callable[[], Attribution]
    representative: Diff | None = None


Comparison = Callable[[Log], ComparedLog]
"""What makes the diff of a log."""


def plainly(players: Sequence[Player]) -> Comparison:
    """Each log is compared by itself."""

    def compare(log: Log) -> ComparedLog:
        difference = diff(*play(players, log))
        return ComparedLog(difference, partial(attribute, difference, with_progress))

    return compare


def sharing(variants: Sequence[Variant], attributed: bool) -> Comparison:
    """Logs that differ in names alone share the work; what comes out is the same."""
    ways = (path_between(*pair) for pair in combinations(variants, 2) if attributed)
    corpus = Corpus(variants, others=[step.variant for way in ways for step in way])

    def compare(log: Log) -> ComparedLog:
        shared = corpus.diff(log, with_progress)
        attribution = partial(attribute_shared, shared, with_progress)
        is_alone = shared.representative is shared.diff
        return ComparedLog(shared.diff, attribution, None if is_alone else shared.representative)

    return compare


def result_of(
    compared: ComparedLog,
    options: DiffOptions,
    attributed: bool | None = True,
    pool: Pool | None = None,
) -> DiffResult:
    """What differs in a log in several variants, and by which patches if these are looked for.

    By default of `attributed`, None, they are if that is quick. The pool is asked for patches that
    matter only together.
    """
    difference = compared.diff
    is_asked = attributed is not None or not difference.divergences
    steps = 0 if is_asked else steps_beyond(difference)
    if steps or attributed is False:
        report = diff_report(difference, reach=options.reach)
        remarks = (SLOW.format(steps=steps), *report.remarks) if steps else report.remarks
        return DiffResult(replace(report, remarks=remarks))
    selected = select(difference, compared.attribution(), options.lets_through)
    report = diff_report(
        *without_accepted(*selected, options.accepted), options.only, options.reach
    )
    if options.interactions:
        report = replace(report, together=_together(report, difference, pool))
    used = occurring(*selected, options.accepted)
    entries = accepted_effects(*selected, options.accept_in) if options.accepts else ()
    return DiffResult(report, entries, used)


def _together(
    report: DiffReport, difference: Diff, pool: Pool | None
) -> tuple[InteractionReport, ...]:
    """Of the patches of interest, of all that did something if none of those is there."""
    named = {patch.name for patch in report.named}
    causes = (cause for divergence in report.divergences for cause in divergence.causes)
    acting = {change.patch.name for cause in causes for change in cause.changes}
    names = named & acting or acting
    pairs = interactions(model_traces(difference), lambda patch: patch.name in names, pool)
    return tuple(map(interaction_report, pairs))
