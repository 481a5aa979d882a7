"""The document of a bisection."""

from collections.abc import Mapping

from msgspec import Struct

from replay.analysis.bisect import Answer, AnswerChange, Bisection
from replay.analysis.explain import explain
from replay.engine.places import Place
from replay.engine.trace import ModelTrace
from replay.events.event import Payload
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id
from replay.reports.documents.explain import sentence
from replay.variants.path import PatchChange


class ChangeReport(Struct, frozen=True):
    """A step between two variants with which the answer becomes another one."""

    step: tuple[PatchChange, ...]
    event: Payload
    seq: int
    variants: tuple[VariantId, VariantId]
    answers: tuple[Answer, Answer]
    reasons: tuple[str, ...]


class BisectReport(Struct, frozen=True):
    """What is searched for, and where the answer changes; `flags` if it is a whole bit field."""

    log: LogId
    variants: tuple[VariantId, VariantId]
    about: str
    changes: tuple[ChangeReport, ...]
    steps: int
    replays: int
    flags: Mapping[str, int] = {}


def bisect_report(
    ends: tuple[ModelTrace, ModelTrace],
    about: str,
    bisection: Bisection,
    place: Place | None = None,
) -> BisectReport:
    """The report of a bisection about something in words, with the reasons if it is a place."""
    bits = ends[0].variant.subject.config.bits
    return BisectReport(
        log=log_id(ends[0]),
        variants=(variant_id(ends[0]), variant_id(ends[1])),
        about=about,
        changes=tuple(_change(change, place) for change in bisection.changes),
        steps=bisection.steps,
        replays=bisection.replays,
        flags=bits.get(place.field, {}) if place and not place.flag else {},
    )


def _change(change: AnswerChange, place: Place | None) -> ChangeReport:
    traces = (change.before, change.after) if place else ()
    pairs = zip(traces, change.answers, strict=False)
    reasons = (sentence(explain(trace, place, a.seq)) for trace, a in pairs if place)
    seq = min(answer.seq for answer in change.answers)
    return ChangeReport(
        step=change.turns,
        event=change.after.steps[seq - 1].event.payload,
        seq=seq,
        variants=(variant_id(change.before), variant_id(change.after)),
        answers=change.answers,
        reasons=tuple(reasons),
    )
