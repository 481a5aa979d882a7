"""A bisection as text."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.bisect import BisectReport, ChangeReport
from replay.reports.documents.effects import title
from replay.reports.text.page import Page, Piece, block, header, line, page
from replay.series import Patch


def bisect(report: BisectReport) -> Page:
    """What changes, then each patch with its header, what held before and after, the event."""
    pieces: list[str | Piece] = [*header(report.log, report.variants), ""]
    pieces.append(block("", report.headline, role="headline"))
    for change in report.changes:
        for part in change.step:
            pieces += ["", *_patch(part.patch)]
        pieces += ["", *_answers(change)]
    steps = "1 patch" if report.steps == 1 else f"{report.steps} patches"
    work = f"{steps} between them, {words.count(report.replays, 'replay')}"
    return page([*pieces, "", line(work, "faint")])


def _patch(patch: Patch) -> Iterator[str | Piece]:
    yield line(f"patch {patch.sha or words.escape(patch.name)}", "patch")
    if patch.date:
        yield f"Date: {words.escape(patch.date)}"
    if patch.subject:
        yield f"Subject: {words.escape(patch.subject)}"
    if patch.commits:
        yield f"Group: {title(patch)}"
        commits = ", ".join(commit[:8] for commit in (patch.sha, *patch.commits))
        yield block("Commits: ", commits, hang=-9)
    for paragraph in words.paragraphs(patch.description):
        yield from ("", block("    ", words.escape(paragraph)))


def _answers(change: ChangeReport) -> Iterator[str | Piece]:
    yield block("", f"at event #{change.seq} {words.event(change.event)}", hang=4)
    names = [words.escape(variant.name) for variant in change.variants]
    width = max(map(len, names))
    for name, text in zip(names, change.texts, strict=True):
        yield block(f"  {name:{width}}  ", text, hang=2)
    for name, reason in zip(names, change.reasons, strict=False):
        yield ""
        yield block(f"{name}: ", words.escape(reason), hang=-len(f"{name}: "))
