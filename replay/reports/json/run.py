"""A replay as JSON, with the whole view after each event."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents.run import Node, RunReport, StepReport
from replay.reports.json.common import (
    FORMAT_VERSION,
    Count,
    JsonObject,
    LogObject,
    OutcomeObject,
    Seq,
    Sha256,
    SourceLine,
    Time,
    Version,
    encode,
    log_object,
    origin_fields,
    outcome_object,
)
from replay.state.disk import header
from replay.variants.subject import BitFields

NodeObject = Annotated[
    dict[str, Any],
    Meta(
        title="NodeObject",
        description="A node in one role: its fields as the tree has them, and for a bit field also"
        " its name with _names: the flags that are set, sorted.",
        extra_json_schema={
            "required": ["path", "id"],
            "properties": {
                "path": {"type": "string", "description": "Its role, as drive0.backing_hd."},
                "id": {"type": "integer", "description": "Its identity in this replay."},
            },
        },
    ),
]
JobObject = Annotated[
    dict[str, Any],
    Meta(
        title="JobObject",
        description="A running job with its fields.",
        extra_json_schema={"required": ["path"], "properties": {"path": {"type": "string"}}},
    ),
]
Runs = Annotated[
    list[tuple[int | str, Count]],
    Meta(description='[byte or "mixed", KiB] from the beginning to the end.'),
]


class FileObject(JsonObject, frozen=True):
    """What the disk says of a file's name."""

    format: str
    size: Count
    backing_file: str | None
    backing_format: str | None
    unlinked: Annotated[bool, Meta(description="True for a name that is gone.")]


class FinalFile(JsonObject, frozen=True, rename={"content_runs": "content_runs_KiB"}):
    """What a machine that is started from the file would see."""

    format: str
    size: Count
    backing_file: str | None
    backing_format: str | None
    content_runs: Annotated[
        Runs | str, Meta(description="A text says why the content cannot be read.")
    ]


class StepObject(JsonObject, frozen=True, kw_only=True):
    """An event, how it ended, and what there was then."""

    seq: Seq
    event: Payload
    original: Annotated[
        Payload | UnsetType, Meta(description="What was recorded, if the event was translated.")
    ] = UNSET
    note: Annotated[str | UnsetType, Meta(description="A remark about the translation.")] = UNSET
    time: Time = UNSET
    source: SourceLine = UNSET
    outcome: OutcomeObject
    nodes: Annotated[
        list[NodeObject], Meta(description="What the named drives reach, in walking order.")
    ]
    other: Annotated[list[NodeObject], Meta(description="Leaked nodes and targets of jobs.")]
    jobs: list[JobObject]
    files: Annotated[dict[str, FileObject], Meta(description="By name.")]


class RunObject(JsonObject, frozen=True):
    """A replay of a log in a variant."""

    format_version: Version
    log: LogObject
    revision: str
    digest: Sha256
    steps: Annotated[
        list[StepObject], Meta(description="One for each event, up to the option --until.")
    ]
    final_files: Annotated[dict[str, FinalFile], Meta(description="By name.")]


def run(report: RunReport) -> str:
    """A replay, with the whole view after each event."""
    document = RunObject(
        format_version=FORMAT_VERSION,
        log=log_object(report.log),
        revision=report.variant.revision,
        digest=report.variant.digest,
        steps=[_step(step, report.bits) for step in report.steps],
        final_files={
            name: msgspec.convert(file, FinalFile) for name, file in report.final_files.items()
        },
    )
    return encode(document)


def _step(step: StepReport, bits: BitFields) -> StepObject:
    view = step.view
    return StepObject(
        seq=step.seq,
        event=step.event,
        original=step.original or UNSET,
        note=step.note if step.original else UNSET,
        **origin_fields(step.recorded),
        outcome=outcome_object(step.outcome),
        nodes=[_node(node, bits) for node in view.nodes.values()],
        other=[_node(node, bits) for node in view.other.values()],
        jobs=[{"path": path, **job} for path, job in view.jobs.items()],
        files={
            name: FileObject(**header(file.inode), unlinked=file.unlinked)
            for name, file in view.files.items()
        },
    )


def _node(node: Node, bits: BitFields) -> dict[str, Any]:
    names = {
        f"{field}_names": sorted(words.set_flags(node.fields[field], bits[field]))
        for field in bits
        if field in node.fields
    }
    return {"path": node.path, "id": node.id, **node.fields, **names}
