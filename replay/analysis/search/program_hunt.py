"""Hunting where a player is a program of its own: each sequence is a log, played from its start.

With variants of the model beside it the sequences are a cover of the paths through their joint
states: every step from every state that they reach in so many steps. Without any, the states are
those that can be seen of the programs.
"""

import time
from collections.abc import Hashable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from replay.analysis.play import Play, play_all
from replay.analysis.search.goal import WAITS, Sighting
from replay.analysis.search.joint_state import SIZE, absent_names, joint_digest, joint_text
from replay.analysis.search.level import (
    Counts,
    Ground,
    Kind,
    Level,
    Walk,
    are_apart,
    keep_shortest,
    kind_of,
)
from replay.engine.trace import GapReason, ModelTrace, Trace
from replay.engine.view import View
from replay.progress import Progress, no_progress

Lanes = Sequence[Sequence[Play]]
"""Sets of players, each as good as the others, that play at once."""

UNTOLD = (GapReason.LIMIT, GapReason.NOT_PERFORMED, GapReason.NOT_MODELLED, GapReason.NOT_OBSERVED)
"""Why nothing is known of what comes after a step."""


class Played(NamedTuple):
    """What came of a sequence: the goal, the digest of where it ends, the names that are there.

    `shown` is the sequence with the probe that shows the goal. `is_known` says whether every player
    did its last step, `is_moving` whether a job goes on that was not waited for.
    """

    shown: Walk
    sighting: Sighting | None
    digest: bytes
    text: str
    is_known: bool
    is_moving: bool


def hunt_programs(
    it: Ground,
    lanes: Lanes,
    number: int,
    depth: int,
    until: float | None = None,
    watch: Progress = no_progress,
) -> Iterator[Level]:
    """Where a hunt from one start stands after each depth; `number` is the start's.

    What is found does not depend on the number of lanes. Where the clock (`time.monotonic`) passes
    `until` the last level is not complete.
    """
    search = _Search(it, lanes, number)
    level = search.first()
    yield level
    while level.frontier and level.depth < depth and level.complete:
        level = search.deeper(level, until, watch)
        yield level


class _Search:
    """The names that there are after each sequence of the frontier, and the kinds of findings."""

    def __init__(self, it: Ground, lanes: Lanes, number: int) -> None:
        self._it, self._lanes, self._number = it, lanes, number
        self._probes = tuple(range(len(it.steps), len(it.steps) + len(it.probes)))
        self._texts: dict[Walk, str] = {}
        self._moving: set[Walk] = set()
        # While a job goes on, only waiting for it is sure to do the same each time.
        waits = (isinstance(step.events[0].payload, WAITS) for step in it.steps)
        self._waits = tuple(waits)
        self._kinds: list[Kind] = []

    def first(self) -> Level:
        """The start itself."""
        ((walk, end),) = self._played([()])
        counts = Counts(tried=1, states=1)
        if end.sighting is not None:
            self._kinds.append(kind_of(self._it, end.shown, end.sighting))
            return Level(self._number, 0, (), frozenset(), (end.shown,), counts)
        self._keep(walk, end)
        return Level(self._number, 0, (walk,), frozenset([end.digest]), (), counts)

    def _keep(self, walk: Walk, end: Played) -> None:
        self._texts[walk] = end.text
        if end.is_moving:
            self._moving.add(walk)

    def deeper(self, level: Level, until: float | None, watch: Progress) -> Level:
        """The level after one."""
        it, counts, walks = self._it, level.counts, list[Walk]()
        for walk in level.frontier:
            absent = absent_names(self._texts.pop(walk), it.groups)
            for index, step in enumerate(it.steps):
                by_name = bool(step.alike & absent)
                by_order = bool(walk) and index < walk[-1] and are_apart(it, index, walk[-1])
                uncertain = walk in self._moving and not self._waits[index]
                counts += Counts(
                    by_name=by_name,
                    by_order=by_order and not by_name,
                    unknown=uncertain and not (by_name or by_order),
                )
                if not (by_name or by_order or uncertain):
                    walks.append((*walk, index))
        frontier, states, findings = list[Walk](), set(level.states), list(level.findings)
        complete = True
        for walk, end in watch(
            self._played(walks), len(walks), f"paths of depth {level.depth + 1}"
        ):
            counts += Counts(tried=1, unknown=not end.is_known)
            if end.sighting is not None:
                kind = kind_of(it, end.shown, end.sighting)
                keep_shortest(it, end.shown, findings, self._kinds, kind)
            elif end.is_known and end.digest not in states:
                states.add(end.digest)
                frontier.append(walk)
                self._keep(walk, end)
                counts += Counts(states=1)
            if until is not None and time.monotonic() > until:
                complete = walk == walks[-1]
                break
        return level.next(frontier, states, findings, counts, complete)

    def _played(self, walks: Sequence[Walk]) -> Iterator[tuple[Walk, Played]]:
        """The sequences, each with what comes of it; probes are taken at the end of each."""
        logs = (self._it.log((*walk, *self._probes)) for walk in walks)
        for walk, traces in zip(walks, play_all(self._lanes, logs), strict=True):
            yield walk, self._end(walk, traces)

    def _end(self, walk: Walk, traces: Sequence[Trace]) -> Played:
        it = self._it
        count = len(it.log(walk).events)
        last = len(it.steps[walk[-1]].events) if walk else 0
        is_known = not any(
            trace.gap_at(index) in UNTOLD
            for trace in traces
            for index in range(count - last, count)
        )
        is_moving = any(trace.view_at(count - 1) is None for trace in traces)
        models = [trace for trace in traces if isinstance(trace, ModelTrace)]
        sighting = it.goal.first(traces)
        shown = self._shown(walk, sighting.seq - count) if sighting else walk
        if models:
            states = [trace.steps[count - 1].state for trace in models]
            text = joint_text(states)
            digest = joint_digest(states, it.groups, text)
            return Played(shown, sighting, digest, text, is_known, is_moving)
        text = _text_of(walk, [trace.view_at(count - 1) for trace in traces])
        digest = blake2b(text.encode(), digest_size=SIZE).digest()
        return Played(shown, sighting, digest, text, is_known, is_moving)

    def _shown(self, walk: Walk, beyond: int) -> Walk:
        """The sequence with those probes that it takes for so many events after it."""
        for index in self._probes:
            if beyond <= 0:
                break
            walk = (*walk, index)
            beyond -= len(self._it.probes[index - len(self._it.steps)].events)
        return walk


def _text_of(walk: Walk, views: Sequence[View | None]) -> str:
    """All that is seen; where nothing can be seen, since a job is moving, how one came there."""
    parts = [walk if view is None else _parts_of(view) for view in views]
    return repr(parts)


def _parts_of(view: View) -> tuple[Hashable, ...]:
    nodes = {path: dict(node.fields) for path, node in view.all_nodes.items()}
    files = {
        name: (f.format, f.size, f.backing_file, f.backing_format, f.unlinked, f.inode.extents)
        for name, f in view.files.items()
    }
    return view.running, repr(nodes), repr(files)
