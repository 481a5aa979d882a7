"""What a patch touches as JSON."""

from typing import Annotated

from msgspec import Meta

from replay.reports.documents.search.touched import ChangedHunk, TouchedDefinition, TouchedReport
from replay.reports.json.common import (
    FORMAT_VERSION,
    JsonObject,
    VariantObject,
    Version,
    encode,
    variant_objects,
)


class ModelPlaceObject(JsonObject, frozen=True):
    """Where a definition stands in the model."""

    kind: Annotated[str, Meta(description="function, class or constant")]
    file: str
    line: int


class DefinitionObject(JsonObject, frozen=True):
    """A definition that the patch changes."""

    name: str
    files: Annotated[list[str], Meta(description="The patch's.")]
    model: Annotated[ModelPlaceObject | None, Meta(description="Null if the model has none.")]
    logs: Annotated[list[str], Meta(description="Those that run through it.")]


class ChangedHunkObject(JsonObject, frozen=True):
    """A hunk of the patch."""

    file: str
    line: int
    names: Annotated[
        list[str], Meta(description="What it changes; empty for what stands outside of all.")
    ]
    modelled: bool


class TouchedObject(JsonObject, frozen=True):
    """What a patch changes of what the model has."""

    format_version: Version
    variant: VariantObject
    patch: Annotated[str, Meta(description="Its title.")]
    definitions: list[DefinitionObject]
    hunks: list[ChangedHunkObject]
    logs: Annotated[list[str], Meta(description="Those that run through any of it.")]


def touched(report: TouchedReport) -> str:
    """What it touches as an object."""
    (variant,) = variant_objects([report.variant])
    modelled = {it.name for it in report.definitions if it.model}
    return encode(
        TouchedObject(
            format_version=FORMAT_VERSION,
            variant=variant,
            patch=report.title,
            definitions=[*map(_definition, report.definitions)],
            hunks=[_hunk(hunk, modelled) for hunk in report.hunks],
            logs=[*report.logs],
        )
    )


def _definition(it: TouchedDefinition) -> DefinitionObject:
    model = None
    if it.model is not None:
        model = ModelPlaceObject(it.model.kind, it.model.file, it.model.line)
    return DefinitionObject(it.name, [*it.files], model, [*it.logs])


def _hunk(hunk: ChangedHunk, modelled: set[str]) -> ChangedHunkObject:
    return ChangedHunkObject(
        hunk.file, hunk.line, [*hunk.names], any(name in modelled for name in hunk.names)
    )
