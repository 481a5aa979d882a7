"""Finding patches that have an effect only together with another, or with one of its statements.

Two kinds are found where the way puts a patch in. It may do a thing only since an earlier one: put
on top of the trees before that, as far as it applies there, it does not do it. Or a part of an
earlier patch has no effect before it: left out on both sides of the step, the part makes no
difference before and makes one after. A part is a whole patch where that can be left out, else one
of its statements."""

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct, structs

from replay.engine.diff import Diff, Divergence, diff
from replay.engine.replay import arcs, replay
from replay.engine.trace import ModelTrace
from replay.engine.view import view
from replay.errors import Conflict, NotInLanguage
from replay.series import Patch, SourceFile, SourceLine, Tree, apply
from replay.variants.expression import VariantSpec
from replay.variants.path import PatchChange, path_between
from replay.variants.variant import Variant, build, variant_with_tree

SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Assert, ast.Delete)
"""Statements that can be left out, so that the rest is still a program."""


class PatchPart(Struct, frozen=True):
    """A patch, or one of its statements: where that stands in a tree, and its lines."""

    patch: Patch
    file: str = ""
    line: int = 0
    lines: tuple[SourceLine, ...] = ()

    @property
    def text(self) -> str:
        """The statement; "" for a whole patch."""
        return " ".join(line.text.strip() for line in self.lines)


def statements(tree: Tree, patches: Collection[str]) -> Iterator[PatchPart]:
    """The simple statements that patches of these names put into a tree."""
    for file in tree.files:
        for node in ast.walk(ast.parse(file.text)):
            if isinstance(node, SIMPLE) and not _describes(node):
                lines = file.lines[node.lineno - 1 : node.end_lineno]
                by = {line.patch for line in lines}
                index = by.pop() if len(by) == 1 else None
                if index is not None and tree.patches[index].name in patches:
                    yield PatchPart(tree.patches[index], file.name, node.lineno, tuple(lines))


def variant_without(variant: Variant, part: PatchPart) -> Variant | None:
    """The variant that lacks the part; None if there is none, or the part is not in it."""
    try:
        if part.lines:
            tree = _without_lines(variant.tree, part)
            return variant_with_tree(variant, tree, "without it") if tree else None
        series = variant.subject.series.patches
        if part.patch not in series:
            return None
        index = series.index(part.patch)
        spec = _spec_without(variant.spec, index, part.patch)
        return build(variant.subject, spec, "without it", "")
    except (Conflict, NotInLanguage):
        return None


def _spec_without(spec: VariantSpec, index: int, patch: Patch) -> VariantSpec:
    """The spec without a patch of the series, which may be there by its place or on top."""
    if index < spec.depth and index not in spec.left_out:
        return replace(spec, left_out=spec.left_out | {index})
    extra = tuple(added for added in spec.extra if added.patch != patch)
    return replace(spec, extra=extra)


