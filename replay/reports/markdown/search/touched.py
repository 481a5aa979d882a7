"""What a patch touches as Markdown."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.search.touched import TouchedDefinition, TouchedReport, headline
from replay.reports.markdown.markup import cell, prose, table, variants


def touched(report: TouchedReport) -> str:
    """How much of it the model has, a row for each definition and one for each hunk."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: TouchedReport) -> Iterator[str]:
    yield f"## {prose(report.title)}"
    yield ""
    yield from variants([report.variant])
    yield ""
    yield f"**{prose(headline(report))}**"
    if report.definitions:
        yield ""
        yield from table(["definition", "model", "logs"], [*map(_row, report.definitions)])
    modelled = {it.name for it in report.definitions if it.model}
    rows = [
        [
            cell(f"{hunk.file}:{hunk.line}"),
            cell(", ".join(filter(None, hunk.names)) or "-"),
            "yes" if modelled & {*hunk.names} else "no",
        ]
        for hunk in report.hunks
    ]
    yield ""
    yield from table(["hunk", "definitions", "modelled"], rows)


def _row(it: TouchedDefinition) -> list[str]:
    model = cell(f"{it.model.file}:{it.model.line}") if it.model else "no"
    return [cell(it.name), model, cell(words.few(it.logs)) if it.logs else "-"]
