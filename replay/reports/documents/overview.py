"""What each patch changed across many logs, with the shortest log that shows it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from replay.engine.places import KINDS
from replay.reports.documents.diff import DiffReport
from replay.reports.documents.effects import Effect, PatchEffects
from replay.variants.path import PatchChange


class EffectExample(Struct, frozen=True):
    """An effect as the shortest log shows it, and how many logs do."""

    effect: Effect
    log: str
    logs: int


class PatchSummary(Struct, frozen=True):
    """What one step between two variants did in all logs. `first` says that it is of interest."""

    step: tuple[PatchChange, ...]
    first: bool
    examples: tuple[EffectExample, ...]
    logs: tuple[str, ...]

    def of(self, level: str) -> tuple[EffectExample, ...]:
        """The examples of a level: behaviour or state."""
        return tuple(e for e in self.examples if e.effect.place.level == level)


Sighting = tuple[DiffReport, PatchEffects]


def patch_summaries(reports: Sequence[DiffReport]) -> tuple[PatchSummary, ...]:
    """The effects of all diffs by step, those of interest first, each in the order of the steps.

    Logs are taken from the shortest on, so what is met first is what is shown.
    """
    by_length = sorted(reports, key=lambda report: (report.log.events, report.log.name))
    first = _by_step((report, done) for report in by_length for done in report.effects.first)
    others = _by_step((report, done) for report in by_length for done in report.effects.others)
    order = list(dict.fromkeys(s for r in sorted(reports, key=_fewer_steps) for s in r.steps))
    return tuple(
        _summary(step, sightings[step], is_first)
        for sightings, is_first in ((first, True), (others, False))
        for step in sorted(sightings, key=order.index)
    )


def kinds(reports: Iterable[DiffReport]) -> dict[str, int]:
    """How many divergences there are of each kind, behaviour before state."""
    every = (divergence for report in reports for divergence in report.divergences)
    counts = Counter(report.divergence.place.kind for report in every)
    return {kind: counts[kind] for kind in KINDS if kind in counts}


def _fewer_steps(report: DiffReport) -> int:
    return -len(report.steps)


def _by_step(sightings: Iterable[Sighting]) -> dict[tuple[PatchChange, ...], list[Sighting]]:
    by_step: dict[tuple[PatchChange, ...], list[Sighting]] = {}
    for report, effects in sightings:
        by_step.setdefault(effects.step, []).append((report, effects))
    return by_step


def _summary(
    step: tuple[PatchChange, ...], sightings: Sequence[Sighting], first: bool
) -> PatchSummary:
    by_content: dict[Any, tuple[Effect, list[str]]] = {}
    for report, effects in sightings:
        for effect in effects.effects:
            content = repr((effect.place, effect.before, effect.after))
            by_content.setdefault(content, (effect, []))[1].append(report.log.name)
    examples = sorted(
        (EffectExample(effect, logs[0], len(logs)) for effect, logs in by_content.values()),
        key=lambda example: example.effect.place.level,
    )
    logs = tuple(report.log.name for report, effects in sightings if effects.effects)
    return PatchSummary(step, first, tuple(examples), logs)
