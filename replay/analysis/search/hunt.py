"""Hunting: all sequences of an alphabet by length, from every start, until a depth is done."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from replay.analysis.search.finding import RawFinding
from replay.analysis.search.goal import Goal
from replay.analysis.search.level import (
    Counts,
    Expansion,
    Ground,
    Level,
    Walk,
    deeper,
    expanded,
    first_level,
    ground,
)
from replay.progress import Progress, no_progress
from replay.variants.alphabet import Alphabet
from replay.variants.variant import Variant
from replay.workers import Pool, each

Levels = tuple[Level, ...]
"""Where a hunt stands, start by start."""

CHUNK = 32
"""Sequences that are expanded together: few enough that all workers are busy to the end."""


class Reach(Struct, frozen=True):
    """How far a hunt has come: the depth that is completed, and what it took.

    `sequences` is how many there are up to that depth, whether performed or stood for by others.
    """

    depth: int
    sequences: int
    counts: Counts
    exhausted: bool = False


def grounds_of(variants: Sequence[Variant], goal: Goal, alphabet: Alphabet) -> tuple[Ground, ...]:
    """What a hunt goes over, start by start."""
    return tuple(ground(variants, goal, alphabet, start) for start in alphabet.starts)


def hunt(
    grounds: Sequence[Ground],
    depth: int,
    levels: Levels | None = None,
    until: float | None = None,
    pool: Pool | None = None,
    watch: Progress = no_progress,
) -> Iterator[Levels]:
    """Where the hunt stands after each depth, from the starts alone or from `levels` on.

    What is found does not depend on who works. Where the clock (`time.monotonic`) passes `until`
    the last levels are not complete.
    """
    if levels is None:
        levels = tuple(first_level(item, number) for number, item in enumerate(grounds))
        yield levels
    while any(level.frontier and level.depth < depth for level in levels):
        if until is not None and time.monotonic() > until:
            return
        levels = _deepened(grounds, levels, until, pool, watch)
        yield levels
        if not all(level.complete for level in levels):
            return


def _deepened(
    grounds: Sequence[Ground],
    levels: Levels,
    until: float | None,
    pool: Pool | None,
    watch: Progress,
) -> Levels:
    """The levels after these."""
    tasks = [*_tasks(levels)]
    work = _Expanding(grounds, {level.start: level.states for level in levels}, until)
    noun = f"parts of depth {levels[0].depth + 1}"
    results = each(work, tasks, pool, watch, noun)
    by_start: dict[int, list[Expansion]] = {level.start: [] for level in levels}
    for task, expansion in zip(tasks, results, strict=True):
        by_start[task.start].append(expansion)
    return tuple(deeper(grounds[item.start], item, by_start[item.start]) for item in levels)


class _Task(Struct, frozen=True):
    """The number of a start, and sequences to go on from."""

    start: int
    walks: tuple[Walk, ...]

    def __str__(self) -> str:
        return f"sequence {self.walks[0]} from start {self.start + 1}"


def _tasks(levels: Levels) -> Iterator[_Task]:
    for level in levels:
        for at in range(0, len(level.frontier), CHUNK):
            yield _Task(level.start, level.frontier[at : at + CHUNK])


class _Expanding:
    """The work of a level. A fork knows the joint states that were met, another worker none.

    What that one takes for new the level leaves out again.
    """

    def __init__(
        self,
        grounds: Sequence[Ground],
        met: Mapping[int, frozenset[bytes]],
        until: float | None,
    ) -> None:
        self._grounds, self._met, self._until = grounds, met, until

    def __reduce__(self) -> tuple[Any, ...]:
        left = None if self._until is None else self._until - time.monotonic()
        return _expanding_elsewhere, (self._grounds, left)

    def __call__(self, task: _Task) -> Expansion:
        met = self._met.get(task.start, frozenset())
        return expanded(self._grounds[task.start], task.walks, met, self._until)


def _expanding_elsewhere(grounds: Sequence[Ground], seconds: float | None) -> _Expanding:
    """The same for so many seconds, on a machine with a clock of its own."""
    return _Expanding(grounds, {}, None if seconds is None else time.monotonic() + seconds)


# What came of it


def raw_findings(grounds: Sequence[Ground], levels: Levels) -> tuple[RawFinding, ...]:
    """The sequences that reach the goal, the shortest first, then by start."""
    walks = [(len(walk), level.start, walk) for level in levels for walk in level.findings]
    ordered = sorted(walks, key=lambda item: item[:2])
    return tuple(
        RawFinding(grounds[start].start.name, grounds[start].words(walk), grounds[start].log(walk))
        for _, start, walk in ordered
    )


def reach(grounds: Sequence[Ground], levels: Levels) -> Reach:
    """How far a hunt has come."""
    counts = Counts()
    for level in levels:
        counts += level.counts
    depth = min(level.depth - (not level.complete) for level in levels)
    sequences = sum(len(item.steps) ** length for item in grounds for length in range(1, depth + 1))
    exhausted = not any(level.frontier for level in levels)
    return Reach(depth, sequences, counts, exhausted)


def completed(before: Levels | None, levels: Levels) -> Levels | None:
    """The last levels that are complete, with which a hunt can go on."""
    return levels if all(level.complete for level in levels) else before
