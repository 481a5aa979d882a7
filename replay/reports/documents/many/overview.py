"""What each patch changed across many logs, with the shortest log that shows it."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from replay.engine.places import KINDS
from replay.reports.documents.effects import Effect, PatchEffects
from replay.reports.documents.many.groups import DiffGroup
from replay.variants.path import PatchChange


class EffectExample(Struct, frozen=True):
    """An effect as the shortest log shows it, and how many logs do."""

    effect: Effect
    log: str
    logs: int


class PatchSummary(Struct, frozen=True):
    """What one step between two variants did in all logs. `first` says that it is of interest.

    It did something in so many logs; `shortest` is one of them, "" if there is none.
    """

    step: tuple[PatchChange, ...]
    first: bool
    examples: tuple[EffectExample, ...]
    logs: int
    shortest: str

    def of(self, level: str) -> tuple[EffectExample, ...]:
        """The examples of a level: behaviour or state."""
        return tuple(e for e in self.examples if e.effect.place.level == level)


Sighting = tuple[DiffGroup, PatchEffects]


def patch_summaries(groups: Sequence[DiffGroup]) -> tuple[PatchSummary, ...]:
    """The effects of all diffs by step, those of interest first, each in the order of the steps.

    Logs are taken from the shortest on, so what is met first is what is shown.
    """
    by_length = sorted(groups, key=lambda group: group.brief.rank)
    first = _by_step((it, done) for it in by_length for done in it.brief.effects.first)
    others = _by_step((it, done) for it in by_length for done in it.brief.effects.others)
    longest = sorted(groups, key=lambda group: -len(group.brief.steps))
    order = list(dict.fromkeys(step for group in longest for step in group.brief.steps))
    return tuple(
        _summary(step, sightings[step], is_first)
        for sightings, is_first in ((first, True), (others, False))
        for step in sorted(sightings, key=order.index)
    )


def all_kinds(groups: Iterable[DiffGroup]) -> dict[str, int]:
    """How many divergences there are of each kind in all logs, behaviour before state."""
    counts = dict.fromkeys(KINDS, 0)
    for group in groups:
        for kind, count in group.brief.divergences.items():
            counts[kind] += count * len(group.logs)
    return {kind: count for kind, count in counts.items() if count}


def _by_step(sightings: Iterable[Sighting]) -> dict[tuple[PatchChange, ...], list[Sighting]]:
    by_step: dict[tuple[PatchChange, ...], list[Sighting]] = {}
    for group, effects in sightings:
        by_step.setdefault(effects.step, []).append((group, effects))
    return by_step


def _summary(
    step: tuple[PatchChange, ...], sightings: Sequence[Sighting], first: bool
) -> PatchSummary:
    by_content: dict[Any, tuple[Effect, list[DiffGroup]]] = {}
    for group, effects in sightings:
        for effect in effects.effects:
            content = repr((effect.place, effect.before, effect.after))
            by_content.setdefault(content, (effect, []))[1].append(group)
    examples = sorted(
        (
            EffectExample(effect, groups[0].brief.log.name, _logs(groups))
            for effect, groups in by_content.values()
        ),
        key=lambda example: example.effect.place.level,
    )
    acting = [group for group, effects in sightings if effects.effects]
    shortest = acting[0].brief.log.name if acting else ""
    return PatchSummary(step, first, tuple(examples), _logs(acting), shortest)


def _logs(groups: Iterable[DiffGroup]) -> int:
    return sum(len(group.logs) for group in groups)
