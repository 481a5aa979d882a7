"""What logs run through as text."""

from collections.abc import Iterator, Mapping, Sequence

from replay.reports import words
from replay.reports.documents.search.coverage import (
    CoverageReport,
    FileReach,
    HunkReach,
    MissingFunction,
    Names,
    percent,
    place,
    verdict,
)
from replay.reports.text.page import Page, Piece, block, line, page, variant_lines
from replay.series import Patch, label


def coverage(report: CoverageReport) -> Page:
    """How much of each file is reached, each patch's hunks, and what nothing reaches."""
    return page(_pieces(report))


def _pieces(report: CoverageReport) -> Iterator[str | Piece]:
    yield from variant_lines([report.variant])
    yield ""
    yield block("", verdict(report), role="headline")
    if report.smallest is not None:
        yield ""
        names = ", ".join(map(words.escape, report.smallest))
        count = words.count(len(report.smallest), "log")
        yield block("", f"{count} cover as much and have the same divergences: {names}", hang=2)
    if not report.patches:
        yield ""
        yield line("files", "heading")
        yield from _table(report.files)
    yield ""
    yield line("patches", "heading")
    for patch in report.patches or report.series:
        found = [hunk for hunk in report.hunks if hunk.patch == patch]
        yield from _patch(patch, found, report.functions.get(patch.name, {}))
    if report.missing and not report.patches:
        yield ""
        yield line("nothing reaches", "heading")
        yield from map(_missing, report.missing)


def _table(files: Sequence[FileReach]) -> Iterator[str]:
    rows = [
        (
            words.escape(it.name),
            f"{len(it.reached)}/{len(it.statements)}",
            percent(len(it.reached), len(it.statements)),
            f"{len(it.taken)}/{len(it.branches)}",
            percent(len(it.taken), len(it.branches)),
        )
        for it in files
    ]
    rows = [("", "statements", "", "branches", ""), *rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        summary = "  ".join(map(str.rjust, cells, widths[1:]))
        yield f"  {name:{widths[0]}}  {summary}".rstrip()


def _patch(
    patch: Patch, found: Sequence[HunkReach], functions: Mapping[str, Names]
) -> Iterator[str | Piece]:
    can = [hunk for hunk in found if hunk.statements]
    reached = [hunk for hunk in can if hunk.reached]
    summary = f"{len(reached)} of {words.count(len(can), 'hunk')}"
    if not can:
        summary = "no statement of its own" + ("; it changes" if functions else "")
    yield block("  ", f"{words.escape(label(patch))}: {summary}", hang=2)
    for name, logs in functions.items():
        yield block(
            "    ", f"{words.escape(name)}: {words.few(logs) or 'nothing reaches it'}", hang=2
        )
    for hunk in can:
        if not hunk.reached:
            yield block("    ", f"{place(hunk)}: nothing reaches it", hang=2, role="behaviour")
        elif len(hunk.reached) < len(hunk.statements):
            missing = sorted({*hunk.statements} - {*hunk.reached})
            summary = f"{place(hunk)}: not {words.ranges(missing)}; {words.few(hunk.logs)}"
            yield block("    ", summary, hang=2)
        else:
            yield block("    ", f"{place(hunk)}: {words.few(hunk.logs)}", hang=2)


def _missing(it: MissingFunction) -> Piece:
    where = f"{words.escape(it.file)} {words.escape(it.name)}"
    if len(it.lines) == it.statements:
        return block("  ", f"{where}: all {words.count(it.statements, 'statement')}", hang=2)
    return block("  ", f"{where}: {words.ranges(it.lines)}", hang=2)
