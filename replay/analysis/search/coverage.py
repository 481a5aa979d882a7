"""What of a model logs run through: statements, branches, and the hunks of patches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from msgspec import Struct

from replay.analysis.search.statements import Branch, Code, FunctionCode, Line, code
from replay.engine.replay import arcs, exit_arcs, replay
from replay.engine.trace import ModelTrace
from replay.events.event import Log, stimulus
from replay.language import Arc
from replay.progress import Progress, no_progress
from replay.series import Patch
from replay.state.objects import State
from replay.variants.variant import Variant

Names = tuple[str, ...]
"""Names of logs, in the order in which they were given."""


class LogReach(Struct, frozen=True, eq=False):
    """What one log runs through in a variant."""

    log: str
    lines: frozenset[Line]
    branches: frozenset[Branch]


class Coverage(Struct, frozen=True, eq=False):
    """What logs run through in a variant, by line and branch; what is not there nothing reaches."""

    variant: Variant
    logs: Names
    lines: Mapping[Line, Names]
    branches: Mapping[Branch, Names]

    @property
    def code(self) -> Code:
        """All that there is to run through."""
        return code(self.variant.tree)


class HunkReach(Struct, frozen=True):
    """Neighbouring lines that a patch put into a tree, and the logs that run through any of them.

    `statements` are the lines at which statements begin; where there is none nothing can run.
    """

    patch: Patch
    file: str
    first: int
    last: int
    statements: tuple[int, ...]
    reached: tuple[int, ...]
    logs: Names


def coverage(logs: Sequence[Log], variant: Variant, watch: Progress = no_progress) -> Coverage:
    """What these logs run through in a variant."""
    return coverage_of(variant, log_reaches(logs, variant, watch))


def coverage_of(variant: Variant, reaches: Sequence[LogReach]) -> Coverage:
    """The same of what each of the logs runs through."""
    lines: dict[Line, list[str]] = {}
    branches: dict[Branch, list[str]] = {}
    for reach in reaches:
        for line in reach.lines:
            lines.setdefault(line, []).append(reach.log)
        for branch in reach.branches:
            branches.setdefault(branch, []).append(reach.log)
    return Coverage(
        variant,
        tuple(reach.log for reach in reaches),
        {line: tuple(lines[line]) for line in sorted(lines)},
        {item: tuple(branches[item]) for item in code(variant.tree).branches if item in branches},
    )


def log_reaches(
    logs: Sequence[Log], variant: Variant, watch: Progress = no_progress
) -> tuple[LogReach, ...]:
    """What each of these logs runs through in a variant."""
    reaching = Reaching(variant)
    return tuple(reaching.reach(log) for log in watch(logs, len(logs), "logs"))


class Reaching:
    """A variant in which logs are looked at one after another."""

    def __init__(self, variant: Variant) -> None:
        self._variant = variant
        self._whole = code(variant.tree)
        self._arcs_by_event: dict[tuple[State, bytes], frozenset[Arc]] = {}

    def reach(self, log: Log) -> LogReach:
        """What a log runs through; what an event does in a state is looked at once."""
        return _reach(replay(log, self._variant), self._whole, self._arcs_by_event)


def _reach(
    trace: ModelTrace, whole: Code, arcs_by_event: dict[tuple[State, bytes], frozenset[Arc]]
) -> LogReach:
    """What a trace ran through, to the end of the program.

    What an event does in a state is looked at once.
    """
    state = trace.variant.program.initial()
    crossed_arcs: set[Arc] = set()
    for step in trace.steps:
        key = state, stimulus(step.event.payload)
        if key not in arcs_by_event:
            arcs_by_event[key] = arcs(trace.variant, state, step.event)
        crossed_arcs |= arcs_by_event[key]
        state = step.state
    key = state, b""
    if key not in arcs_by_event:
        arcs_by_event[key] = exit_arcs(trace.variant, state)
    crossed_arcs |= arcs_by_event[key]
    place = whole.statement_at
    steps = {
        (file, place.get((file, a), 0), place.get((file, b), 0)) for file, a, b in crossed_arcs
    }
    lines = frozenset((file, end) for file, _, end in steps if end)
    return LogReach(trace.log.name, lines, frozenset(_branches(steps, whole)))


def _branches(steps: Iterable[tuple[str, int, int]], whole: Code) -> Iterator[Branch]:
    """The branches among the steps from statement to statement."""
    ways: dict[Line, set[int]] = {}
    for file, start, end in steps:
        if start and start != end:
            ways.setdefault((file, start), set()).add(end)
    into = {(item.file, item.start): item.end for item in whole.branches if item.into}
    for branch in whole.branches:
        at = branch.file, branch.start
        ends = ways.get(at, set())
        if branch.into and branch.end in ends:
            yield branch
        if not branch.into and ends - {into[at]}:
            yield branch


def hunks(covered: Coverage, patches: Iterable[Patch] = ()) -> tuple[HunkReach, ...]:
    """The hunks that these patches left in the variant's tree, of all its patches by default.

    By patch in the order of the series, then by place.
    """
    tree = covered.variant.tree
    patch_names = {patch.name for patch in patches} or {patch.name for patch in tree.patches}
    reaches: list[tuple[int, HunkReach]] = []
    for file in tree.files:
        numbered = [(line.patch, number) for number, line in enumerate(file.lines, 1)]
        for index, group in groupby(numbered, key=itemgetter(0)):
            if index is not None and tree.patches[index].name in patch_names:
                places = [number for _, number in group]
                hunk = _hunk(covered, tree.patches[index], file.name, places[0], places[-1])
                reaches.append((index, hunk))
    return tuple(hunk for _, hunk in sorted(reaches, key=itemgetter(0)))


def _hunk(covered: Coverage, patch: Patch, file: str, first: int, last: int) -> HunkReach:
    begins = {covered.code.statement_at.get((file, line), 0) for line in range(first, last + 1)}
    statements = tuple(sorted(begins - {0}))
    reached = tuple(line for line in statements if (file, line) in covered.lines)
    names = {name for line in reached for name in covered.lines[file, line]}
    logs = tuple(name for name in covered.logs if name in names)
    return HunkReach(patch, file, first, last, statements, reached, logs)


def reached_functions(covered: Coverage) -> Mapping[str, Names]:
    """Each function that logs run through, with their names."""
    logs_by_function: dict[str, Names] = {}
    for function in covered.code.functions:
        names = {name for line in _reached(covered, function) for name in covered.lines[line]}
        if names:
            logs_by_function[function.name] = tuple(name for name in covered.logs if name in names)
    return logs_by_function


def missing_lines(covered: Coverage, function: FunctionCode) -> tuple[int, ...]:
    """The statements of a function that nothing reaches."""
    lines = ((function.file, line) for line in function.statements)
    return tuple(line for file, line in lines if (file, line) not in covered.lines)


def _reached(covered: Coverage, function: FunctionCode) -> Iterator[Line]:
    lines = ((function.file, line) for line in function.statements)
    return (line for line in lines if line in covered.lines)


# As few logs as cover as much


def smallest_cover(parts: Mapping[str, frozenset[object]]) -> Names:
    """As few of these as have together what all have, and none of them can be left out.

    That which has most of what is still missing comes first, of two the one that is named first.
    """
    missing: set[object] = set().union(*parts.values())
    chosen: list[str] = []
    while missing:
        best = max(parts, key=lambda name: (len(parts[name] & missing), -[*parts].index(name)))
        chosen.append(best)
        missing -= parts[best]
    for name in reversed(chosen):
        others = set[object]().union(*(parts[other] for other in chosen if other != name))
        if parts[name] <= others:
            chosen.remove(name)
    return tuple(name for name in parts if name in chosen)
