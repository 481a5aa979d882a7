"""How far a change was put to the test, in words."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from replay.analysis.reach import ChangeReach, HunkReached, change_reach, joined
from replay.analysis.tree_change import OwnField, tree_change
from replay.engine.trace import ModelTrace
from replay.reports import words

__all__ = [
    "ChangeReach",
    "HunkReached",
    "OwnField",
    "added_fields",
    "change_reaches",
    "fields",
    "joined",
    "missing",
    "of_logs",
    "sentence",
]

MOST_PLACES = 8
"""So many places are named that nothing reached; beyond it a reader writes another log first."""


def change_reaches(traces: Sequence[ModelTrace]) -> tuple[ChangeReach, ...]:
    """What a log ran through of the change from each variant to the next one."""
    return tuple(map(change_reach, traces, traces[1:]))


def sentence(reaches: Sequence[ChangeReach]) -> str:
    """How far one log went into the changes, as the end of a sentence."""
    if not any(reach.is_code and reach.can_run for reach in reaches):
        return "no code differs"
    if len(reaches) == 1:
        return f"it {_how_far(reaches[0])}"
    texts = (f"{_share(reach)} from {reach.before} to {reach.after}" for reach in reaches)
    return f"of the hunks that differ it ran through {words.listing([*texts])}"


def _ran(reach: ChangeReach) -> int:
    return sum(it.is_reached for it in reach.can_run)


def _share(reach: ChangeReach) -> str:
    return f"{_ran(reach)} of {len(reach.can_run)}"


def _how_far(reach: ChangeReach) -> str:
    every, ran = len(reach.can_run), _ran(reach)
    if every == 1:
        return "ran through the hunk that differs" if ran else "did not reach the hunk that differs"
    share = f"ran through {ran}" if ran else "reached none"
    return f"{share} of the {every} hunks that differ"


def of_logs(logs: Sequence[Sequence[ChangeReach]]) -> str:
    """How many of several logs reached the changes, as the end of a sentence; "" without any."""
    changes = [joined(of_change) for of_change in zip(*logs, strict=True)]
    if not changes:
        return ""
    if not any(change.is_code for change in changes):
        return "no code differs"
    if len(changes) == 1:
        of = "them" if changes[0].looked_at > 1 else "it"
        return f"{len(changes[0].logs)} of {of} reached the change"
    texts = (f"{len(it.logs)} from {it.before} to {it.after}" for it in changes)
    return f"logs that reached the change: {words.listing([*texts])}"


def missing(reach: ChangeReach) -> str:
    """The places of a change that nothing reached; "" if there is none."""
    places = [*_missing(reach)] if reach.is_code else []
    more = [f"{len(places) - MOST_PLACES} more"] if len(places) > MOST_PLACES else []
    return ", ".join([*places[:MOST_PLACES], *more])


def _missing(reach: ChangeReach) -> Iterator[str]:
    for it in reach.can_run:
        first, last = it.hunk.first, it.hunk.last
        lines = it.missing if it.is_reached else range(first, last + 1)
        if lines:
            function = f" {words.escape(it.function)}" if it.function else ""
            gone = "" if it.hunk.is_left else f" of {words.escape(reach.before)}"
            yield f"{words.escape(it.hunk.file)}:{words.ranges(lines)}{function}{gone}"


def fields(reach: ChangeReach) -> dict[str, list[str]]:
    """The fields that objects of a class have in one variant only, by its name."""
    return _by_variant(reach.fields, reach.before, reach.after)


def _by_variant(own: Iterable[OwnField], before: str, after: str) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for it in own:
        names.setdefault(after if it.is_new else before, []).append(f"{it.kind}.{it.name}")
    return names


def added_fields(traces: Sequence[ModelTrace]) -> Iterator[str]:
    """What is not compared since only a patch file of one's own, or its absence, has it."""
    for before, after in pairwise(trace.variant for trace in traces):
        if before.spec.extra != after.spec.extra:
            own = tree_change(before.tree, after.tree).fields
            for name, names in _by_variant(own, before.name, after.name).items():
                yield f"not compared, since only {name} has it: {words.few(names)}"
