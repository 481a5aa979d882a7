"""What each patch did, as text."""

from collections.abc import Iterable, Iterator
from functools import partial

from replay.reports.documents.diff import DiffReport
from replay.reports.documents.effects import (
    LEVELS,
    PatchEffects,
    by_change,
    day,
    heading,
    listed,
    phrases,
    titles,
)
from replay.reports.documents.flag_tables import among
from replay.reports.text.flags import table
from replay.reports.text.page import Piece, block, fitted, line
from replay.variants.subject import BitFields

MOST_LINES = 16
"""So many changes of a patch have a line on a level; the rest is a number."""


def effects(report: DiffReport) -> Iterator[str | Piece]:
    """The patches of interest with all that they did, then the others, a line each."""
    first, others = report.effects.first, report.effects.others
    if all(d.divergence.place.level == "state" for d in report.divergences):
        yield from _table(first, report)
    for patch in first:
        yield from ("", *_patch(patch, report.bits))
    if others:
        about = "Other patches between them" if first else "Patches between them"
        yield from ("", line(about, "heading"))
        yield from _lines(others, report.bits)


def _patch(patch: PatchEffects, bits: BitFields) -> Iterator[str | Piece]:
    yield from (block("", text, hang=4, role="patch") for text in heading(patch.step))
    if not patch.effects:
        yield "  changes nothing here"
    for level, name in LEVELS.items():
        groups = by_change(patch.of(level), bits)
        if groups:
            yield line(f"  {name}", level)
        for change, places in list(groups.items())[:MOST_LINES]:
            yield block("    ", f"{listed(places)}: {change}", hang=2)
        if len(groups) > MOST_LINES:
            yield f"    and {len(groups) - MOST_LINES} more; --details has all values"


def _table(first: Iterable[PatchEffects], report: DiffReport) -> Iterator[str | Piece]:
    """The flags that these patches moved, node by node, where that first shows."""
    every = (effect for done in first for effect in done.effects)
    moved = [effect for effect in every if effect.place.field in report.bits]
    flags = {flag for effect in moved for flag in (*effect.before, *effect.after)}
    tables = (among(whole, flags) for whole in report.flag_tables)
    for part in [part for part in tables if part.rows][:1]:
        yield ""
        yield from table(part, common=False)


# A line a patch


def _lines(others: Iterable[PatchEffects], bits: BitFields) -> Iterator[Piece]:
    """Each patch with its month and its title, below it what it did in a few words."""
    for other in others:
        patch = other.step[0].patch
        month = day(patch).partition(" ")[2]
        yield block(f"  {patch.sha[:8]:8}  {month:8}  ", titles(other.step))
        lead = f"      {other.effects[0].place.level}: "
        yield Piece(partial(_fitting, lead, phrases(other, bits)))


def _fitting(lead: str, texts: list[str], width: int) -> Iterator[str]:
    yield lead + fitted(texts, width - len(lead))
