"""Patches that matter only together, as plain text."""

from collections.abc import Iterator, Sequence

from replay.report import Together, words
from replay.report.deeds import change, listed, title
from replay.report.flags import BitFields
from replay.report.page import Piece, block, line
from replay.report.story import Deed, deeds_of


def together(found: Sequence[Together], bits: BitFields) -> Iterator[str | Piece]:
    """Each pair of patches with what there is only with both."""
    if not found:
        yield "No patch that is asked about needs another here, or wakes one."
        return
    yield line("Only together", "heading")
    for one in found:
        yield block("  ", _lead(one), hang=2)
        if one.part.lines:
            yield f"      {words.escape(one.part.text)}"
        for told, deeds in _grouped(one, bits).items():
            yield block("    ", f"{listed(deeds)}: {told}", hang=2)


def _lead(one: Together) -> str:
    earlier, later = one.part.patch, words.escape(one.turn.patch.sha[:8] or one.turn.patch.name)
    named = f"{earlier.sha[:8]} ({title(earlier)})"
    if not one.dormant:
        return f"{later} does this only since {named}"
    part = one.part
    place = f" at {words.escape(part.file)}:{part.line}" if part.lines else ""
    return f"{named} has no effect{place} before {later}; with both"


def _grouped(one: Together, bits: BitFields) -> dict[str, list[Deed]]:
    """Deeds by what they changed, each once."""
    met: dict[str, Deed] = {}
    for told in one.divergences:
        for deed in deeds_of(told, told.causes[0], bits):
            met.setdefault(repr((deed.place, deed.before, deed.after)), deed)
    groups: dict[str, list[Deed]] = {}
    for deed in met.values():
        groups.setdefault(change(deed, bits), []).append(deed)
    return groups
