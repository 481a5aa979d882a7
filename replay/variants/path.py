"""The steps between two variants: one patch added or removed at a time."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise, takewhile

from msgspec import Struct

from replay.errors import Conflict, NotInLanguage
from replay.series import Patch
from replay.variants.expression import VariantSpec, format_expression
from replay.variants.subject import Subject
from replay.variants.variant import Variant, build


class PatchChange(Struct, frozen=True):
    """A patch that is put in, or taken out where the path leads back or ends without it."""

    patch: Patch
    out: bool = False


class PathStep(Struct, frozen=True, eq=False):
    """The patches that a step puts in or takes out, and the variant that it reaches.

    It is one patch. There are several where they apply, or make a model, only together.
    """

    changes: tuple[PatchChange, ...]
    variant: Variant


# Attribution asks for the same path at every divergence, and building variants takes long.
@lru_cache(maxsize=64)
def path_between(start: Variant, end: Variant) -> tuple[PathStep, ...]:
    """The steps from one variant of a subject to another, which the last step reaches."""
    steps: list[PathStep] = []
    subject, last = start.subject, start.spec
    for spec in _specs_towards(last, end.spec):
        changes = _changes(subject, last, spec)
        variant = end if spec == end.spec else _variant_of(subject, spec)
        if changes and variant:
            steps.append(PathStep(changes, variant))
            last = spec
    return tuple(steps)


def changes_between(start: Variant, end: Variant) -> tuple[PatchChange, ...]:
    """All patches that differ between two variants, in the order of the path."""
    specs = [start.spec, *_specs_towards(start.spec, end.spec)]
    pairs = pairwise(specs)
    return tuple(change for pair in pairs for change in _changes(start.subject, *pair))


def named_patches(*variants: Variant) -> tuple[Patch, ...]:
    """The patches that the variants' expressions are written with, by variant; each once."""
    by_name: dict[str, Patch] = {}
    for variant in variants:
        spec, patches = variant.spec, variant.subject.series.patches
        named = [patches[index] for index in sorted(spec.named)]
        for patch in (*named, *(added.patch for added in spec.extra)):
            by_name.setdefault(patch.name, patch)
    return tuple(by_name.values())


def _specs_towards(now: VariantSpec, goal: VariantSpec) -> Iterator[VariantSpec]:
    """Specs that differ by one patch or none, from the first after `now` to the goal.

    First what only the start has goes: its files, and what it alone leaves out. Then along the
    series; what the goal leaves out is passed over. Then what only the goal has.
    """
    both = zip(now.extra, goal.extra, strict=False)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], both)))
    for count in reversed(range(shared, len(now.extra))):
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
    for count in range(shared, len(goal.extra)):
        yield (now := replace(now, extra=goal.extra[: count + 1]))


def _changes(subject: Subject, before: VariantSpec, after: VariantSpec) -> tuple[PatchChange, ...]:
    """What is in only one of two specs."""
    was, now = _patches(subject, before), _patches(subject, after)
    gone = [PatchChange(was[key], out=True) for key in reversed(was) if key not in now]
    return (*gone, *(PatchChange(now[key]) for key in now if key not in was))


def _patches(subject: Subject, spec: VariantSpec) -> dict[tuple[int, str], Patch]:
    """The patches in a spec by index or by place and word, in the order of being applied."""
    indexes = [index for index in range(spec.depth) if index not in spec.left_out]
    patches = {(index, ""): subject.series.patches[index] for index in indexes}
    return patches | {(place, added.word): added.patch for place, added in enumerate(spec.extra)}


def _variant_of(subject: Subject, spec: VariantSpec) -> Variant | None:
    """The variant that a spec stands for; None if its patches do not apply or make no model.

    Of patches on top its name is the last one.
    """
    text = format_expression(subject.series, spec)
    name = f"+{spec.extra[-1].word}" if spec.extra else text
    try:
        return build(subject, spec, name, text)
    except (Conflict, NotInLanguage):
        return None
