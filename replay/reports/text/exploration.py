"""All about one event as text: what it did in each variant, what differs, nodes and patches."""

from collections.abc import Iterator, Sequence
from functools import partial

from replay.reports import words
from replay.reports.documents.frames import FieldRow, Table
from replay.reports.documents.walk.exploration import EventDetail, StandingDifference
from replay.reports.text.page import Page, Piece, TextStyle, block, columns, line, page
from replay.reports.text.walk import step_lines


def detail(document: EventDetail, names: Sequence[str], folded: bool = True) -> Page:
    """An event and the nodes after it; `folded` without fields that are the same in all."""
    return page(_detail(document, names, folded))


def _detail(document: EventDetail, names: Sequence[str], folded: bool) -> Iterator[str | Piece]:
    yield from step_lines(document.step, names, with_differences=False)
    if document.differences:
        yield from ("", line(f"Differs after #{document.step.seq}, * from here on", "heading"))
        yield from map(_difference, document.differences)
    if document.breaches:
        yield from ("", line("Checks breached", "heading"))
        yield from (block("  ", text, hang=2) for text in document.breaches)
    tables = document.states.tables if document.states else ()
    for table in tables:
        yield from _table(table, names, folded)
    if not document.states:
        yield from ("", "What nodes there are is not known in all of the variants.")


def _difference(difference: StandingDifference) -> Piece:
    by = f", by {words.listing(difference.patches)}" if difference.patches else ""
    lead = "  * " if difference.begins else "    "
    role: TextStyle = "behaviour" if difference.begins else "state"
    return block(lead, f"{difference.text} ({difference.span}{by})", role=role)


def _table(table: Table, names: Sequence[str], folded: bool) -> Iterator[str | Piece]:
    """A node: a row a field, a column a variant."""
    if folded and not table.rows and not table.lacking:
        return
    lacking = f" (not in {words.listing(table.lacking)})" if table.lacking else ""
    having = [name for name in names if name not in table.lacking]
    yield from ("", line(words.path(table.path) + lacking, "heading"))
    rows = [[row.field, *(_value(row, name) for name in having)] for row in table.rows]
    if rows:
        head = ["", *map(words.escape, having)]
        yield from columns([head, *rows], "<" * len(having) + "~", indent="  ", head=True)
    if not folded:
        yield from columns(table.same, "<~", indent="  ")


def _value(row: FieldRow, name: str) -> str:
    value = row.values.get(name)
    if value is None:
        return "-"
    return value.text or " ".join(chip.sign + chip.text for chip in value.chips)


def patches(document: EventDetail) -> Page:
    """The patches behind the differences, each with its hunks."""
    return page(_patches(document))


def _patches(document: EventDetail) -> Iterator[str | Piece]:
    if not document.patches:
        yield "No patch: nothing differs here."
    for index, patch in enumerate(document.patches):
        yield from ([""] if index else [])
        yield line(patch.title, "patch")
        for hunk in patch.hunks:
            yield line(f"@@ {hunk.where}", "faint")
            # A line of source is not wrapped: its columns say what it is part of.
            yield from (Piece(partial(_whole, words.escape(text))) for text in hunk.lines)


def _whole(text: str, _: int) -> tuple[str, ...]:
    return (text,)
