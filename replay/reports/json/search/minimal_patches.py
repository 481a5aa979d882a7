"""As few patches as bring an answer about, as JSON."""

from typing import Annotated, Any

from msgspec import Meta

from replay.reports.documents.search.minimal_patches import MinimalReport
from replay.reports.json.common import (
    FORMAT_VERSION,
    Count,
    JsonObject,
    LogObject,
    PatchObject,
    VariantObject,
    Version,
    encode,
    log_object,
    patch_objects,
    variant_objects,
)
from replay.variants.path import PatchChange


class MinimalObject(JsonObject, frozen=True):
    """As few patches as bring something about (--minimal)."""

    format_version: Version
    log: LogObject
    variants: Annotated[tuple[VariantObject, VariantObject], Meta(description="The two ends.")]
    about: Annotated[str, Meta(description="What is searched for.")]
    patches: list[PatchObject]
    standing: Annotated[
        list[list[str]], Meta(description="For each patch those that do not apply without it.")
    ]
    between: Annotated[Count, Meta(description="How many patches lie between the ends.")]
    before: Any
    after: Any
    minimal: Annotated[bool, Meta(description="False if it was ended early.")]
    replays: Annotated[Count, Meta(description="How many variants were tried.")]


def minimal_patches(report: MinimalReport) -> str:
    """The patches as an object."""
    start, end = variant_objects(report.variants)
    return encode(
        MinimalObject(
            format_version=FORMAT_VERSION,
            log=log_object(report.log),
            variants=(start, end),
            about=report.about,
            patches=[*patch_objects(map(PatchChange, report.patches))],
            standing=[[item.sha or item.name for item in others] for others in report.standing],
            between=report.between,
            before=report.before,
            after=report.after,
            minimal=report.minimal,
            replays=report.replays,
        )
    )
