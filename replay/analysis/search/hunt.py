"""Hunting: all sequences of an alphabet by length, from every start, until a depth is done."""

import multiprocessing
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial

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

Levels = tuple[Level, ...]
"""Where a hunt stands, start by start."""

CHUNK = 32
"""Sequences that a worker takes at a time: few enough that all are busy to the end."""


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
    workers: int = 1,
    watch: Progress = no_progress,
) -> Iterator[Levels]:
    """Where the hunt stands after each depth, from the starts alone or from `levels` on.

    What is found does not depend on the number of workers, which are processes. Where the clock
    (`time.monotonic`) passes `until` the last levels are not complete.
    """
    if levels is None:
        levels = tuple(first_level(item, number) for number, item in enumerate(grounds))
        yield levels
    while any(level.frontier and level.depth < depth for level in levels):
        if until is not None and time.monotonic() > until:
            return
        levels = _deepened(grounds, levels, until, workers, watch)
        yield levels
        if not all(level.complete for level in levels):
            return


def _deepened(
    grounds: Sequence[Ground], levels: Levels, until: float | None, workers: int, watch: Progress
) -> Levels:
    """The levels after these."""
    if workers == 1:
        results = map(partial(_expand, grounds, levels, until), _tasks(levels))
        return _joined(grounds, levels, results, watch)
    # A fork has all that was made so far: programs cannot be sent, and states need not be.
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, context, _take_over, (grounds, levels, until)) as pool:
        return _joined(grounds, levels, _expand_in(pool, levels), watch)


Task = tuple[int, tuple[Walk, ...]]
"""The number of a start, and sequences to go on from."""


def _tasks(levels: Levels) -> Iterator[Task]:
    for level in levels:
        for at in range(0, len(level.frontier), CHUNK):
            yield level.start, level.frontier[at : at + CHUNK]


def _joined(
    grounds: Sequence[Ground],
    levels: Levels,
    results: Iterable[tuple[int, Expansion]],
    watch: Progress,
) -> Levels:
    by_start: dict[int, list[Expansion]] = {level.start: [] for level in levels}
    total = sum(1 for _ in _tasks(levels))
    for start, expansion in watch(results, total, f"parts of depth {levels[0].depth + 1}"):
        by_start[start].append(expansion)
    return tuple(deeper(grounds[item.start], item, by_start[item.start]) for item in levels)


def _expand(
    grounds: Sequence[Ground], levels: Levels, until: float | None, task: Task
) -> tuple[int, Expansion]:
    start, walks = task
    return start, expanded(grounds[start], walks, levels[start].states, until)


_inherited: list[tuple[Sequence[Ground], Levels, float | None]] = []
"""In a worker: what it goes over."""


def _take_over(grounds: Sequence[Ground], levels: Levels, until: float | None) -> None:
    _inherited[:] = [(grounds, levels, until)]


def _expand_in(pool: Executor, levels: Levels) -> Iterator[tuple[int, Expansion]]:
    return iter(pool.map(_expand_inherited, _tasks(levels)))


def _expand_inherited(task: Task) -> tuple[int, Expansion]:
    return _expand(*_inherited[0], task)


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
