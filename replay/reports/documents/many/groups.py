"""The diffs of many logs by what differs: of logs that differ alike, one stands for all.

What is kept of a log is its name and a few digests; the rest is kept once for each group.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from replay.engine.diff import Diff, Divergence
from replay.engine.places import KINDS, Level
from replay.events.event import Log
from replay.reports.documents.common import LogId, VariantId
from replay.reports.documents.diff import DiffReport, DiffReports
from replay.reports.documents.effects import Effects
from replay.reports.documents.many.history import DIGEST, History, LogState, history
from replay.reports.documents.many.likeness import own_likeness, row
from replay.reports.documents.search.reach import ChangeReach, joined
from replay.reports.verdict import Verdict, verdict
from replay.variants.path import PatchChange
from replay.variants.subject import BitFields


class DiffBrief(Struct, frozen=True):
    """What an overview tells of a log's diff: all but the values.

    `divergences` counts these by kind. `is_whole` says that every event was compared, `is_nothing`
    that none was. The rest is as in the report.
    """

    log: LogId
    variants: tuple[VariantId, ...]
    headline: str
    level: Level
    verdict: Verdict
    is_whole: bool
    is_nothing: bool
    divergences: Mapping[str, int]
    effects: Effects
    steps: tuple[tuple[PatchChange, ...], ...]
    bits: BitFields
    hidden: int
    reach: tuple[ChangeReach, ...]
    models: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return bool(self.divergences)

    @property
    def rank(self) -> tuple[int, str]:
        """The shorter a log, the sooner it stands for others."""
        return self.log.events, self.log.name


class DiffPart(Struct, frozen=True):
    """One log's part of a document about many: its state, and the likeness that its group has.

    The brief is of a log of the group, be it another one. Whoever has given it need not give it
    again.
    """

    state: LogState
    likeness: str
    brief: DiffBrief | None

    @property
    def reached(self) -> bool:
        """Whether it tells what its log reached of a change, which has to be told of each."""
        return self.brief is not None and bool(self.brief.reach)

    def stands_for(self, diff: Diff) -> bool:
        """Whether its brief may be that of another log that differs in names alone."""
        log = diff.traces[0].log
        return self.brief is not None and self.brief.rank < (len(log.events), log.name)


class DiffGroup(Struct, frozen=True):
    """Logs that differ alike, by name in the order of comparing; `brief` is of the shortest."""

    brief: DiffBrief
    logs: tuple[str, ...]

    @property
    def others(self) -> tuple[str, ...]:
        """The logs for which another one stands."""
        return tuple(name for name in self.logs if name != self.brief.log.name)


class DiffGroups(Struct, frozen=True):
    """The diffs of many logs, by group, in the order of their first logs.

    `report` makes the whole diff of a log that stands for a group. `history` has this run and those
    before it, if there were any.
    """

    groups: tuple[DiffGroup, ...]
    history: History
    report: Callable[[str], DiffReport]

    @property
    def count(self) -> int:
        """How many logs there are."""
        return sum(len(group.logs) for group in self.groups)


def part(report: DiffReport) -> DiffPart:
    """A log's part of a document about many."""
    return DiffPart(state(report), report.likeness(), brief(report))


def state(report: DiffReport) -> LogState:
    """What a later run has to know of a log."""
    divergences = [one.divergence for one in report.divergences]
    names = [variant.name for variant in report.variants]
    return _state(report.log, report.verdict, divergences, names)


def state_of(diff: Diff) -> LogState:
    """The same of a diff of which nothing is left out."""
    names = [trace.player.name for trace in diff.traces]
    says = verdict(diff.compared, bool(diff.divergences))
    return _state(diff.traces[0].log, says, diff.divergences, names)


def _state(
    log: LogId | Log, says: Verdict, divergences: Iterable[Divergence], names: Sequence[str]
) -> LogState:
    differing = own_likeness(row(divergence, names) for divergence in divergences)
    return LogState(log.name, log.fingerprint[:DIGEST], says, differing)


def brief(report: DiffReport) -> DiffBrief:
    """What an overview tells of a diff."""
    return DiffBrief(
        log=report.log,
        variants=report.variants,
        headline=str(report.headline),
        level=report.headline.level,
        verdict=report.verdict,
        is_whole=report.compared.is_all,
        is_nothing=report.compared.is_nothing,
        divergences=kinds(report),
        effects=report.effects,
        steps=report.steps,
        bits=report.bits,
        hidden=report.hidden,
        reach=report.reach,
        models=report.models,
    )


def kinds(report: DiffReport) -> dict[str, int]:
    """How many divergences a diff has of each kind, behaviour before state."""
    counts = Counter(one.divergence.place.kind for one in report.divergences)
    return {kind: counts[kind] for kind in KINDS if kind in counts}


def condensed(parts: Sequence[DiffPart]) -> list[DiffPart]:
    """The parts, with one brief for each group, which says what the others would have said."""
    briefs = _briefs(parts)
    return [replace(part, brief=briefs.pop(part.likeness, None)) for part in parts]


def grouped(
    parts: Iterable[DiffPart],
    logs: Sequence[str],
    report: Callable[[str], DiffReport],
    before: History | None = None,
) -> DiffGroups:
    """The document of all parts, which come in whatever order. `logs` are their names, in theirs.

    ValueError if there is none.
    """
    names: dict[str, list[str]] = {}
    states: list[LogState] = []
    briefs = _briefs(_noted(parts, names, states))
    positions = {name: number for number, name in enumerate(logs)}
    states.sort(key=lambda state: positions[state.name])
    groups = [
        DiffGroup(briefs[key], tuple(sorted(names[key], key=positions.__getitem__)))
        for key in names
    ]
    groups.sort(key=lambda group: positions[group.logs[0]])
    return DiffGroups(tuple(groups), history(before, groups[0].brief.variants, states), report)


def groups_of(document: DiffReports) -> DiffGroups:
    """The same document, by group."""
    by_name = {report.log.name: report for report in document.logs}
    return grouped(map(part, document.logs), [*by_name], by_name.__getitem__, document.before)


def history_of(document: DiffReports) -> History:
    """This run, and those before it if there were any."""
    first = document.logs[0]
    return history(document.before, first.variants, map(state, document.logs))


def _noted(
    parts: Iterable[DiffPart], names: dict[str, list[str]], states: list[LogState]
) -> Iterable[DiffPart]:
    for part in parts:
        names.setdefault(part.likeness, []).append(part.state.name)
        states.append(part.state)
        yield part


def _briefs(parts: Iterable[DiffPart]) -> dict[str, DiffBrief]:
    """For each group the brief of its shortest log, with what all of them reached."""
    briefs: dict[str, DiffBrief] = {}
    for part in parts:
        if part.brief is not None:
            known = briefs.get(part.likeness)
            briefs[part.likeness] = _one(known, part.brief) if known else part.brief
    return briefs


def _one(left: DiffBrief, right: DiffBrief) -> DiffBrief:
    shorter = min(left, right, key=lambda brief: brief.rank)
    if not (left.reach and right.reach):
        return shorter
    pairs = zip(left.reach, right.reach, strict=True)
    return replace(shorter, reach=tuple(map(joined, pairs)))
