"""The bisect report as a document, text and JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from replay.analysis.bisect import Answer, AnswerChange, Bisection
from replay.analysis.explain import explain
from replay.engine.places import Place
from replay.engine.trace import ModelTrace
from replay.engine.view import flag_names
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents import FORMAT_VERSION, LogId, VariantId, log_id, log_json, variant_id
from replay.reports.json import document
from replay.reports.sentence import sentence
from replay.reports.text.page import Page, Piece, block, header, line, page
from replay.series import Patch, label
from replay.variants.path import PatchChange


class ChangeReport(Struct, frozen=True):
    """A step of the way with which the answer becomes another one."""

    turns: tuple[PatchChange, ...]
    event: Payload
    seq: int
    variants: tuple[VariantId, VariantId]
    answers: tuple[Answer, Answer]
    reasons: tuple[str, ...]


class BisectReport(Struct, frozen=True):
    """What was asked about, and where the answer changes; `flags` if it is a whole bit field."""

    log: LogId
    variants: tuple[VariantId, VariantId]
    about: str
    changes: tuple[ChangeReport, ...]
    steps: int
    replays: int
    flags: Mapping[str, int] = {}


def bisect_report(
    ends: tuple[ModelTrace, ModelTrace], about: str, found: Bisection, target: Place | None = None
) -> BisectReport:
    """The report of a bisection about something in words, with the reasons if it is a place."""
    bits = ends[0].variant.subject.config.bits
    return BisectReport(
        log=log_id(ends[0]),
        variants=(variant_id(ends[0]), variant_id(ends[1])),
        about=about,
        changes=tuple(_change(change, target) for change in found.changes),
        steps=found.steps,
        replays=found.replays,
        flags=bits.get(target.field, {}) if target and not target.flag else {},
    )


def _change(change: AnswerChange, target: Place | None) -> ChangeReport:
    traces = (change.before, change.after) if target else ()
    pairs = zip(traces, change.answers, strict=False)
    reasons = (sentence(explain(it, target, answer.seq)) for it, answer in pairs if target)
    seq = min(answer.seq for answer in change.answers)
    return ChangeReport(
        turns=change.turns,
        event=change.after.steps[seq - 1].event.payload,
        seq=seq,
        variants=(variant_id(change.before), variant_id(change.after)),
        answers=change.answers,
        reasons=tuple(reasons),
    )


# Text


def text(report: BisectReport) -> Page:
    """What changes, then each patch with its header, what held before and after, the event."""
    pieces: list[str | Piece] = [*header(report.log, report.variants), ""]
    pieces.append(block("", _headline(report), role="headline"))
    for change in report.changes:
        for turn in change.turns:
            pieces += ["", *_patch(turn.patch)]
        pieces += ["", *_answers(change, report.flags)]
    steps = "1 patch" if report.steps == 1 else f"{report.steps} patches"
    took = f"{steps} between them, {words.count(report.replays, 'replay')}"
    return page([*pieces, "", line(took, "faint")])


def _headline(report: BisectReport) -> str:
    """One sentence."""
    about = words.escape(report.about)
    if not report.changes:
        return f"{about} is the same at every patch."
    where = [turned(change.turns) for change in report.changes]
    if len(where) > 1:
        return f"{about} changes {len(where)} times: {'; '.join(where)}."
    answers = report.changes[0].answers
    before, after = (answer_words(answer.value, report.flags) for answer in answers)
    return f"{about} changes with {where[0]}: {before} before it, {after} with it."


def turned(turns: Iterable[PatchChange]) -> str:
    """The patches of a step in words."""
    return " and ".join(
        words.escape(label(turn.patch)) + (" taken out" if turn.out else "") for turn in turns
    )


def _patch(patch: Patch) -> Iterator[str | Piece]:
    yield line(f"patch {patch.sha or words.escape(patch.name)}", "patch")
    if patch.date:
        yield f"Date: {words.escape(patch.date)}"
    if patch.subject:
        yield f"Subject: {words.escape(patch.subject)}"
    if patch.description:
        yield ""
        yield from (f"    {words.escape(line)}".rstrip() for line in patch.description.split("\n"))


def _answers(change: ChangeReport, flags: Mapping[str, int]) -> Iterator[str | Piece]:
    yield block("", f"at event #{change.seq} {words.event(change.event)}", hang=4)
    names = [words.escape(variant.name) for variant in change.variants]
    width = max(map(len, names))
    for name, answer in zip(names, change.answers, strict=True):
        where = f" on {words.escape(answer.path)} from #{answer.seq}" if answer.path else ""
        yield block(f"  {name:{width}}  ", answer_words(answer.value, flags) + where, hang=2)
    for name, reason in zip(names, change.reasons, strict=False):
        yield ""
        yield block(f"{name}: ", words.escape(reason), hang=-len(f"{name}: "))


def answer_words(value: Any, flags: Mapping[str, int]) -> str:
    """An answer in words; that about a whole bit field as its flags."""
    if flags and isinstance(value, int):
        return words.flags(sorted(flag_names(value, flags)))
    if isinstance(value, dict) and "status" in value:
        return words.outcome(value["status"], value.get("value"), value)
    return value if isinstance(value, str) and value else words.value(value)


# JSON


def json(report: BisectReport) -> str:
    """The bisection as an object."""
    told = {
        "format_version": FORMAT_VERSION,
        "log": log_json(report.log),
        "variants": report.variants,
        "about": report.about,
        "changes": [_change_json(change) for change in report.changes],
        "steps": report.steps,
        "replays": report.replays,
    }
    return document(told)


def turns_json(turns: Iterable[PatchChange]) -> list[dict[str, Any]]:
    """The patches of a step."""
    return [
        {
            "name": turn.patch.name,
            "sha": turn.patch.sha,
            "date": turn.patch.date,
            "subject": turn.patch.subject,
            "out": turn.out,
        }
        for turn in turns
    ]


def _change_json(change: ChangeReport) -> dict[str, Any]:
    reasons = change.reasons or (None, None)
    before, after = (
        {"variant": variant, "value": answer.value, "reason": reason}
        for variant, answer, reason in zip(change.variants, change.answers, reasons, strict=True)
    )
    return {
        "patches": turns_json(change.turns),
        "seq": change.seq,
        "event": change.event,
        "before": before,
        "after": after,
    }
