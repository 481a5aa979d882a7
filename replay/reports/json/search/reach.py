"""How far a change was put to the test, as JSON."""

from typing import Annotated

from msgspec import Meta

from replay.reports.documents.search.reach import ChangeReach, HunkReached, OwnField
from replay.reports.json.common import Count, JsonObject


class TestedHunkObject(JsonObject, frozen=True):
    """A hunk of a change."""

    file: str
    first: Count
    last: Count
    side: Annotated[str, Meta(description="The variant whose lines these are.")]
    function: Annotated[str, Meta(description='Where it stands, "" outside of functions.')]
    statements: Annotated[Count, Meta(description="Of both variants; of 0 nothing can run.")]
    ran: Annotated[Count, Meta(description="Those of them that the log ran through.")]
    missing: Annotated[list[int], Meta(description="The lines at which others begin.")]


class OwnFieldObject(JsonObject, frozen=True, rename={"kind": "class"}):
    """A field that one variant has alone, so that its values are not compared."""

    kind: str
    field: str
    variant: str


class ReachObject(JsonObject, frozen=True):
    """What the log ran through of the change from one variant to another."""

    variants: tuple[str, str]
    is_code: Annotated[bool, Meta(description="False where all code is alike.")]
    reached: Annotated[bool, Meta(description="Whether it ran through any of it.")]
    hunks: list[TestedHunkObject]
    fields: list[OwnFieldObject]


def reach_object(reach: ChangeReach) -> ReachObject:
    """What one log, or several together, ran through."""
    return ReachObject(
        variants=(reach.before, reach.after),
        is_code=reach.is_code,
        reached=bool(reach.logs),
        hunks=[_hunk(hunk, reach) for hunk in reach.hunks],
        fields=[_field(field, reach) for field in reach.fields],
    )


def _hunk(it: HunkReached, reach: ChangeReach) -> TestedHunkObject:
    hunk = it.hunk
    return TestedHunkObject(
        file=hunk.file,
        first=hunk.first,
        last=hunk.last,
        side=reach.after if hunk.is_left else reach.before,
        function=it.function,
        statements=len(hunk.before) + len(hunk.after),
        ran=len(it.before) + len(it.after),
        missing=[*it.missing],
    )


def _field(it: OwnField, reach: ChangeReach) -> OwnFieldObject:
    return OwnFieldObject(it.kind, it.name, reach.after if it.is_new else reach.before)
