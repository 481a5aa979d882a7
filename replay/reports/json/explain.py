"""Explanations as JSON."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta

from replay.reports.documents.explain.explain import CauseLink, ExplainReport, ExplanationReport
from replay.reports.json.common import (
    FORMAT_VERSION,
    Commits,
    Count,
    JsonObject,
    LogObject,
    Seq,
    SourceLine,
    Time,
    VariantObject,
    Version,
    encode,
    log_object,
    origin_fields,
    variant_objects,
)
from replay.series import Patch


class LinePatch(JsonObject, frozen=True):
    """A patch that put a line there."""

    name: Annotated[str, Meta(description="Its file.")]
    sha: str
    date: str
    subject: str
    commits: Commits


LinkKind = Literal[
    "write",
    "swap",
    "copy",
    "set",
    "clear",
    "condition",
    "skipped",
    "call",
    "default",
    "event",
    "image",
]


class LinkObject(JsonObject, frozen=True):
    """A statement in the chain of causes."""

    seq: Annotated[Count, Meta(description="The event; 0 for what is so from the beginning.")]
    kind: Annotated[
        LinkKind,
        Meta(description="condition: it was met; skipped: it kept a statement from being reached."),
    ]
    path: Annotated[str, Meta(description='What was written; "" where that does not apply.')]
    flag: Annotated[str, Meta(description='The flag that was set or cleared, or "".')]
    function: str
    file: str
    line: Annotated[Count, Meta(description="0 where no statement of the model did it.")]
    text: Annotated[str, Meta(description="The statement.")]
    patches: Annotated[
        list[LinePatch],
        Meta(description="Those that put the line there, the latest first; none: it is of base."),
    ]


class ExplanationObject(JsonObject, frozen=True, kw_only=True):
    """Why one thing is so in one variant."""

    variant: str
    about: Annotated[str, Meta(description="What is explained, as drive0.open_flags.TEMPORARY.")]
    seq: Seq
    since: Annotated[Seq, Meta(description="Since which event it is so.")]
    time: Time = UNSET
    source: SourceLine = UNSET
    value: Any
    sentence: str
    links: Annotated[list[LinkObject], Meta(description="From the last write back to the origin.")]


class ExplainObject(JsonObject, frozen=True):
    """Explanations in one variant or two."""

    format_version: Version
    log: LogObject
    variants: Annotated[list[VariantObject], Meta(min_length=1, max_length=2)]
    explanations: Annotated[
        list[list[ExplanationObject]],
        Meta(description="For each thing a list with an explanation for each variant."),
    ]


def explain(report: ExplainReport) -> str:
    """All explanations as an object."""
    document = ExplainObject(
        format_version=FORMAT_VERSION,
        log=log_object(report.log),
        variants=list(variant_objects(report.variants)),
        explanations=[[*map(_explanation, several)] for several in report.explained],
    )
    return encode(document)


def _explanation(explanation: ExplanationReport) -> ExplanationObject:
    return ExplanationObject(
        variant=explanation.variant,
        about=explanation.about,
        seq=explanation.seq,
        since=explanation.since,
        **origin_fields(explanation.recorded),
        value=explanation.value,
        sentence=explanation.sentence,
        links=[*map(_link, explanation.links)],
    )


def _link(link: CauseLink) -> LinkObject:
    fields = {field: getattr(link, field) for field in link.__struct_fields__}
    return LinkObject(**fields | {"patches": [*map(_patch, link.patches)]})


def _patch(patch: Patch) -> LinePatch:
    return LinePatch(patch.name, patch.sha, patch.date, patch.subject, [*patch.commits])
