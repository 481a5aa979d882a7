"""Diffs as JSON."""

from collections.abc import Iterable, Iterator
from textwrap import indent
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from replay.reports.documents.diff import DiffReport, DiffReports, InteractionReport
from replay.reports.documents.divergences import Cause, DivergenceReport
from replay.reports.documents.many.groups import history_of
from replay.reports.documents.many.history import History
from replay.reports.json.common import (
    FORMAT_VERSION,
    Commits,
    ComparedObject,
    Count,
    JsonObject,
    LogObject,
    Seq,
    SourceLine,
    Time,
    VariantObject,
    Version,
    compared_object,
    encode,
    log_object,
    origin_fields,
    variant_objects,
)
from replay.reports.json.search.reach import ReachObject, reach_object
from replay.reports.verdict import Verdict
from replay.variants.path import PatchChange

PatchId = Annotated[str, Meta(description="The patch's sha, or its file's name.")]


class CauseObject(JsonObject, frozen=True):
    """A patch at which the value changes, with the value before and after it.

    A value is left out where the place is not there.
    """

    patch: PatchId
    before: Any = UNSET
    after: Any = UNSET
    together: Annotated[
        list[PatchId] | UnsetType, Meta(description="Others without which it does not apply.")
    ] = UNSET


class DivergenceObject(JsonObject, frozen=True, kw_only=True):
    """A place that differs, and the events at which it has these values."""

    kind: Annotated[
        Literal["outcome", "file", "node", "edge", "field"],
        Meta(description="node: there or not; edge: what a role leads to."),
    ]
    path: str
    field: str
    level: Annotated[
        Literal["behaviour", "state"],
        Meta(description="behaviour: outcomes and files, which a user can notice."),
    ]
    values: Annotated[
        dict[str, Any], Meta(description="By variant, without those that lack the place.")
    ]
    first_seq: Seq
    last_seq: Seq
    time: Time = UNSET
    source: SourceLine = UNSET
    patches: Annotated[list[CauseObject], Meta(description="What the divergence comes from.")]


class WorkObject(JsonObject, frozen=True):
    """What it took to find the patches; transitions are null for a log of over 10,000 events."""

    revisions: Count
    transitions: Count | None
    distinct: Count | None


class ActingPatch(JsonObject, frozen=True):
    """A patch that did something."""

    patch: Annotated[str, Meta(description="The name that divergences have for it.")]
    sha: str
    name: Annotated[str, Meta(description="Its file.")]
    date: str
    subject: str
    commits: Commits
    out: Annotated[bool, Meta(description="True where the patch is taken out.")]


class InteractionObject(JsonObject, frozen=True, kw_only=True):
    """Patches that matter only together: divergences are between one of them and both."""

    patches: Annotated[tuple[PatchId, PatchId], Meta(description="The earlier first.")]
    dormant: Annotated[
        bool,
        Meta(
            description="True: the earlier has no effect without the later."
            " False: the later does this only since the earlier."
        ),
    ]
    file: str | UnsetType = UNSET
    line: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    statement: Annotated[
        str | UnsetType,
        Meta(description="The earlier patch's statement that is meant, if not the whole patch."),
    ] = UNSET
    divergences: list[DivergenceObject]


class DiffObject(JsonObject, frozen=True, kw_only=True):
    """What differs between the variants of a log."""

    format_version: Version
    log: LogObject
    variants: Annotated[list[VariantObject], Meta(min_length=1)]
    events: Count
    headline: Annotated[str, Meta(description="The story in a sentence or two.")]
    verdict: Annotated[Verdict, Meta(description="The same in what was compared, as said there.")]
    compared: ComparedObject
    attribution: Annotated[
        WorkObject | UnsetType,
        Meta(description="Absent, as the next three, if patches were not looked for."),
    ] = UNSET
    left_out: Annotated[
        Count | UnsetType,
        Meta(description="Divergences that --only, --except or --baseline leave out."),
    ] = UNSET
    patches: Annotated[
        list[ActingPatch] | UnsetType, Meta(description="Those that did something, in order.")
    ] = UNSET
    interactions: Annotated[
        list[InteractionObject] | UnsetType, Meta(description="Only with --interactions.")
    ] = UNSET
    remarks: Annotated[
        list[str] | UnsetType,
        Meta(description="What a real program did not show, and what was so not compared."),
    ] = UNSET
    reach: Annotated[
        list[ReachObject] | UnsetType,
        Meta(
            description="How far the log went into each change, where nothing differs"
            " or --reach asks for it."
        ),
    ] = UNSET
    divergences: Annotated[
        list[DivergenceObject],
        Meta(description="One for each place and each tuple of values that lasts."),
    ]


