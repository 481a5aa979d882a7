"""What the JSON documents of several commands share, and how a document is written."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from replay.printable import escaped_json
from replay.reports.documents.common import (
    Compared,
    EventOrigin,
    GapReason,
    LogId,
    Outcome,
    VariantId,
)
from replay.variants.path import PatchChange

FORMAT_VERSION: Literal[1] = 1
Version = Annotated[
    Literal[1], Meta(description="Rises when a reader of this version would misread a document.")
]
Seq = Annotated[int, Meta(ge=1, description="An event's place in its log.")]
Count = Annotated[int, Meta(ge=0)]
Commits = Annotated[
    list[str],
    Meta(description="The other commits of a group, of which `sha` is the first; else empty."),
]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class JsonObject(Struct, frozen=True, forbid_unknown_fields=True):
    """An object of a document, which has no field but those that its type names."""


class TranslationObject(JsonObject, frozen=True):
    """What a translation into words of the trees did."""

    translated: Annotated[Count, Meta(description="Events that became others.")]
    idle: Annotated[Count, Meta(description="Events that ask nothing of the trees.")]
    without_equivalent: Annotated[
        dict[str, Count],
        Meta(description="Commands that no tree has, with how often each was given."),
    ]


class LogObject(JsonObject, frozen=True):
    """The log."""

    name: str
    fingerprint: Annotated[Sha256, Meta(description="sha256 of the content.")]
    translation: Annotated[
        TranslationObject | UnsetType,
        Meta(description="Absent where the log is as it was recorded."),
    ] = UNSET


class GapObject(JsonObject, frozen=True):
    """Successive events that were not compared, since a variant did not do them as QEMU would."""

    variant: str
    reason: GapReason
    what: Annotated[str, Meta(description="The command, the limit, or what ended the machine.")]
    first_seq: Seq
    last_seq: Seq


class ComparedObject(JsonObject, frozen=True):
    """How much of the log was compared in all variants."""

    events: Annotated[Count, Meta(description="How many were compared.")]
    acting: Annotated[
        Count, Meta(description="Those that asked something of the code; of 0 nothing follows.")
    ]
    gaps: list[GapObject]


Time = Annotated[
    float | UnsetType, Meta(description="When it was recorded, in seconds since 1970.")
]
SourceLine = Annotated[str | UnsetType, Meta(description="Where it was recorded, FILE:LINE.")]


class VariantObject(JsonObject, frozen=True):
    """The code that was replayed."""

    name: str
    revision: str
    digest: Annotated[
        str,
        Meta(
            pattern="^([0-9a-f]{64})?$",
            description="sha256 of all that the model says; of a real program perhaps empty.",
        ),
    ]


class ErrorObject(JsonObject, frozen=True, rename={"kind": "class"}):
    """Why an event did not return: class and desc, or a text (hmp), or errno; where it crashed."""

    kind: str | UnsetType = UNSET
    desc: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    errno: str | UnsetType = UNSET
    file: str | UnsetType = UNSET
    line: Annotated[int, Meta(ge=1)] | UnsetType = UNSET


class ReturnedOutcome(JsonObject, frozen=True, tag_field="status", tag="returned"):
    """The event returned a value."""

    value: Any


class RefusedOutcome(JsonObject, frozen=True, tag_field="status", tag="refused"):
    """The event was refused."""

    error: ErrorObject


class CrashedOutcome(JsonObject, frozen=True, tag_field="status", tag="crashed"):
    """The program crashed at the event."""

    error: ErrorObject


class UnknownOutcome(JsonObject, frozen=True, tag_field="status", tag="unknown"):
    """What became of the event was not observed: a real program was not asked, or not recorded."""


OutcomeObject = ReturnedOutcome | RefusedOutcome | CrashedOutcome | UnknownOutcome


class PatchObject(JsonObject, frozen=True):
    """A patch that is put in or taken out between two variants."""

    name: Annotated[str, Meta(description="Its file.")]
    sha: str
    date: str
    subject: str
    commits: Commits
    out: Annotated[bool, Meta(description="True where the patch is taken out.")]


def log_object(log: LogId) -> LogObject:
    """The log; what its translation did if it has one."""
    if log.translation is None:
        return LogObject(log.name, log.fingerprint)
    done = msgspec.convert(log.translation, TranslationObject, from_attributes=True)
    return LogObject(log.name, log.fingerprint, done)


def variant_objects(variants: Iterable[VariantId]) -> tuple[VariantObject, ...]:
    """The variants in their order."""
    return tuple(VariantObject(v.name, v.revision, v.digest) for v in variants)


def outcome_object(outcome: Outcome) -> OutcomeObject:
    """An outcome: a value if it returned, else an error."""
    if outcome.status == "returned":
        return ReturnedOutcome(outcome.value)
    if outcome.status == "unknown":
        return UnknownOutcome()
    error = msgspec.convert(outcome.error or {}, ErrorObject)
    return RefusedOutcome(error) if outcome.status == "refused" else CrashedOutcome(error)


def patch_objects(changes: Iterable[PatchChange]) -> tuple[PatchObject, ...]:
    """The patches of a step."""
    pairs = ((change.patch, change.out) for change in changes)
    return tuple(
        PatchObject(p.name, p.sha, p.date, p.subject, [*p.commits], out) for p, out in pairs
    )


def encode(document: Any) -> str:
    """The text of a JSON document, indented, with a line end."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    return escaped_json(text) + "\n"


def origin_fields(origin: EventOrigin) -> dict[str, Any]:
    """The fields `time` and `source` of an event, as far as they are known."""
    time = UNSET if origin.time is None else origin.time
    return {"time": time, "source": origin.source or UNSET}


def compared_object(compared: Compared) -> ComparedObject:
    """What was compared, in JSON terms."""
    gaps = [
        GapObject(gap.player, gap.reason, gap.what, gap.first_seq, gap.last_seq)
        for gap in compared.gaps
    ]
    return ComparedObject(compared.compared, compared.acting, gaps)