def _describes(node: ast.stmt) -> bool:
    """Whether this is a text that describes, or a field of a class."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _without_lines(tree: Tree, part: PatchPart) -> Tree | None:
    """The tree with a `pass` in place of the lines; None if they are not in it."""
    place = _place(tree, part)
    if place is None:
        return None
    name, line = place
    files = (
        _replaced(file, line - 1, len(part.lines)) if file.name == name else file
        for file in tree.files
    )
    return replace(tree, files=tuple(files))


def _place(tree: Tree, part: PatchPart) -> tuple[str, int] | None:
    """The file and line of a statement in a tree, found by its lines being the same objects."""
    for file in tree.files:
        for number, line in enumerate(file.lines, 1):
            if line is part.lines[0]:
                return file.name, number
    return None


def _replaced(file: SourceFile, first: int, count: int) -> SourceFile:
    line = file.lines[first]
    indent = line.text[: len(line.text) - len(line.text.lstrip())]
    lines = (*file.lines[:first], replace(line, text=f"{indent}pass"), *file.lines[first + count :])
    return SourceFile(file.name, lines)


class Interaction(Struct, frozen=True, eq=False):
    """An earlier patch or a statement of it, the later patch, and what there is with both only.

    `diff` compares a variant with one of them and a variant with both. `dormant` says that it is
    the earlier one that has no effect without the later.
    """

    part: PatchPart
    later: PatchChange
    diff: Diff
    dormant: bool


def interactions(
    traces: Sequence[ModelTrace], is_chosen: Callable[[Patch], bool]
) -> tuple[Interaction, ...]:
    """What the patches that are asked about do only with others, and others only with them."""
    return tuple(
        interaction
        for start, end in pairwise(traces)
        for change, around in _steps(start.variant, end.variant)
        if is_chosen(change.patch)
        for find in (_needed_patches, _woken_effects)
        for interaction in find(change, *(replay(start.log, variant) for variant in around))
    )


def _steps(start: Variant, end: Variant) -> Iterator[tuple[PatchChange, tuple[Variant, Variant]]]:
    """The steps that put one patch in, each with the variants before and after it."""
    variant = start
    for step in path_between(start, end):
        if len(step.changes) == 1 and not step.changes[0].out:
            yield step.changes[0], (variant, step.variant)
        variant = step.variant


# What the patch does only since an earlier one


def _needed_patches(
    change: PatchChange, before: ModelTrace, after: ModelTrace
) -> Iterator[Interaction]:
    """By the earlier patches, from the latest on, without which the patch does not do it."""
    step = diff(before, after)
    remaining = list(step.divergences)
    spec = before.variant.spec
    depths = range(spec.depth - 1, -1, -1) if spec == VariantSpec(spec.depth) else ()
    for depth in depths:
        pair = _around(before.variant, depth, change.patch)
        if pair is None or not remaining:
            return
        traces = [replay(before.log, variant) for variant in pair]
        covered = [divergence for divergence in remaining if not _differs(divergence, *traces)]
        if covered:
            part = PatchPart(before.variant.subject.series.patches[depth])
            yield Interaction(
                part, change, structs.replace(step, divergences=tuple(covered)), dormant=False
            )
            remaining = [divergence for divergence in remaining if divergence not in covered]


# Each divergence asks for the same patches around the same points again.
@lru_cache(maxsize=256)
def _around(variant: Variant, depth: int, patch: Patch) -> tuple[Variant, Variant] | None:
    """An earlier point of the series without and with the patch; None if it does not apply."""
    point = build(variant.subject, VariantSpec(depth), str(depth), "")
    try:
        return point, variant_with_tree(point, apply(point.tree, patch), "with it")
    except (Conflict, NotInLanguage):
        return None


def _differs(divergence: Divergence, *traces: ModelTrace) -> bool:
    steps = [(trace.steps[divergence.first_seq - 1], trace.variant.subject) for trace in traces]
    place = divergence.place
    before, after = (place.value_in(s.outcome, view(s.state, subject)) for s, subject in steps)
    return bool(before != after)


# What an earlier patch does only since this one


def _woken_effects(
    change: PatchChange, before: ModelTrace, after: ModelTrace
) -> Iterator[Interaction]:
    whole = _separable(before.variant, after.variant)
    others = {patch.name for patch in before.variant.tree.patches if patch not in whole}
    reached, reached_before = _reached(after), _reached(before)
    parts = statements(after.variant.tree, others)
    single = [part for part in parts if (part.file, part.line) in reached]
    for part in (*map(PatchPart, whole), *single):
        if _is_idle(before, reached_before, part):
            active = _without(after, part)
            if active and active.divergences:
                yield Interaction(part, change, active, dormant=True)


def _is_idle(trace: ModelTrace, reached: Collection[tuple[str, int]], part: PatchPart) -> bool:
    """Whether a replay goes the same without a part that its tree has."""
    if part.lines:
        place = _place(trace.variant.tree, part)
        if place not in reached:
            return place is not None
    without = _without(trace, part)
    return without is not None and not without.divergences


# To leave a patch out, the trees on both sides are built anew.
@lru_cache(maxsize=64)
def _separable(*variants: Variant) -> tuple[Patch, ...]:
    """The patches that can be left out of all of the variants."""
    patches = variants[0].tree.patches
    return tuple(
        p for p in patches if all(variant_without(variant, PatchPart(p)) for variant in variants)
    )


def _without(trace: ModelTrace, part: PatchPart) -> Diff | None:
    """What the part does: a variant without it compared with the one that has it."""
    variant = variant_without(trace.variant, part)
    return diff(replay(trace.log, variant), trace) if variant else None


def _reached(trace: ModelTrace) -> frozenset[tuple[str, int]]:
    """The file and line of every statement that a replay runs through."""
    state = trace.variant.program.initial()
    lines: set[tuple[str, int]] = set()
    for step in trace.steps:
        lines |= {(file, line) for file, _, line in arcs(trace.variant, state, step.event)}
        state = step.state
    return frozenset(lines)
