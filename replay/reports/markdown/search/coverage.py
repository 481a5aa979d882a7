"""What logs run through as Markdown."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.search.coverage import CoverageReport, HunkReach, place, verdict
from replay.reports.markdown.markup import cell, code, patch_name, prose, table, variants


def coverage(report: CoverageReport) -> str:
    """How much of each file is reached, and each hunk of the patches with its logs."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: CoverageReport) -> Iterator[str]:
    yield from variants([report.variant])
    yield ""
    yield f"**{prose(verdict(report))}**"
    if report.smallest is not None:
        names = ", ".join(map(code, report.smallest))
        yield from ("", f"As few logs as cover as much and have the same divergences: {names}")
    yield ""
    rows = [
        [
            cell(item.name),
            f"{len(item.reached)}/{len(item.statements)}",
            f"{len(item.taken)}/{len(item.branches)}",
        ]
        for item in report.files
    ]
    yield from table(["file", "statements", "branches"], rows)
    hunks = [hunk for hunk in report.hunks if hunk.statements]
    if hunks:
        yield ""
        yield from table(["patch", "hunk", "statements", "logs"], [_row(item) for item in hunks])


def _row(hunk: HunkReach) -> list[str]:
    logs = code(words.few(hunk.logs)).replace("|", "\\|") if hunk.logs else "nothing"
    share = f"{len(hunk.reached)}/{len(hunk.statements)}"
    return [patch_name(hunk.patch).replace("|", "\\|"), cell(place(hunk)), share, logs]
