"""Attribution: the patches at which the value of a divergence changes, on the way between variants.

Every variant on the way is replayed. That is cheap, since what a patch does not touch is the same
transition before and after it.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from msgspec import Struct

from replay.differ import Diff, Divergence
from replay.observe import observed
from replay.replayer import Trace, replay, transitions
from replay.series import Patch
from replay.state import State
from replay.subject import Subject
from replay.view import View, view
from replay.way import Turn, way


class Cause(Struct, frozen=True):
    """A step of the way at which the value of a place changes.

    `before` and `after` are the values at the first event of the divergence, ABSENT where the
    place is not there. The step turns several patches where they apply only together.
    """

    turns: tuple[Turn, ...]
    before: Any
    after: Any


class Work(Struct, frozen=True):
    """What an attribution took: variants replayed, their transitions, and the distinct ones."""

    revisions: int = 0
    transitions: int = 0
    distinct: int = 0


class Attribution(Struct, frozen=True, eq=False):
    """The causes of each divergence of a diff, in the diff's order, and the steps looked at.

    `hidden` is how many divergences are not among them, since nobody wants to see their patches.
    """

    causes: tuple[tuple[Cause, ...], ...]
    steps: tuple[tuple[Turn, ...], ...]
    work: Work
    hidden: int = 0


Road = tuple[tuple[tuple[Turn, ...], Trace], ...]
"""The traces on the way from one compared variant to another, each with what was turned."""


def attribute(diff: Diff) -> Attribution:
    """The causes of every divergence, between neighbours of the variants that it has values in."""
    traces = {trace.variant.name: trace for trace in diff.replayed}
    pairs = dict.fromkeys(pair for found in diff.divergences for pair in _pairs(found))
    roads = {(a, b): _road(traces[a], traces[b]) for a, b in pairs}
    causes = tuple(
        tuple(cause for pair in _pairs(found) for cause in _causes(found, roads[pair]))
        for found in diff.divergences
    )
    legs = [leg for road in roads.values() for leg in road]
    steps = tuple(dict.fromkeys(turns for turns, _ in legs if turns))
    return Attribution(causes, steps, _work(trace for _, trace in legs))


def select(
    diff: Diff, attribution: Attribution, wanted: Callable[[Patch], bool]
) -> tuple[Diff, Attribution]:
    """Only the causes by wanted patches, and only the divergences that have any."""

    def chosen(turns: tuple[Turn, ...]) -> bool:
        return any(wanted(turn.patch) for turn in turns)

    found = zip(diff.divergences, attribution.causes, strict=True)
    asked = [(d, tuple(cause for cause in causes if chosen(cause.turns))) for d, causes in found]
    left = [(divergence, causes) for divergence, causes in asked if causes]
    selected = Attribution(
        causes=tuple(causes for _, causes in left),
        steps=tuple(filter(chosen, attribution.steps)),
        work=attribution.work,
        hidden=attribution.hidden + len(asked) - len(left),
    )
    return Diff(diff.traces, tuple(divergence for divergence, _ in left)), selected


def _pairs(divergence: Divergence) -> list[tuple[str, str]]:
    """The neighbours whose values differ, by name."""
    values = divergence.values
    return [(a, b) for a, b in pairwise(values) if values[a] != values[b]]


def _road(start: Trace, end: Trace) -> Road:
    legs = way(start.variant, end.variant)
    return (((), start), *((leg.turns, replay(start.log, leg.variant)) for leg in legs))


def _causes(divergence: Divergence, road: Road) -> Iterator[Cause]:
    """The steps of a way at which the value at the first event changes."""
    steps = [(turns, trace.variant, trace.steps[divergence.first_seq - 1]) for turns, trace in road]
    (_, variant, last), *rest = steps
    before = observed(divergence.place, last.outcome, _view(last.state, variant.subject))
    for turns, variant, step in rest:
        if step.state is last.state and step.outcome == last.outcome:
            continue
        after = observed(divergence.place, step.outcome, _view(step.state, variant.subject))
        if after != before:
            yield Cause(turns, before, after)
        last, before = step, after


@lru_cache(maxsize=4096)
def _view(state: State, subject: Subject) -> View:
    """Remembered, since many places are looked at in one state."""
    return view(state, subject)


def _work(traces: Iterable[Trace]) -> Work:
    trees = {trace.variant.digest: list(transitions(trace)) for trace in traces}
    every = [transition for found in trees.values() for transition in found]
    return Work(len(trees), len(every), len(set(every)))
