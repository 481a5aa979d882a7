"""What a hunt finds, each cause once: named by its first difference, shrunk, known or new."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace as with_fields

from replay.analysis.bisect import about_place, bisect
from replay.analysis.play import play
from replay.analysis.search.goal import CheckPlace, Goal, Sighting, certain_goal, same_way, way
from replay.analysis.search.shrink import Player, Shrunk, shrink
from replay.engine.diff import diff
from replay.engine.places import FieldPlace, OutcomePlace, Place, label
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace, Trace
from replay.errors import ReplayError
from replay.events.event import Log
from replay.variants.expression import VariantSpec
from replay.variants.path import PatchChange
from replay.variants.variant import Variant, build

CauseKey = tuple[Any, ...]
"""What tells causes apart: the event at which players first differ, in which ways, the patches."""


class HuntFinding(Struct, frozen=True):
    """A cause: the shortest log that shows it, and how many sequences did.

    `first` is where the variants first differ in more than fields, which may be before they can
    be told apart. `changes` are the patches that bring it, none if only one variant was hunted in.
    `known` is the name of a log that shows it too, `explained` why a build of today differs from
    every tree, "" if that is not known.
    """

    start: str
    steps: tuple[str, ...]
    shrunk: Shrunk
    first: Sighting
    changes: tuple[PatchChange, ...]
    known: str
    sequences: int = 1
    explained: str = ""


class RawFinding(Struct, frozen=True):
    """A sequence that reaches the goal: its start, its steps in words and its log."""

    start: str
    steps: tuple[str, ...]
    log: Log


def findings(
    raw: Iterable[RawFinding],
    players: Sequence[Player],
    goal: Goal,
    examples: Iterable[Log] = (),
) -> tuple[HuntFinding, ...]:
    """The causes behind sequences, in their order; `examples` are logs that show known ones."""
    by_cause: dict[CauseKey, list[RawFinding]] = {}
    for raw_finding in raw:
        traces = play(players, raw_finding.log)
        by_cause.setdefault(cause(traces, goal)[0], []).append(raw_finding)
    known = known_causes(examples if by_cause else (), players, goal)
    causes: dict[CauseKey, HuntFinding] = {}
    for key, alike in by_cause.items():
        shrunk = shortest(alike[0].log, players, goal)
        traces = play(players, shrunk.log)
        final, first = cause(traces, goal)
        # A longer sequence may be a shorter one with something around it that shrinking took off.
        if final in causes:
            one = causes[final]
            causes[final] = with_fields(one, sequences=one.sequences + len(alike))
            continue
        changes = brought_by(traces, first)
        name = known.get(final, known.get(key, ""))
        start, steps = alike[0].start, alike[0].steps
        why = "" if changes else later_change(traces, first)
        causes[final] = HuntFinding(start, steps, shrunk, first, changes, name, len(alike), why)
    return tuple(causes.values())


def shortest(log: Log, players: Sequence[Player], goal: Goal) -> Shrunk:
    """The minimal log that reaches the goal as this one does first."""
    sighting = goal.first(play(players, log))
    if sighting is None:
        raise ReplayError(f"the log {log.name} does not show {goal.words}")
    shrunk_goal = (
        goal if len(players) == 1 else same_way(goal.words, sighting.place, sighting.values)
    )
    *_, last = shrink(log, players, certain_goal(shrunk_goal) if goal.certain else shrunk_goal)
    return last


def known_causes(
    examples: Iterable[Log], players: Sequence[Player], goal: Goal
) -> Mapping[CauseKey, str]:
    """The causes that these logs show, each with the first log's name."""
    names_by_cause: dict[CauseKey, str] = {}
    for log in examples:
        traces = play(players, log)
        if goal.first(traces) is not None:
            names_by_cause.setdefault(cause(traces, goal)[0], log.name)
    return names_by_cause


def cause(traces: Sequence[Trace], goal: Goal) -> tuple[CauseKey, Sighting]:
    """The cause by which traces reach the goal, and their first difference.

    Fields do not count as that: flags of nodes differ long before anything comes of it.
    """
    sighting = goal.first(traces)
    assert sighting is not None, "only what reaches the goal has a cause"
    alike = [sighting]
    if len(traces) > 1 and not isinstance(sighting.place, CheckPlace):
        every = diff(*traces).divergences
        hard = [
            Sighting(item.first_seq, item.place, item.values)
            for item in every
            if _is_hard(item.place)
        ]
        begin = min(item.seq for item in (sighting, *hard))
        earliest = [item for item in hard if item.seq == begin] or [sighting]
        order = min(item.place.order for item in earliest)
        alike = [item for item in earliest if item.place.order == order]
    first = alike[0]
    ways = tuple(sorted((way(item.place, item.values) for item in alike), key=repr))
    event = way(OutcomePlace(label(traces[0].steps[first.seq - 1].event.payload)), {})
    changes = brought_by(traces, first)
    return (event, ways, tuple(change.patch.name for change in changes)), first


def _is_hard(place: Place) -> bool:
    return not isinstance(place, FieldPlace)


def brought_by(traces: Sequence[Trace], first: Sighting) -> tuple[PatchChange, ...]:
    """The patches with which the value at the first difference changes.

    Between a variant and a real machine those of the series with which the model comes to do there
    as that does, if it ever does.
    """
    if len(traces) != 2 or isinstance(first.place, CheckPlace):
        return ()
    start, end = traces
    if isinstance(start, ModelTrace) and not isinstance(end, ModelTrace):
        later = replay(start.log, last_of(start.variant))
        alike = all(item.place != first.place for item in diff(later, end).divergences)
        end = later if alike else start
    if not (isinstance(start, ModelTrace) and isinstance(end, ModelTrace)):
        return ()
    ends = (start, end)
    try:
        return bisect(ends, about_place(ends, first.place, first.seq)).changes[0].changes
    except ReplayError:
        return ()  # the ends answer alike where the place is an event's of another machine


def later_change(traces: Sequence[Trace], first: Sighting) -> str:
    """Why builds beside the model differ from every tree of it, "" if that is unknown."""
    programs = [trace for trace in traces if not isinstance(trace, ModelTrace)]
    if len(programs) == len(traces):
        return ""
    for trace in programs:
        outcome = trace.steps[first.seq - 1].outcome
        error = (outcome.error if outcome else None) or {}
        text = str(error.get("desc", error.get("text", "")))
        for change in trace.player.subject.config.later:
            if re.search(change.error, text):
                return change.why
    return ""


def last_of(variant: Variant) -> Variant:
    """The end of the series that a variant is of."""
    depth = len(variant.subject.series.patches)
    return build(variant.subject, VariantSpec(depth), "last", "last")
