"""Interactions: patches that matter only together, asked of the later of two.

Two kinds are found where the way puts a patch in. It may do a thing only since an earlier one: put
on top of the trees before that, as far as it applies there, it does not do it. Or a part of an
earlier patch has no effect before it: left out on both sides of the step, the part makes no
difference before and makes one after. A part is a whole patch where that can be left out, else one
of its statements.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from replay.differ import Diff, Divergence, diff
from replay.errors import ReplayError
from replay.observe import observed
from replay.parts import Part, statements, without
from replay.recipe import Recipe
from replay.replayer import Trace, replay, request
from replay.series import Patch, apply
from replay.variants import Variant, build, edited
from replay.view import view
from replay.way import Turn, way


class Interaction(Struct, frozen=True, eq=False):
    """An earlier patch or a statement of it, the later patch, and what there is with both only.

    `diff` compares a variant with one of them and a variant with both. `dormant` says that it is
    the earlier one that has no effect without the later.
    """

    part: Part
    turn: Turn
    diff: Diff
    dormant: bool


def interactions(
    traces: Sequence[Trace], asked: Callable[[Patch], bool]
) -> tuple[Interaction, ...]:
    """What the patches that are asked about do only with others, and others only with them."""
    return tuple(
        found
        for start, end in pairwise(traces)
        for turn, around in _steps(start.variant, end.variant)
        if asked(turn.patch)
        for find in (_needs, _wakes)
        for found in find(turn, *(replay(start.log, variant) for variant in around))
    )


def _steps(start: Variant, end: Variant) -> Iterator[tuple[Turn, tuple[Variant, Variant]]]:
    """The steps that put one patch in, each with the variants before and after it."""
    at = start
    for leg in way(start, end):
        if len(leg.turns) == 1 and not leg.turns[0].out:
            yield leg.turns[0], (at, leg.variant)
        at = leg.variant


# What the patch does only since an earlier one


def _needs(turn: Turn, before: Trace, after: Trace) -> Iterator[Interaction]:
    """By the earlier patches, from the latest on, without which the patch does not do it."""
    step = diff(before, after)
    left = list(step.divergences)
    recipe = before.variant.recipe
    depths = range(recipe.depth - 1, -1, -1) if recipe == Recipe(recipe.depth) else ()
    for depth in depths:
        pair = _around(before.variant, depth, turn.patch)
        if pair is None or not left:
            return
        traces = [replay(before.log, variant) for variant in pair]
        found = [divergence for divergence in left if not _differs(divergence, *traces)]
        if found:
            part = Part(before.variant.subject.series.patches[depth])
            yield Interaction(part, turn, Diff(step.traces, tuple(found)), dormant=False)
            left = [divergence for divergence in left if divergence not in found]


@lru_cache(maxsize=256)
def _around(variant: Variant, depth: int, patch: Patch) -> tuple[Variant, Variant] | None:
    """An earlier point of the series without and with the patch; None if it does not apply."""
    point = build(variant.subject, Recipe(depth), str(depth), "")
    try:
        return point, edited(point, apply(point.tree, patch), "with it")
    except ReplayError:
        return None


def _differs(divergence: Divergence, *traces: Trace) -> bool:
    steps = [(trace.steps[divergence.first_seq - 1], trace.variant.subject) for trace in traces]
    place = divergence.place
    one, other = (observed(place, s.outcome, view(s.state, subject)) for s, subject in steps)
    return bool(one != other)


# What an earlier patch does only since this one


def _wakes(turn: Turn, before: Trace, after: Trace) -> Iterator[Interaction]:
    whole = _separable(before.variant, after.variant)
    others = {patch.name for patch in before.variant.tree.patches if patch not in whole}
    reached = _reached(after)
    found = statements(after.variant.tree, others)
    single = [part for part in found if (part.file, part.line) in reached]
    for part in (*map(Part, whole), *single):
        idle = _without(before, part)
        if idle and not idle.divergences:
            active = _without(after, part)
            if active and active.divergences:
                yield Interaction(part, turn, active, dormant=True)


@lru_cache(maxsize=64)
def _separable(*variants: Variant) -> tuple[Patch, ...]:
    """The patches that can be left out of all of the variants."""
    patches = variants[0].tree.patches
    return tuple(p for p in patches if all(without(variant, Part(p)) for variant in variants))


def _without(trace: Trace, part: Part) -> Diff | None:
    """What the part does: a variant without it compared with the one that has it."""
    variant = without(trace.variant, part)
    return diff(replay(trace.log, variant), trace) if variant else None


def _reached(trace: Trace) -> frozenset[tuple[str, int]]:
    """The file and line of every statement that a replay runs through."""
    program = trace.variant.program
    state = program.initial()
    found: set[tuple[str, int]] = set()
    for step in trace.steps:
        asked = request(step.event.payload)
        if state.machine is not None and asked.handler in program.functions:
            found |= program.reached(asked.handler, asked.arguments, state)
        state = step.state
    return frozenset(found)