class DiffHistoryObject(JsonObject, frozen=True, kw_only=True):
    """The diffs of a run, and what became of its logs since other runs."""

    format_version: Version
    history: History
    diffs: list[DiffObject]


def diffs(document: DiffReports) -> str:
    """The object of one diff; of several a list. After another run an object with its history."""
    if document.before is not None:
        documents = [_diff(report) for report in document.logs]
        run = history_of(document)
        return encode(
            DiffHistoryObject(format_version=FORMAT_VERSION, history=run, diffs=documents)
        )
    if len(document.logs) == 1:
        return encode(_diff(document.logs[0]))
    return "".join(diff_list(document.logs))


def diff_list(reports: Iterable[DiffReport]) -> Iterator[str]:
    """The list of several diffs, part by part, so that nobody has to hold them all."""
    yield "["
    for number, report in enumerate(reports):
        yield ("," if number else "") + "\n" + indent(encode(_diff(report)).rstrip("\n"), "  ")
    yield "\n]\n"


def _diff(report: DiffReport) -> DiffObject:
    document = DiffObject(
        format_version=FORMAT_VERSION,
        log=log_object(report.log),
        variants=list(variant_objects(report.variants)),
        events=report.log.events,
        headline=str(report.headline),
        verdict=report.verdict,
        compared=compared_object(report.compared),
        remarks=list(report.remarks) or UNSET,
        reach=[*map(reach_object, report.reach)] or UNSET,
        divergences=[_divergence(divergence) for divergence in report.divergences],
    )
    return _attributed(document, report) if report.work else document


def _attributed(document: DiffObject, report: DiffReport) -> DiffObject:
    """The document with the patches that did something, and what it took to know that."""
    causes = [cause for divergence in report.divergences for cause in divergence.causes]
    acting = {_id(change) for cause in causes for change in cause.changes}
    changes = [change for step in report.steps for change in step if _id(change) in acting]
    together = report.together
    return msgspec.structs.replace(
        document,
        attribution=msgspec.convert(report.work, WorkObject, from_attributes=True),
        left_out=report.hidden,
        patches=[_patch(change) for change in changes],
        interactions=UNSET if together is None else [*map(_interaction, together)],
    )


def _divergence(report: DivergenceReport) -> DivergenceObject:
    divergence = report.divergence
    place: dict[str, Any] = {**divergence.place.document(), "level": divergence.place.level}
    return DivergenceObject(
        **place,
        values=dict(divergence.values),
        first_seq=divergence.first_seq,
        last_seq=divergence.last_seq,
        **origin_fields(report.recorded),
        patches=[entry for cause in report.causes for entry in _causes(cause)],
    )


def _interaction(report: InteractionReport) -> InteractionObject:
    """Two patches, the earlier first, where a statement of it is meant, and what both do."""
    part = report.part
    document = InteractionObject(
        patches=(part.patch.sha or part.patch.name, _id(report.later)),
        dormant=report.dormant,
        divergences=[_divergence(divergence) for divergence in report.divergences],
    )
    if not part.lines:
        return document
    place = {"file": part.file, "line": part.line, "statement": part.text}
    return msgspec.structs.replace(document, **place)


def _patch(change: PatchChange) -> ActingPatch:
    p = change.patch
    head = (_id(change), p.sha, p.name, p.date, p.subject)
    return ActingPatch(*head, [*p.commits], change.out)


def _causes(cause: Cause) -> Iterator[CauseObject]:
    """Each patch of a step with the values before and after it, and the others of the step."""
    for change in cause.changes:
        together = [_id(c) for c in cause.changes if c != change]
        yield CauseObject(_id(change), cause.before, cause.after, together or UNSET)


def _id(change: PatchChange) -> str:
    return change.patch.sha or change.patch.name
