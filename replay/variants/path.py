"""The steps between two variants: one patch added or removed at a time."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise, takewhile
from pathlib import Path

from msgspec import Struct

from replay.errors import Conflict, NotInLanguage
from replay.series import Patch, read_patch
from replay.variants.expression import VariantSpec, format_expression
from replay.variants.subject import Subject
from replay.variants.variant import Variant, build


class PatchChange(Struct, frozen=True):
    """A patch that is put in; taken out where the way leads back or the goal leaves it out."""

    patch: Patch
    out: bool = False


class PathStep(Struct, frozen=True, eq=False):
    """A step of the way: what it turns, and the variant that it reaches.

    It turns one patch. There are several where they apply, or make a model, only together.
    """

    turns: tuple[PatchChange, ...]
    variant: Variant


@lru_cache(maxsize=64)
def path_between(start: Variant, end: Variant) -> tuple[PathStep, ...]:
    """The steps from one variant of a subject to another, which the last one reaches."""
    legs: list[PathStep] = []
    subject, at = start.subject, start.recipe
    for recipe in _recipes(at, end.recipe):
        turns = _turns(subject, at, recipe)
        variant = end if recipe == end.recipe else _built(subject, recipe)
        if turns and variant:
            legs.append(PathStep(turns, variant))
            at = recipe
    return tuple(legs)


def changes_between(start: Variant, end: Variant) -> tuple[PatchChange, ...]:
    """What the way from one variant to another turns, in order, wherever it may stop."""
    recipes = [start.recipe, *_recipes(start.recipe, end.recipe)]
    found = (_turns(start.subject, *pair) for pair in pairwise(recipes))
    return tuple(turn for turned in found for turn in turned)


def named_patches(*variants: Variant) -> tuple[Patch, ...]:
    """The patches that the variants' expressions are written with, by variant; each once."""
    found: dict[str, Patch] = {}
    for variant in variants:
        recipe, patches = variant.recipe, variant.subject.series.patches
        named = [patches[index] for index in sorted(recipe.named)]
        for patch in (*named, *(read_patch(Path(path)) for path in recipe.extra)):
            found.setdefault(patch.name, patch)
    return tuple(found.values())


def _recipes(now: VariantSpec, goal: VariantSpec) -> Iterator[VariantSpec]:
    """Recipes that differ by one patch or none, from the one after `now` to the goal.

    First what only the start has goes: its files, and what it alone leaves out. Then along the
    series; what the goal leaves out is not even met. Then what only the goal has.
    """
    both = zip(now.extra, goal.extra, strict=False)
    kept = len(list(takewhile(lambda pair: pair[0] == pair[1], both)))
    for count in reversed(range(kept, len(now.extra))):
        yield (now := replace(now, extra=now.extra[:count]))
    for index in sorted(now.left_out - goal.left_out - {*range(goal.depth, now.depth)}):
        yield (now := replace(now, left_out=now.left_out - {index}))
    for index in range(now.depth, goal.depth):
        out = now.left_out | (goal.left_out & {index})
        yield (now := replace(now, depth=index + 1, left_out=out))
    for index in reversed(range(goal.depth, now.depth)):
        yield (now := replace(now, depth=index, left_out=now.left_out - {index}))
    for index in sorted(goal.left_out - now.left_out, reverse=True):
        yield (now := replace(now, left_out=now.left_out | {index}))
    for count in range(kept, len(goal.extra)):
        yield (now := replace(now, extra=goal.extra[: count + 1]))


def _turns(subject: Subject, before: VariantSpec, after: VariantSpec) -> tuple[PatchChange, ...]:
    """What is in one of the recipes only."""
    was, now = _patches(subject, before), _patches(subject, after)
    gone = [PatchChange(was[key], out=True) for key in reversed(was) if key not in now]
    return (*gone, *(PatchChange(now[key]) for key in now if key not in was))


def _patches(subject: Subject, recipe: VariantSpec) -> dict[tuple[int, str], Patch]:
    """The patches in a recipe by index or by place and path, in the order of being applied."""
    indexes = [index for index in range(recipe.depth) if index not in recipe.left_out]
    found = {(index, ""): subject.series.patches[index] for index in indexes}
    return found | {(at, path): read_patch(Path(path)) for at, path in enumerate(recipe.extra)}


def _built(subject: Subject, recipe: VariantSpec) -> Variant | None:
    """The variant of a recipe; None if its patches do not apply or make no model.

    Of a stack of files its name is the last one.
    """
    text = format_expression(subject.series, recipe)
    name = f"+{recipe.extra[-1]}" if recipe.extra else text
    try:
        return build(subject, recipe, name, text)
    except (Conflict, NotInLanguage):
        return None
