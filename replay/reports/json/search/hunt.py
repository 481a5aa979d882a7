"""Hunts as JSON."""

from typing import Annotated

from msgspec import Meta

from replay.events.event import Payload
from replay.reports.documents.search.hunt import FindingReport, HuntReport, HuntReports
from replay.reports.json.common import (
    FORMAT_VERSION,
    Count,
    JsonObject,
    PatchObject,
    Sha256,
    VariantObject,
    Version,
    encode,
    patch_objects,
    variant_objects,
)
from replay.reports.json.search.common import SightingObject, sighting_object


class CountsObject(JsonObject, frozen=True):
    """What a hunt took."""

    tried: Annotated[Count, Meta(description="Steps that were performed, each in all variants.")]
    by_name: Annotated[Count, Meta(description="Left out, since another name stands for them.")]
    by_order: Annotated[Count, Meta(description="Left out, since another order stands for them.")]
    states: Annotated[Count, Meta(description="Distinct joint states.")]
    unknown: Annotated[
        Count, Meta(description="Left out, since not all can do them or not the same each time.")
    ]


class FindingObject(JsonObject, frozen=True):
    """A cause, told once, with the shortest log that shows it."""

    name: Annotated[str, Meta(description="The log's.")]
    known: Annotated[str | None, Meta(description="A log that shows it too; null if it is new.")]
    explained: Annotated[
        str | None, Meta(description="Why a build of today differs from every tree, if known.")
    ]
    start: str
    steps: list[str]
    events: list[Payload]
    fingerprint: Sha256
    first: Annotated[SightingObject, Meta(description="The first difference but in fields.")]
    sighting: Annotated[SightingObject, Meta(description="Where the goal is reached.")]
    patches: Annotated[list[PatchObject], Meta(description="With which the first one comes.")]
    sequences: Annotated[Count, Meta(description="How many kinds of sequence show it.")]


class HuntObject(JsonObject, frozen=True):
    """What was hunted for, how far, and what was found."""

    format_version: Version
    variants: list[VariantObject]
    goal: str
    alphabet: Annotated[str, Meta(description="Its file.")]
    starts: list[str]
    depth: Annotated[
        Count | None, Meta(description="Up to which all was tried; null for random walks.")
    ]
    sequences: Annotated[Count | None, Meta(description="Up to that depth.")]
    exhausted: Annotated[bool, Meta(description="Whether no longer sequence leads to more.")]
    counts: CountsObject
    findings: list[FindingObject]


def hunts(report: HuntReports) -> str:
    """The object of one hunt; of several a list."""
    objects = [_hunt(item) for item in report.hunts]
    return encode(objects[0] if len(objects) == 1 else objects)


def _hunt(report: HuntReport) -> HuntObject:
    counts = report.counts
    return HuntObject(
        format_version=FORMAT_VERSION,
        variants=[*variant_objects(report.variants)],
        goal=report.goal,
        alphabet=report.alphabet,
        starts=[*report.starts],
        depth=report.depth,
        sequences=report.sequences,
        exhausted=report.exhausted,
        counts=CountsObject(
            counts.tried, counts.by_name, counts.by_order, counts.states, counts.unknown
        ),
        findings=[*map(_finding, report.findings)],
    )


def _finding(finding: FindingReport) -> FindingObject:
    return FindingObject(
        name=finding.name,
        known=finding.known or None,
        explained=finding.explained or None,
        start=finding.start,
        steps=[*finding.steps],
        events=[*finding.events],
        fingerprint=finding.fingerprint,
        first=sighting_object(finding.first),
        sighting=sighting_object(finding.sighting),
        patches=[*patch_objects(finding.changes)],
        sequences=finding.sequences,
    )
