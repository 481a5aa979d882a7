"""The story of a diff as plain text: chapters for what is asked about, lines for the rest."""

from collections.abc import Iterable, Iterator

from replay.comparison import level
from replay.report import DiffReport
from replay.report.deeds import LEVELS, change, day, heading, listed, phrase, titles
from replay.report.flags import BitFields, among
from replay.report.page import WIDTH, block, cut, fitted
from replay.report.story import Chapter, Deed, story
from replay.report.table import table

MOST_LINES = 16
"""So many changes of a patch are told on a level; the rest is a number."""

WORDS = 38
"""How many columns what a patch did may take in a line."""


def chapters(report: DiffReport) -> Iterator[str]:
    """The patches that are asked about with all that they did, then the others, a line each."""
    told = story(report)
    if all(level(one.divergence.place) == "state" for one in report.divergences):
        yield from _table(told.first, report)
    for chapter in told.first:
        yield from ("", *_chapter(chapter, report.bits))
    if told.others:
        yield from ("", "Other patches between them" if told.first else "Patches between them")
        yield from _lines(told.others, report.bits)


def _chapter(chapter: Chapter, bits: BitFields) -> Iterator[str]:
    yield from heading(chapter.turns)
    if not chapter.deeds:
        yield "  changes nothing here"
    for which, name in LEVELS.items():
        deeds = chapter.of(which)
        if deeds:
            yield f"  {name}"
            groups = _grouped(deeds, bits)
            for told, places in list(groups.items())[:MOST_LINES]:
                yield from block("    ", f"{listed(places)}: {told}", hang=2)
            if len(groups) > MOST_LINES:
                yield f"    and {len(groups) - MOST_LINES} more; --details has all values"


def _table(first: Iterable[Chapter], report: DiffReport) -> Iterator[str]:
    """The flags that these patches moved, node by node, where that is first seen."""
    deeds = [deed for chapter in first for deed in chapter.deeds if deed.place.field in report.bits]
    flags = {flag for deed in deeds for flag in (*deed.before, *deed.after)}
    tables = (among(chain, flags) for chain in report.chains)
    for chain in [chain for chain in tables if chain.rows][:1]:
        yield from ("", *table(chain, common=False))


def _grouped(deeds: Iterable[Deed], bits: BitFields) -> dict[str, list[Deed]]:
    """Deeds by what they changed."""
    groups: dict[str, list[Deed]] = {}
    for deed in deeds:
        groups.setdefault(change(deed, bits), []).append(deed)
    return groups


# A line a patch


def _lines(chapters: Iterable[Chapter], bits: BitFields) -> Iterator[str]:
    """Each patch with its month, in a few words what it did, behaviour first, and its title."""
    rows = [(chapter, fitted(_phrases(chapter, bits), WORDS)) for chapter in chapters]
    wide = max(len(told) for _, told in rows)
    for chapter, told in rows:
        turn = chapter.turns[0]
        month = day(turn.patch).partition(" ")[2]
        first = level(chapter.deeds[0].place)
        lead = f"  {turn.patch.sha[:8]:8}  {month:8}  {first:9}  {told:{wide}}  "
        yield (lead + cut(titles(chapter.turns), WIDTH - len(lead))).rstrip()


def _phrases(chapter: Chapter, bits: BitFields) -> list[str]:
    return list(dict.fromkeys(phrase(deed, bits) for deed in chapter.deeds))
