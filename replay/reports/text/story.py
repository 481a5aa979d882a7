"""What each patch did, as text."""

from collections.abc import Iterable, Iterator
from functools import partial

from replay.reports.documents import DiffReport
from replay.reports.effects import (
    LEVELS,
    Effect,
    PatchEffects,
    change,
    day,
    effects_of,
    heading,
    listed,
    phrase,
    titles,
)
from replay.reports.flag_tables import BitFields, among
from replay.reports.text.flags import table
from replay.reports.text.page import Piece, block, fitted, line

MOST_LINES = 16
"""So many changes of a patch are told on a level; the rest is a number."""


def chapters(report: DiffReport) -> Iterator[str | Piece]:
    """The patches that are asked about with all that they did, then the others, a line each."""
    told = effects_of(report)
    if all(one.divergence.place.level == "state" for one in report.divergences):
        yield from _table(told.first, report)
    for chapter in told.first:
        yield from ("", *_chapter(chapter, report.bits))
    if told.others:
        about = "Other patches between them" if told.first else "Patches between them"
        yield from ("", line(about, "heading"))
        yield from _lines(told.others, report.bits)


def _chapter(chapter: PatchEffects, bits: BitFields) -> Iterator[str | Piece]:
    yield from (block("", it, hang=4, role="patch") for it in heading(chapter.turns))
    if not chapter.deeds:
        yield "  changes nothing here"
    for which, name in LEVELS.items():
        deeds = chapter.of(which)
        if deeds:
            yield line(f"  {name}", which)
            groups = _grouped(deeds, bits)
            for told, places in list(groups.items())[:MOST_LINES]:
                yield block("    ", f"{listed(places)}: {told}", hang=2)
            if len(groups) > MOST_LINES:
                yield f"    and {len(groups) - MOST_LINES} more; --details has all values"


def _table(first: Iterable[PatchEffects], report: DiffReport) -> Iterator[str | Piece]:
    """The flags that these patches moved, node by node, where that is first seen."""
    deeds = [deed for chapter in first for deed in chapter.deeds if deed.place.field in report.bits]
    flags = {flag for deed in deeds for flag in (*deed.before, *deed.after)}
    tables = (among(chain, flags) for chain in report.chains)
    for chain in [chain for chain in tables if chain.rows][:1]:
        yield ""
        yield from table(chain, common=False)


def _grouped(deeds: Iterable[Effect], bits: BitFields) -> dict[str, list[Effect]]:
    """Deeds by what they changed."""
    groups: dict[str, list[Effect]] = {}
    for deed in deeds:
        groups.setdefault(change(deed, bits), []).append(deed)
    return groups


# A line a patch


def _lines(chapters: Iterable[PatchEffects], bits: BitFields) -> Iterator[Piece]:
    """Each patch with its month and its title, below it what it did in a few words."""
    for chapter in chapters:
        turn = chapter.turns[0]
        month = day(turn.patch).partition(" ")[2]
        lead = f"  {turn.patch.sha[:8]:8}  {month:8}  "
        yield block(lead, titles(chapter.turns))
        lead = f"      {chapter.deeds[0].place.level}: "
        yield Piece(partial(_fitting, lead, _phrases(chapter, bits)))


def _fitting(lead: str, phrases: list[str], width: int) -> Iterator[str]:
    yield lead + fitted(phrases, width - len(lead))


def _phrases(chapter: PatchEffects, bits: BitFields) -> list[str]:
    return list(dict.fromkeys(phrase(deed, bits) for deed in chapter.deeds))
