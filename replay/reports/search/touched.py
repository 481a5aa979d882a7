"""What a patch touches as text and JSON."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from replay.analysis.search.touched import ChangedHunk, Touched, TouchedDefinition
from replay.reports import words
from replay.reports.documents import FORMAT_VERSION, VariantId
from replay.reports.json import document
from replay.reports.search.coverage import names
from replay.reports.text.page import Page, Piece, block, line, page, variant_lines


class TouchedReport(Struct, frozen=True):
    """What a patch touches of the model in a variant, looked at in so many logs."""

    variant: VariantId
    touched: Touched
    logs: int


def text(report: TouchedReport) -> Page:
    """What is in the model, each definition with its logs, then the hunks."""
    return page(_pieces(report))


def _pieces(report: TouchedReport) -> Iterator[str | Piece]:
    touched = report.touched
    yield block("patch    ", words.escape(touched.title), role="faint")
    yield from variant_lines([report.variant])
    yield ""
    yield block("", verdict(report), role="headline")
    if touched.definitions:
        yield ""
        yield from (_definition(it) for it in touched.definitions)
    yield ""
    yield line("hunks", "heading")
    modelled = {it.name for it in touched.definitions if it.model}
    yield from (_hunk(hunk, modelled) for hunk in touched.hunks)


def verdict(report: TouchedReport) -> str:
    """How much of it the model has, and how many logs reach that."""
    found = report.touched.definitions
    there = [it for it in found if it.model]
    reached = [it for it in there if it.logs]
    count = f"{len(there)} of {words.count(len(found), 'definition')}"
    told = f"{count} that it changes {'is' if len(found) == 1 else 'are'} in the model"
    logs = f"{len(report.touched.logs)} of {words.count(report.logs, 'log')}"
    return f"{told}; {logs} run through {words.count(len(reached), 'function')} of these."


def _definition(it: TouchedDefinition) -> Piece:
    files = ", ".join(map(words.escape, it.files))
    lead = f"{words.escape(it.name)} ({files})"
    if it.model is None:
        return block("  ", f"{lead}: not in the model", hang=2)
    where = f"{it.model.kind} at {words.escape(it.model.file)}:{it.model.line}"
    who = names(it.logs) if it.logs else "no log runs through it"
    return block("  ", f"{lead}: {where}" + (f"; {who}" if it.model.kind == "function" else ""), 2)


def _hunk(hunk: ChangedHunk, modelled: set[str]) -> Piece:
    place = f"{words.escape(hunk.file)}:{hunk.line}"
    told = [_named(name, modelled) for name in hunk.names] or ["nothing but empty lines"]
    return block("  ", f"{place}: {', '.join(told)}", hang=2)


def _named(name: str, modelled: set[str]) -> str:
    if not name:
        return "outside of functions, not modelled"
    return f"{words.escape(name)}, {'modelled' if name in modelled else 'not modelled'}"


def json(report: TouchedReport) -> str:
    """What it touches as an object."""
    touched = report.touched
    modelled = {it.name for it in touched.definitions if it.model}
    told: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "variant": report.variant,
        "patch": touched.title,
        "definitions": touched.definitions,
        "hunks": [
            {
                "file": hunk.file,
                "line": hunk.line,
                "names": hunk.names,
                "modelled": any(name in modelled for name in hunk.names),
            }
            for hunk in touched.hunks
        ],
        "logs": touched.logs,
    }
    return document(told)
