"""Comparing a log in several variants, as the options of a command want it."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from replay.attribute import Cause, attribute, select
from replay.baseline import Entry, entries, used, without
from replay.cli.progress import watched
from replay.cli.real import Player
from replay.differ import Divergence, diff
from replay.events import Log
from replay.interactions import interactions
from replay.report import DiffReport, Together, report, together
from replay.series import Patch, find_patch, read_patch
from replay.variants import Variant


class Asked(Struct, frozen=True):
    """What an invocation is about: `only` these patches, none for all; what is known is not.

    `interactions` is whether to look for patches that matter only together.
    """

    only: tuple[Patch, ...]
    other_than: tuple[Patch, ...]
    known: tuple[Entry, ...]
    interactions: bool

    def wanted(self, _: Divergence, cause: Cause) -> bool:
        """Whether the options let a cause through."""
        names = {turn.patch.name for turn in cause.turns}
        only, other_than = ({p.name for p in patches} for patches in (self.only, self.other_than))
        return bool(names - other_than) and (not only or bool(names & only))


class Compared(Struct, frozen=True):
    """A report, what would have to be accepted for it to be empty, and what was accepted by."""

    report: DiffReport
    entries: frozenset[Entry] = frozenset()
    used: frozenset[Entry] = frozenset()


def patches_of(text: str, variants: Sequence[Variant]) -> tuple[Patch, ...]:
    """The patches of SHA,... where a file that a variant adds may stand for a sha."""
    series = variants[0].subject.series
    files = {path for variant in variants for path in variant.recipe.extra}
    return tuple(
        read_patch(Path(word)) if word in files else series.patches[find_patch(series, word)]
        for word in text.split(",")
        if word
    )


def compare(log: Log, players: Sequence[Player], asked: Asked | None) -> Compared:
    """What there is to tell of a log in several variants; asked None leaves patches out."""
    found = diff(*(play(log) for play in players))
    if asked is None:
        return Compared(report(found))
    wanted = select(found, attribute(found, watched), asked.wanted)
    told = report(*without(*wanted, asked.known), asked.only)
    if asked.interactions:
        told = replace(told, together=_together(told))
    return Compared(told, entries(*wanted), used(*wanted, asked.known))


def _together(told: DiffReport) -> tuple[Together, ...]:
    """Of the patches that are asked about, of all that did something if none of those is there."""
    asked = {patch.name for patch in told.named}
    did = {t.patch.name for one in told.divergences for c in one.causes for t in c.turns}
    names = asked & did or did
    found = interactions(told.diff.replayed, lambda patch: patch.name in names)
    return tuple(map(together, found))
