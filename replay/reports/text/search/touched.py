"""What a patch touches as text."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.search.touched import (
    ChangedHunk,
    TouchedDefinition,
    TouchedReport,
    headline,
)
from replay.reports.text.page import Page, Piece, block, line, page, variant_lines


def touched(report: TouchedReport) -> Page:
    """What is in the model, each definition with its logs, then the hunks."""
    return page(_pieces(report))


def _pieces(report: TouchedReport) -> Iterator[str | Piece]:
    yield block("patch    ", words.escape(report.title), role="faint")
    yield from variant_lines([report.variant])
    yield ""
    yield block("", headline(report), role="headline")
    if report.definitions:
        yield ""
        yield from map(_definition, report.definitions)
    yield ""
    yield line("hunks", "heading")
    modelled = {it.name for it in report.definitions if it.model}
    yield from (_hunk(hunk, modelled) for hunk in report.hunks)


def _definition(it: TouchedDefinition) -> Piece:
    files = ", ".join(map(words.escape, it.files))
    lead = f"{words.escape(it.name)} ({files})"
    if it.model is None:
        return block("  ", f"{lead}: not in the model", hang=2)
    where = f"{it.model.kind} at {words.escape(it.model.file)}:{it.model.line}"
    who = words.few(it.logs) if it.logs else "no log runs through it"
    return block("  ", f"{lead}: {where}" + (f"; {who}" if it.model.kind == "function" else ""), 2)


def _hunk(hunk: ChangedHunk, modelled: set[str]) -> Piece:
    place = f"{words.escape(hunk.file)}:{hunk.line}"
    names = [_named(name, modelled) for name in hunk.names] or ["nothing but empty lines"]
    return block("  ", f"{place}: {', '.join(names)}", hang=2)


def _named(name: str, modelled: set[str]) -> str:
    if not name:
        return "outside of functions, not modelled"
    return f"{words.escape(name)}, {'modelled' if name in modelled else 'not modelled'}"
