"""A bisection as Markdown."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.bisect import BisectReport, ChangeReport
from replay.reports.markdown.markup import cell, code, header, limited, patch_name, prose, table


def bisect(report: BisectReport) -> str:
    """What changes, then each patch, and what is so before it and with it."""
    lines = [*header(report.log, report.variants), "", f"**{prose(report.headline)}**"]
    for change in report.changes:
        lines += ["", *_change(change)]
    steps = "1 patch" if report.steps == 1 else f"{report.steps} patches"
    lines += ["", f"{steps} between them, {words.count(report.replays, 'replay')}"]
    return "\n".join(limited(lines, "lines")) + "\n"


def _change(change: ChangeReport) -> Iterator[str]:
    for part in change.step:
        yield f"### {'without ' if part.out else ''}{patch_name(part.patch)}"
        if part.patch.commits:
            commits = ", ".join(
                code(commit[:8]) for commit in (part.patch.sha, *part.patch.commits)
            )
            yield from ("", f"Commits: {commits}")
        for paragraph in words.paragraphs(part.patch.description):
            yield from ("", prose(paragraph))
        yield ""
    yield f"At event {change.seq}, {code(words.event(change.event))}:"
    yield ""
    names = [code(variant.name) for variant in change.variants]
    reasons = [prose(reason).replace("|", "\\|") for reason in change.reasons] or ["", ""]
    rows = zip(names, map(cell, change.texts), reasons, strict=True)
    yield from table(["variant", "value", "why"], [[*row] for row in rows])
