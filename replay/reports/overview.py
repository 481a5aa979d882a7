"""What each patch changed across many logs, with the shortest log that shows it."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from replay.reports.documents import DiffReport
from replay.reports.effects import Effect, PatchEffects, effects_of
from replay.variants.path import PatchChange


class EffectExample(Struct, frozen=True):
    """A deed as the shortest log shows it, and how many logs do."""

    deed: Effect
    log: str
    logs: int


class PatchSummary(Struct, frozen=True):
    """What one step of the way did in all logs. `first` says that it is asked about."""

    turns: tuple[PatchChange, ...]
    first: bool
    shown: tuple[EffectExample, ...]
    logs: tuple[str, ...]

    def of(self, wanted: str) -> tuple[EffectExample, ...]:
        """What was done on a level: behaviour or state."""
        return tuple(shown for shown in self.shown if shown.deed.place.level == wanted)


Sighting = tuple[DiffReport, PatchEffects]


def patch_summaries(reports: Sequence[DiffReport]) -> tuple[PatchSummary, ...]:
    """The chapters of all stories by their step, those asked about first, each in the way's order.

    Logs are taken from the shortest on, so what is met first is what is shown.
    """
    by_length = sorted(reports, key=lambda report: (report.log.events, report.log.name))
    told = [(report, effects_of(report)) for report in by_length]
    first = _by_step((report, chapter) for report, story in told for chapter in story.first)
    others = _by_step((report, chapter) for report, story in told for chapter in story.others)
    order = list(dict.fromkeys(s for r in sorted(reports, key=_fewer_steps) for s in r.steps))
    return tuple(
        _part(step, found[step], is_first)
        for found, is_first in ((first, True), (others, False))
        for step in sorted(found, key=order.index)
    )


def _fewer_steps(report: DiffReport) -> int:
    return -len(report.steps)


def _by_step(sightings: Iterable[Sighting]) -> dict[tuple[PatchChange, ...], list[Sighting]]:
    found: dict[tuple[PatchChange, ...], list[Sighting]] = {}
    for report, chapter in sightings:
        found.setdefault(chapter.turns, []).append((report, chapter))
    return found


def _part(
    turns: tuple[PatchChange, ...], sightings: Sequence[Sighting], first: bool
) -> PatchSummary:
    met: dict[Any, tuple[Effect, list[str]]] = {}
    for report, chapter in sightings:
        for deed in chapter.deeds:
            what = repr((deed.place, deed.before, deed.after))
            met.setdefault(what, (deed, []))[1].append(report.log.name)
    shown = sorted(
        (EffectExample(deed, logs[0], len(logs)) for deed, logs in met.values()),
        key=lambda shown: shown.deed.place.level,
    )
    logs = tuple(report.log.name for report, chapter in sightings if chapter.deeds)
    return PatchSummary(turns, first, tuple(shown), logs)
