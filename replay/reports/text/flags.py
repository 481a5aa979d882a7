"""A flag table as text."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from replay.reports import words
from replay.reports.documents.flag_tables import FlagRow, FlagTable
from replay.reports.text.page import Piece, cells, line, padded, side_by_side, wrapped

INDENT = 6
MISSING = "no such node"


def table(flags: FlagTable, common: bool = True) -> Iterator[Piece]:
    """A row a node, a column a variant; a cell has the flags that differ, + set and - cleared.

    `common` is whether the flags stand there too that are set in all variants.
    """
    same = ", = set in all" if common else ""
    yield line(f"{flags.field} after #{flags.seq}: + set, - cleared{same}", "heading")
    yield Piece(partial(_rows, flags, common))


def _rows(flags: FlagTable, common: bool, width: int) -> Iterator[str]:
    labels = {row.path: _label(row) for row in flags.rows}
    cell = 1 + max(map(cells, (*flags.variants, *_flags(flags), MISSING)))
    path = max(map(cells, labels.values()))
    if path + 2 + (cell + 2) * len(flags.variants) > width:
        path = INDENT - 2
    count = (width - path - 2) // (cell + 2) or 1
    for start in range(0, len(flags.variants), count):
        variants = flags.variants[start : start + count]
        form = _Form((path, *[cell] * len(variants)), common, width)
        yield form.line("", map(words.escape, variants))
        for row in flags.rows:
            yield from _row(row, variants, labels[row.path], form)


def _label(row: FlagRow) -> str:
    where = row.divergence
    span = f"  {words.span(where.first_seq, where.last_seq)}" if where else ""
    return f"  {words.path(row.path)}{span}"


def _flags(flags: FlagTable) -> Iterator[str]:
    return (words.escape(flag) for row in flags.rows for flag in row.differing)


class _Form(NamedTuple):
    """How wide the columns are, that of paths first, and all; whether common flags are shown."""

    columns: tuple[int, ...]
    common: bool
    width: int

    def line(self, label: str, texts: Iterable[str]) -> str:
        """A label and what stands in the column of each variant."""
        return side_by_side((label, *texts), self.columns, "<" * len(self.columns))


def _row(row: FlagRow, variants: Iterable[str], label: str, form: _Form) -> Iterator[str]:
    if cells(label) > form.columns[0]:
        yield label
        label = ""
    for flag in row.differing:
        yield form.line(label, (_cell(flag, row.set_in.get(name)) for name in variants))
        label = ""
    if form.common:
        lead = padded(label, form.columns[0] + 2)
        yield from wrapped(lead, f"= {words.flags(row.common)}", 2, form.width)


def _cell(flag: str, set_here: tuple[str, ...] | None) -> str:
    if set_here is None:
        return MISSING
    return f"{'+' if flag in set_here else '-'}{words.escape(flag)}"
