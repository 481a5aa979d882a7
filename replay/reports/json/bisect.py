"""A bisection as JSON."""

from typing import Annotated, Any

from msgspec import Meta

from replay.events.event import Payload
from replay.reports.documents.bisect import BisectReport, ChangeReport
from replay.reports.json.common import (
    FORMAT_VERSION,
    Count,
    JsonObject,
    LogObject,
    PatchObject,
    Seq,
    VariantObject,
    Version,
    encode,
    log_object,
    patch_objects,
    variant_objects,
)


class SideObject(JsonObject, frozen=True):
    """What is so on one side of a change."""

    variant: VariantObject
    value: Any
    reason: Annotated[str | None, Meta(description="A sentence; null for a check.")]


class ChangeObject(JsonObject, frozen=True):
    """A step between two variants at which the answer changes."""

    patches: Annotated[
        list[PatchObject],
        Meta(min_length=1, description="Several if they apply only together."),
    ]
    seq: Annotated[Seq, Meta(description="The event at which it shows.")]
    event: Payload
    before: SideObject
    after: SideObject


class BisectObject(JsonObject, frozen=True):
    """Where something changes between two variants."""

    format_version: Version
    log: LogObject
    variants: Annotated[tuple[VariantObject, VariantObject], Meta(description="The two ends.")]
    about: Annotated[str, Meta(description="What is searched for.")]
    changes: Annotated[
        list[ChangeObject], Meta(description="The first that was found, or all with --all.")
    ]
    steps: Annotated[Count, Meta(description="How many steps there are between the ends.")]
    replays: Annotated[Count, Meta(description="How many replays it took.")]


def bisect(report: BisectReport) -> str:
    """The bisection as an object."""
    start, end = variant_objects(report.variants)
    document = BisectObject(
        format_version=FORMAT_VERSION,
        log=log_object(report.log),
        variants=(start, end),
        about=report.about,
        changes=[*map(_change, report.changes)],
        steps=report.steps,
        replays=report.replays,
    )
    return encode(document)


def _change(change: ChangeReport) -> ChangeObject:
    reasons = change.reasons or (None, None)
    variants = variant_objects(change.variants)
    before, after = (
        SideObject(variant, answer.value, reason)
        for variant, answer, reason in zip(variants, change.answers, reasons, strict=True)
    )
    return ChangeObject([*patch_objects(change.step)], change.seq, change.event, before, after)
