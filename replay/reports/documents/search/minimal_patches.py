"""The document of as few patches as bring an answer about."""

from typing import Any

from msgspec import Struct

from replay.analysis.search.minimal_patches import MinimalPatches
from replay.engine.places import Place
from replay.engine.trace import ModelTrace
from replay.reports.documents.bisect import answer_text
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id
from replay.series import Patch


class MinimalReport(Struct, frozen=True):
    """What was asked about between which variants, and the patches.

    `standing` has for each patch those that do not apply without it; one that has none matters
    itself. `texts` are both answers in words.
    """

    log: LogId
    variants: tuple[VariantId, VariantId]
    about: str
    patches: tuple[Patch, ...]
    standing: tuple[tuple[Patch, ...], ...]
    between: int
    before: Any
    after: Any
    minimal: bool
    replays: int
    texts: tuple[str, str]


def minimal_report(
    ends: tuple[ModelTrace, ModelTrace], about: str, search: MinimalPatches, place: Place | None
) -> MinimalReport:
    """The report of a search between two traces about something in words, perhaps a place."""
    bits = ends[0].variant.subject.config.bits
    flags = bits.get(place.field, {}) if place and not place.flag else {}
    before, after = (answer.value for answer in search.answers)
    return MinimalReport(
        log=log_id(ends[0]),
        variants=(variant_id(ends[0]), variant_id(ends[1])),
        about=about,
        patches=search.patches,
        standing=search.standing or ((),) * len(search.patches),
        between=search.between,
        before=before,
        after=after,
        minimal=search.minimal,
        replays=search.replays,
        texts=(answer_text(before, flags), answer_text(after, flags)),
    )
