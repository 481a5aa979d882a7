"""What the JSON documents of several searches share."""

from typing import Annotated, Any

from msgspec import Meta

from replay.reports.documents.search.sighting import SightingReport
from replay.reports.json.common import JsonObject, Seq


class SightingObject(JsonObject, frozen=True):
    """Where a search reached its goal."""

    seq: Seq
    path: Annotated[str, Meta(description="As in a divergence; what a check is about.")]
    field: Annotated[str, Meta(description="The name of a check where one is breached.")]
    flag: str
    values: Annotated[dict[str, Any], Meta(description="By the variants' names.")]


def sighting_object(sighting: SightingReport) -> SightingObject:
    """The sighting in JSON terms."""
    return SightingObject(
        sighting.seq, sighting.path, sighting.field, sighting.flag, dict(sighting.values)
    )
