"""A shrunk log as JSON."""

from typing import Annotated

from msgspec import Meta

from replay.events.event import Payload
from replay.reports.documents.search.shrink import ShrinkReport
from replay.reports.json.common import (
    FORMAT_VERSION,
    Count,
    JsonObject,
    LogObject,
    Sha256,
    VariantObject,
    Version,
    encode,
    log_object,
    variant_objects,
)
from replay.reports.json.search.common import SightingObject, sighting_object


class ShrinkObject(JsonObject, frozen=True):
    """The shortest log that still shows something."""

    format_version: Version
    log: Annotated[LogObject, Meta(description="The whole log.")]
    variants: list[VariantObject]
    goal: Annotated[str, Meta(description="What it still shows, in words.")]
    events: Annotated[list[Payload], Meta(description="What is left.")]
    fingerprint: Annotated[Sha256, Meta(description="sha256 of what is left.")]
    sighting: SightingObject
    minimal: Annotated[bool, Meta(description="False if it was ended early.")]
    replays: Annotated[Count, Meta(description="How many logs were tried, each in every variant.")]


def shrink(report: ShrinkReport) -> str:
    """The shrunk log as an object."""
    return encode(
        ShrinkObject(
            format_version=FORMAT_VERSION,
            log=log_object(report.log),
            variants=[*variant_objects(report.variants)],
            goal=report.goal,
            events=[*report.events],
            fingerprint=report.fingerprint,
            sighting=sighting_object(report.sighting),
            minimal=report.minimal,
            replays=report.replays,
        )
    )
