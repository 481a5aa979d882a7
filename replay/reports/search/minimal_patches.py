"""As few patches as bring an answer about, as text and JSON."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from replay.analysis.search.minimal_patches import MinimalPatches
from replay.engine.trace import ModelTrace
from replay.reports import words
from replay.reports.bisection import answer_words, turns_json
from replay.reports.documents import FORMAT_VERSION, LogId, VariantId, log_id, log_json, variant_id
from replay.reports.json import document
from replay.reports.text.page import Page, Piece, block, header, line, page
from replay.series import label
from replay.variants.path import PatchChange


class MinimalReport(Struct, frozen=True):
    """What was asked about between which variants, and the patches.

    `flags` are those of the field if it is a whole bit field.
    """

    log: LogId
    variants: tuple[VariantId, VariantId]
    about: str
    found: MinimalPatches
    flags: Mapping[str, int] = {}


def minimal_report(
    ends: tuple[ModelTrace, ModelTrace],
    about: str,
    found: MinimalPatches,
    flags: Mapping[str, int],
) -> MinimalReport:
    """The report of a search between two traces about something in words."""
    return MinimalReport(
        log_id(ends[0]), (variant_id(ends[0]), variant_id(ends[1])), about, found, flags
    )


def text(report: MinimalReport) -> Page:
    """How many patches it takes, which, and how much was tried."""
    return page(_pieces(report))


def _pieces(report: MinimalReport) -> Iterator[str | Piece]:
    found = report.found
    yield from header(report.log, report.variants)
    yield ""
    before, after = (answer_words(answer.value, report.flags) for answer in found.answers)
    count = words.count(len(found.patches), "patch", "patches")
    told = f"{words.escape(report.about)}: {before} before, {after} with {count} of {found.between}"
    yield block("", f"{told}.", role="headline")
    yield from _patches(found)
    yield ""
    tried = f"{words.count(found.replays, 'variant')} replayed"
    end = "Without any one of them it is not so." if found.minimal else "Ended early."
    yield line(f"{end} {tried}", "faint")


def _patches(found: MinimalPatches) -> Iterator[str | Piece]:
    """Those that matter themselves, then those that others stand on."""
    standing = found.standing or ((),) * len(found.patches)
    pairs = [*zip(found.patches, standing, strict=True)]
    yield ""
    yield from (block("  ", words.escape(label(patch)), hang=2) for patch, on in pairs if not on)
    carrying = [(patch, on) for patch, on in pairs if on]
    if carrying:
        yield ""
        yield line("needed for others to apply", "heading")
    for patch, on in carrying:
        others = _short([other.sha[:8] or other.name for other in on])
        told = f"{words.escape(label(patch))}: without it not {others}"
        yield block("  ", told, hang=2)


MOST = 3
"""Patches that are told one by one where others do not apply."""


def _short(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(map(words.escape, names[:MOST])) + more


def json(report: MinimalReport) -> str:
    """The patches as an object."""
    found = report.found
    return document(
        {
            "format_version": FORMAT_VERSION,
            "log": log_json(report.log),
            "variants": report.variants,
            "about": report.about,
            "patches": turns_json(map(PatchChange, found.patches)),
            "standing": [[it.sha or it.name for it in others] for others in found.standing],
            "between": found.between,
            "before": found.answers[0].value,
            "after": found.answers[1].value,
            "minimal": found.minimal,
            "replays": found.replays,
        }
    )
