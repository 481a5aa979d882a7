"""Joining the differences of successive events into divergences with a first and last event."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct

from replay.engine.compare import (
    Differences,
    Values,
    compare_files,
    compare_machines,
    compare_outcomes,
    differ,
)
from replay.engine.compared import Compared, ComparedTally, compared_views
from replay.engine.places import MachinePlace, Place
from replay.engine.trace import Trace, with_distinct_names
from replay.engine.view import View

P = TypeVar("P", bound=Hashable)

MOST_WRITTEN = 1000
"""Characters of values that are likely to come again."""

MOST_REMEMBERED = 3000
"""Comparisons that are remembered of one log, which goes on from one state to the next."""


class Span(NamedTuple, Generic[P]):
    """Something that holds with the same values from the event `first_seq` to `last_seq`."""

    place: P
    values: Any
    first_seq: int
    last_seq: int


class Divergence(Struct, frozen=True):
    """One place with the same tuple of values in successive events, first_seq to last_seq."""

    place: Place
    values: Values
    first_seq: int
    last_seq: int


class Diff(Struct, frozen=True, eq=False):
    """Traces of one log, in the order given, and their divergences by first event and place.

    No two of the traces have one name, since values are told apart by it.
    """

    traces: tuple[Trace, ...]
    divergences: tuple[Divergence, ...]
    compared: Compared = Compared(0, 0, 0)


def diff(*traces: Trace) -> Diff:
    """The divergences between traces of the same log; ValueError for traces of several logs."""
    if len({trace.log.fingerprint for trace in traces}) != 1:
        raise ValueError("only traces of one log can be compared")
    traces = with_distinct_names(traces)
    tally, positions = ComparedTally(traces), Positions[Place]()
    events = positions.noting(_differences(traces, tally))
    ordered = in_reading_order(_with_shared_values(spans(events)), positions)
    return Diff(traces, tuple(ordered), tally.compared())


def _with_shared_values(found: Iterable[Span[Place]]) -> Iterator[Divergence]:
    """The divergences; places and short values that are alike are one object, to take less room."""
    places: dict[Place, Place] = {}
    known: dict[str, Values] = {}
    for place, values, first, last in found:
        written = repr(values)
        shared = known.setdefault(written, values) if len(written) < MOST_WRITTEN else values
        yield Divergence(places.setdefault(place, place), shared, first, last)


def _differences(
    traces: tuple[Trace, ...], tally: ComparedTally
) -> Iterator[tuple[int, Differences]]:
    """What differs at each event; where a state is unknown, what differed before it lasts.

    Each event is looked at once, in all traces: of a long one a page is replayed for it.
    """
    comparison = StateComparison(MOST_REMEMBERED)
    state: Differences = {}
    for index, event in enumerate(traces[0].log.events):
        tally.count(index)
        ended = {trace.player.name: trace.steps[index].outcome for trace in traces}
        outcomes = {name: outcome for name, outcome in ended.items() if outcome is not None}
        present = _present(traces, tally.ends)
        parts = [part for trace in present if (part := trace.parts_at(index)) is not None]
        if len(parts) == len(present):
            state = comparison.differences(parts, partial(compared_views, present, index))
        known = [name for name in ended if name not in tally.limits]
        runs = {name: name not in tally.ends for name in known}
        changed = compare_outcomes(event.payload, outcomes) | compare_running(runs)
        yield index + 1, changed | state if changed else state


def _present(traces: Sequence[Trace], ends: Mapping[str, int]) -> tuple[Trace, ...]:
    """Those whose machine has not gone before the others', by the indexes at which some have.

    What a log does after that is no difference: a crash or refusal is, and not what it left undone.
    """
    last = max(ends.values()) if len(ends) == len(traces) else None
    return tuple(trace for trace in traces if ends.get(trace.player.name) == last)


def compare_running(runs: Mapping[str, bool]) -> Differences:
    """Whether the machine is gone in some, while others run; by a limit of ours it is in none."""
    return {MachinePlace(): runs} if differ(runs) else {}


class StateComparison:
    """What differs between states, which are given by their parts and looked at if need be.

    The parts that were compared before are remembered: after most events most are as they were.
    """

    def __init__(self, most: int | None = None) -> None:
        """`most` is how many comparisons are remembered, by default all."""
        self._most = most
        self._memo: dict[Hashable, Differences] = {}

    def differences(
        self,
        parts: Iterable[tuple[Hashable, Hashable]],
        views: Callable[[], Mapping[str, View] | None],
    ) -> Differences:
        """What differs between the views of states with these parts, machine and disk.

        It is one object as long as the parts are the same.
        """
        machines, disks = zip(*parts, strict=True)
        key = machines, disks
        if self._most is not None and len(self._memo) > self._most:
            self._memo.clear()
        if key not in self._memo:
            of_machines = self._part(compare_machines, machines, views)
            self._memo[key] = {**of_machines, **self._part(compare_files, disks, views)}
        return self._memo[key]

    def _part(
        self,
        compare: Callable[[Mapping[str, View]], Differences],
        parts: tuple[Hashable, ...],
        views: Callable[[], Mapping[str, View] | None],
    ) -> Differences:
        if all(part == parts[0] for part in parts):
            return {}
        key = compare, parts
        if key not in self._memo:
            self._memo[key] = compare(views() or {})
        return self._memo[key]


def spans(
    events: Iterable[tuple[int, Mapping[P, Any]]], last_seq: int | None = None
) -> Iterator[Span[P]]:
    """Joins successive events at which a place has the same values.

    Events at which nothing changes may be left out; then `last_seq` is the last event.
    """
    lasting: dict[P, tuple[Any, int]] = {}
    seq, before = 0, None
    for seq, differences in events:
        if differences is before:
            continue
        before = differences
        for place in [p for p, (values, _) in lasting.items() if differences.get(p) != values]:
            yield Span(place, *lasting.pop(place), seq - 1)
        for place, values in differences.items():
            lasting.setdefault(place, (values, seq))
    for place, (values, first) in lasting.items():
        yield Span(place, values, first, last_seq or seq)


class Positions(dict[P, int]):
    """The order in which places are met first."""

    def noting(
        self, events: Iterable[tuple[int, Mapping[P, Any]]]
    ) -> Iterator[tuple[int, Mapping[P, Any]]]:
        """What holds at each event, as it is given on."""
        before = None
        for seq, holding in events:
            if holding is not before:
                for place in holding:
                    self.setdefault(place, len(self))
            before = holding
            yield seq, holding


def in_reading_order(
    divergences: Iterable[Divergence], positions: Mapping[Place, int]
) -> list[Divergence]:
    """By first event, then behaviour before state, then as nodes are walked."""
    ordered = sorted(divergences, key=lambda divergence: positions[divergence.place])
    # One after another, since keys of several parts would take as much room as the divergences.
    ordered.sort(key=lambda divergence: divergence.place.order)
    ordered.sort(key=attrgetter("first_seq"))
    return ordered
