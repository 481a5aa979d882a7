"""A bisection as text."""

from collections.abc import Iterator, Mapping
from typing import Any

from replay.reports import words
from replay.reports.documents.bisect import BisectReport, ChangeReport
from replay.reports.documents.effects import step_name
from replay.reports.text.page import Page, Piece, block, header, line, page
from replay.series import Patch


def bisect(report: BisectReport) -> Page:
    """What changes, then each patch with its header, what held before and after, the event."""
    pieces: list[str | Piece] = [*header(report.log, report.variants), ""]
    pieces.append(block("", headline(report), role="headline"))
    for change in report.changes:
        for turned in change.step:
            pieces += ["", *_patch(turned.patch)]
        pieces += ["", *_answers(change, report.flags)]
    steps = "1 patch" if report.steps == 1 else f"{report.steps} patches"
    work = f"{steps} between them, {words.count(report.replays, 'replay')}"
    return page([*pieces, "", line(work, "faint")])


def headline(report: BisectReport) -> str:
    """One sentence."""
    about = words.escape(report.about)
    if not report.changes:
        return f"{about} is the same at every patch."
    where = [step_name(change.step) for change in report.changes]
    if len(where) > 1:
        return f"{about} changes {len(where)} times: {'; '.join(where)}."
    answers = report.changes[0].answers
    before, after = (answer_text(answer.value, report.flags) for answer in answers)
    return f"{about} changes with {where[0]}: {before} before it, {after} with it."


def _patch(patch: Patch) -> Iterator[str | Piece]:
    yield line(f"patch {patch.sha or words.escape(patch.name)}", "patch")
    if patch.date:
        yield f"Date: {words.escape(patch.date)}"
    if patch.subject:
        yield f"Subject: {words.escape(patch.subject)}"
    for paragraph in words.paragraphs(patch.description):
        yield from ("", block("    ", words.escape(paragraph)))


def _answers(change: ChangeReport, flags: Mapping[str, int]) -> Iterator[str | Piece]:
    yield block("", f"at event #{change.seq} {words.event(change.event)}", hang=4)
    names = [words.escape(variant.name) for variant in change.variants]
    width = max(map(len, names))
    for name, answer in zip(names, change.answers, strict=True):
        where = f" on {words.escape(answer.path)} from #{answer.seq}" if answer.path else ""
        yield block(f"  {name:{width}}  ", answer_text(answer.value, flags) + where, hang=2)
    for name, reason in zip(names, change.reasons, strict=False):
        yield ""
        yield block(f"{name}: ", words.escape(reason), hang=-len(f"{name}: "))


def answer_text(value: Any, flags: Mapping[str, int]) -> str:
    """An answer in words; `flags` are the names of its bits."""
    if flags and isinstance(value, int):
        return words.flags(sorted(words.set_flags(value, flags)))
    if isinstance(value, dict) and "status" in value:
        return words.outcome(value["status"], value.get("value"), value)
    return value if isinstance(value, str) and value else words.value(value)
