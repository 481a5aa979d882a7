"""The document of a bisection."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from replay.analysis.bisect import Answer, AnswerChange, Bisection
from replay.analysis.explain import explain
from replay.engine.places import Place
from replay.engine.trace import ModelTrace
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id
from replay.reports.documents.effects import step_name
from replay.reports.documents.explain.sentence import sentence
from replay.reports.documents.graph import file_of_long
from replay.variants.path import PatchChange


class ChangeReport(Struct, frozen=True):
    """A step between two variants with which the answer becomes another one.

    `texts` are the answers in words.
    """

    step: tuple[PatchChange, ...]
    event: Payload
    seq: int
    variants: tuple[VariantId, VariantId]
    answers: tuple[Answer, Answer]
    texts: tuple[str, str]
    reasons: tuple[str, ...]


class BisectReport(Struct, frozen=True):
    """What is searched for, where the answer changes, and that in a sentence: the headline."""

    log: LogId
    variants: tuple[VariantId, VariantId]
    about: str
    headline: str
    changes: tuple[ChangeReport, ...]
    steps: int
    replays: int


def bisect_report(
    ends: tuple[ModelTrace, ModelTrace],
    about: str,
    bisection: Bisection,
    place: Place | None = None,
) -> BisectReport:
    """The report of a bisection about something in words, with the reasons if it is a place."""
    bits = ends[0].variant.subject.config.bits
    flags = bits.get(place.field, {}) if place and not place.flag else {}
    return BisectReport(
        log=log_id(ends[0]),
        variants=(variant_id(ends[0]), variant_id(ends[1])),
        about=about,
        headline=_headline(_named(about, place, bisection.changes), bisection.changes, flags),
        changes=tuple(_change(change, place, flags) for change in bisection.changes),
        steps=bisection.steps,
        replays=bisection.replays,
    )


def _named(about: str, place: Place | None, changes: Sequence[AnswerChange]) -> str:
    """What is searched for, with the file of its node if the path is long."""
    traces = [(t, a.seq) for it in changes for t, a in zip(_sides(it), it.answers, strict=True)]
    views = (trace.view_at(seq - 1) for trace, seq in traces)
    config = traces[0][0].variant.subject.config if traces else None
    file = file_of_long(place.path, views, config) if place and config else ""
    return words.path(about) + (f" [{words.escape(file)}]" if file else "")


def _sides(change: AnswerChange) -> tuple[ModelTrace, ModelTrace]:
    return change.before, change.after


def _headline(about: str, changes: Sequence[AnswerChange], flags: Mapping[str, int]) -> str:
    if not changes:
        return f"{about} is the same at every patch."
    where = [step_name(change.changes) for change in changes]
    if len(where) > 1:
        return f"{about} changes {len(where)} times: {'; '.join(where)}."
    before, after = (answer_text(answer.value, flags) for answer in changes[0].answers)
    return f"{about} changes with {where[0]}: {before} before it, {after} with it."


def _change(change: AnswerChange, place: Place | None, flags: Mapping[str, int]) -> ChangeReport:
    traces = (change.before, change.after) if place else ()
    pairs = zip(traces, change.answers, strict=False)
    reasons = (sentence(explain(trace, place, a.seq)) for trace, a in pairs if place)
    seq = min(answer.seq for answer in change.answers)
    return ChangeReport(
        step=change.changes,
        event=change.after.steps[seq - 1].event.payload,
        seq=seq,
        variants=(variant_id(change.before), variant_id(change.after)),
        answers=change.answers,
        texts=(_text(change.answers[0], flags), _text(change.answers[1], flags)),
        reasons=tuple(reasons),
    )


def _text(answer: Answer, flags: Mapping[str, int]) -> str:
    where = f" on {words.path(answer.path)} from #{answer.seq}" if answer.path else ""
    return answer_text(answer.value, flags) + where


def answer_text(value: Any, flags: Mapping[str, int]) -> str:
    """An answer in words; `flags` are the names of its bits."""
    if flags and isinstance(value, int):
        return words.flags(sorted(words.set_flags(value, flags)))
    if isinstance(value, dict) and "status" in value:
        return words.outcome(value["status"], value.get("value"), value)
    return value if isinstance(value, str) and value else words.value(value)
