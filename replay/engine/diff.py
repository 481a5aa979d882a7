"""Joining the differences of successive events into divergences with a first and last event."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
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
from replay.engine.compared import Compared, compared, end_of, limit_of
from replay.engine.places import MachinePlace, Place
from replay.engine.trace import Trace, compared_views, with_distinct_names
from replay.engine.view import View

P = TypeVar("P", bound=Hashable)


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
    events = list(_differences(traces))
    divergences = [Divergence(*span) for span in spans(events)]
    return Diff(traces, tuple(_in_reading_order(divergences, events)), compared(traces))


def _differences(traces: tuple[Trace, ...]) -> Iterator[tuple[int, Differences]]:
    """What differs at each event; where a state is unknown, what differed before it lasts."""
    memo: dict[Hashable, Differences] = {}
    state: Differences = {}
    ends = {trace.player.name: end_of(trace) for trace in traces}
    limits = {trace.player.name: limit_of(trace) for trace in traces}
    for index, event in enumerate(traces[0].log.events):
        ended = {trace.player.name: trace.steps[index].outcome for trace in traces}
        outcomes = {name: outcome for name, outcome in ended.items() if outcome is not None}
        present = _present(traces, ends, index)
        parts = [part for trace in present if (part := trace.parts_at(index)) is not None]
        if len(parts) == len(present):
            machines, disks = (tuple(part) for part in zip(*parts, strict=True))
            state = {
                **_part(compare_machines, machines, present, index, memo),
                **_part(compare_files, disks, present, index, memo),
            }
        machine = _machines(ends, limits, index)
        yield index + 1, compare_outcomes(event.payload, outcomes) | machine | state


def _present(traces: Sequence[Trace], ends: Mapping[str, int], index: int) -> tuple[Trace, ...]:
    """Those whose machine has not gone before the others'.

    What a log does after that is no difference: a crash or refusal is, and not what it left undone.
    """
    last = max(ends.values())
    return tuple(t for t in traces if index < ends[t.player.name] or ends[t.player.name] == last)


def _machines(ends: Mapping[str, int], limits: Mapping[str, int], index: int) -> Differences:
    """Whether the machine is gone in some, while others run; by a limit of ours it is in none."""
    runs = {name: index < end for name, end in ends.items() if index < limits[name]}
    return {MachinePlace(): runs} if differ(runs) else {}


def _part(
    compare: Callable[[Mapping[str, View]], Differences],
    parts: tuple[Hashable, ...],
    traces: tuple[Trace, ...],
    index: int,
    memo: dict[Hashable, Differences],
) -> Differences:
    """What differs in one part of the states, which need not be looked at if it is the same.

    The parts that were compared before are remembered: after most events most are as they were.
    """
    if all(part == parts[0] for part in parts):
        return {}
    key = compare, parts
    if key not in memo:
        memo[key] = compare(compared_views(traces, index) or {})
    return memo[key]


def spans(events: Iterable[tuple[int, Mapping[P, Any]]]) -> Iterator[Span[P]]:
    """Joins successive events at which a place has the same values."""
    lasting: dict[P, tuple[Any, int]] = {}
    seq = 0
    for seq, differences in events:
        for place in [p for p, (values, _) in lasting.items() if differences.get(p) != values]:
            yield Span(place, *lasting.pop(place), seq - 1)
        for place, values in differences.items():
            lasting.setdefault(place, (values, seq))
    for place, (values, first) in lasting.items():
        yield Span(place, values, first, seq)


def _in_reading_order(
    divergences: Iterable[Divergence], events: Iterable[tuple[int, Differences]]
) -> list[Divergence]:
    """By first event, then behaviour before state, then as nodes are walked."""
    places = dict.fromkeys(place for _, differences in events for place in differences)
    positions = {place: position for position, place in enumerate(places)}
    return sorted(divergences, key=lambda d: (d.first_seq, d.place.order, positions[d.place]))
