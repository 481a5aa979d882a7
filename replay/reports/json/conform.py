"""Agreement with recordings as JSON."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta

from replay.reports.documents.conform import (
    Agreement,
    ConformReport,
    RecordingAgreement,
    RecordingReport,
    TreeAgreement,
)
from replay.reports.json.common import (
    FORMAT_VERSION,
    Count,
    JsonObject,
    Seq,
    Version,
    encode,
)


class TreeObject(JsonObject, frozen=True):
    """How the logs of one tree agreed."""

    tree: str
    logs: Count
    agreed_logs: Count
    steps: Count
    agreed_steps: Count


class DisagreementObject(JsonObject, frozen=True):
    """The first place at which a log's replay is not as it was recorded."""

    tree: str
    log: str
    seq: Seq
    path: str
    field: str
    expected: Annotated[Any, Meta(description="What was recorded.")]
    got: Annotated[Any, Meta(description="What the model has.")]
    recorded: Annotated[Any, Meta(description="The whole recorded step, with --verbose.")] = UNSET


class ConformObject(JsonObject, frozen=True):
    """How the model agrees with traces of the real program, of which a directory is full."""

    format_version: Version
    trees: list[TreeObject]
    disagreements: list[DisagreementObject]


class DifferenceObject(JsonObject, frozen=True):
    """A place that differs at the first disagreement."""

    kind: str
    path: str
    field: str
    values: Annotated[dict[str, Any], Meta(description='By "recorded" and the variant\'s name.')]


class RecordingObject(JsonObject, frozen=True):
    """How a variant agrees with what a recording observed of its own machine."""

    format_version: Version
    log: str
    variant: str
    revision: str
    looks: Annotated[Count, Meta(description="Where the recording shows the state.")]
    looks_agreed: Annotated[Count, Meta(description="In how many of them all was the same.")]
    replies: Annotated[Count, Meta(description="Replies to commands.")]
    replies_agreed: Count
    seq: Annotated[
        Seq | None, Meta(description="The event of the first disagreement, null without one.")
    ]
    first: Annotated[list[DifferenceObject], Meta(description="What differs there.")]


def conform(report: ConformReport, verbose: bool = False) -> str:
    """The numbers and disagreements of a directory; `verbose` adds the recorded step."""
    result = report.result
    document = ConformObject(
        format_version=FORMAT_VERSION,
        trees=[*map(_tree, result.trees)],
        disagreements=[_disagreement(log, verbose) for log in result.disagreeing],
    )
    return encode(document)


def recordings(report: RecordingReport) -> str:
    """An object for each log and variant; bits are numbers."""
    return encode([*map(_recording, report.results)])


def _tree(tree: TreeAgreement) -> TreeObject:
    return TreeObject(tree.tree, len(tree.logs), tree.agreed_logs, tree.steps, tree.agreed_steps)


def _disagreement(log: Agreement, verbose: bool) -> DisagreementObject:
    first = msgspec.to_builtins(log.first)
    recorded = log.recorded if verbose else UNSET
    return DisagreementObject(tree=log.tree, log=log.log, **first, recorded=recorded)


def _recording(result: RecordingAgreement) -> RecordingObject:
    fields = {name: getattr(result, name) for name in result.__struct_fields__}
    first = [
        DifferenceObject(**place.document(), values=dict(values))
        for place, values in result.first.items()
    ]
    return RecordingObject(format_version=FORMAT_VERSION, **fields | {"first": first})
