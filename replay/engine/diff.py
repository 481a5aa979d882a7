"""Joining the differences of successive events into divergences with a first and last event."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from replay.engine.compare import (
    KINDS,
    Differences,
    Place,
    Values,
    compare_files,
    compare_machines,
    compare_outcomes,
    compare_views,
)
from replay.engine.observed_trace import AnyTrace, compared_views
from replay.engine.replay import Step, Trace
from replay.engine.view import View, view
from replay.state.objects import State


class Divergence(Struct, frozen=True):
    """One place with the same tuple of values in successive events, first_seq to last_seq."""

    place: Place
    values: Values
    first_seq: int
    last_seq: int


class Diff(Struct, frozen=True, eq=False):
    """Traces of one log, in the order given, and their divergences by first event and place."""

    traces: tuple[AnyTrace, ...]
    divergences: tuple[Divergence, ...]

    @property
    def replayed(self) -> tuple[Trace, ...]:
        """The traces of the model."""
        return tuple(trace for trace in self.traces if isinstance(trace, Trace))


PARTS: tuple[tuple[Callable[[State], Any], Callable[[Mapping[str, View]], Differences]], ...] = (
    (lambda state: (state.objects, state.machine), compare_machines),
    (lambda state: state.disk, compare_files),
)
"""The parts of a state that change apart from each other: requests of a guest change the disk."""


def diff(*traces: AnyTrace) -> Diff:
    """The divergences between traces of the same log; ValueError for traces of several logs."""
    if len({trace.log.fingerprint for trace in traces}) != 1:
        raise ValueError("only traces of one log can be compared")
    replayed = tuple(trace for trace in traces if isinstance(trace, Trace))
    events = _replayed(replayed) if len(replayed) == len(traces) else _seen(traces)
    return Diff(traces, tuple(_in_reading_order(spans(events), events)))


def _replayed(traces: tuple[Trace, ...]) -> list[tuple[int, Differences]]:
    """What differs at each event between traces of the model."""
    names = [trace.variant.name for trace in traces]
    memo: dict[tuple[Any, ...], Differences] = {}
    events = []
    for steps in zip(*(trace.steps for trace in traces), strict=True):
        outcomes = dict(zip(names, (step.outcome for step in steps), strict=True))
        found = compare_outcomes(steps[0].event.payload, outcomes)
        for part, compare in PARTS:
            parts = tuple(part(step.state) for step in steps)
            if parts not in memo:
                memo[parts] = _compare(compare, parts, traces, steps)
            found |= memo[parts]
        events.append((steps[0].seq, found))
    return events


def _seen(traces: tuple[AnyTrace, ...]) -> list[tuple[int, Differences]]:
    """What differs at each event where a witness looks; what differed lasts while none does."""
    events = []
    last: Differences = {}
    for index, event in enumerate(traces[0].log.events):
        outcomes = {trace.variant.name: trace.steps[index].outcome for trace in traces}
        known = {name: outcome for name, outcome in outcomes.items() if outcome is not None}
        looked = compared_views(traces, index)
        last = last if looked is None else compare_views(looked)
        events.append((index + 1, compare_outcomes(event.payload, known) | last))
    return events


def spans(events: Iterable[tuple[int, Differences]]) -> Iterator[Divergence]:
    """Joins the differences of successive events to divergences."""
    going_on: dict[Place, tuple[Values, int]] = {}
    seq = 0
    for seq, differences in events:
        for place in [p for p, (values, _) in going_on.items() if differences.get(p) != values]:
            yield Divergence(place, *going_on.pop(place), seq - 1)
        for place, values in differences.items():
            going_on.setdefault(place, (values, seq))
    for place, (values, first) in going_on.items():
        yield Divergence(place, values, first, seq)


def _in_reading_order(
    divergences: Iterable[Divergence], events: Iterable[tuple[int, Differences]]
) -> list[Divergence]:
    """By first event, then behaviour before state, then as nodes are walked."""
    places = dict.fromkeys(place for _, differences in events for place in differences)
    walked = {place: index for index, place in enumerate(places)}
    return sorted(
        divergences, key=lambda d: (d.first_seq, KINDS.index(d.place.kind), walked[d.place])
    )


def _compare(
    compare: Callable[[Mapping[str, View]], Differences],
    parts: tuple[Any, ...],
    traces: tuple[Trace, ...],
    steps: tuple[Step, ...],
) -> Differences:
    """What differs in one part of the states, which need not be looked at if it is the same."""
    if all(part == parts[0] for part in parts):
        return {}
    variants = [trace.variant for trace in traces]
    pairs = zip(variants, steps, strict=True)
    return compare({variant.name: view(step.state, variant.subject) for variant, step in pairs})
