"""A flag table as text."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from replay.reports import words
from replay.reports.flag_tables import FlagRow, FlagTable
from replay.reports.text.page import Piece, line, wrapped

INDENT = 6


def table(chain: FlagTable, common: bool = True) -> Iterator[Piece]:
    """A row a node, a column a variant; a cell has the flags that differ, + set and - cleared.

    `common` is whether to tell the flags too that are set in all variants.
    """
    same = ", = set in all" if common else ""
    yield line(f"{chain.field} after #{chain.seq}: + set, - cleared{same}", "heading")
    yield Piece(partial(_rows, chain, common))


def _rows(chain: FlagTable, common: bool, width: int) -> Iterator[str]:
    labels = {row.path: _label(row) for row in chain.rows}
    cell = max(len(word) for word in (*chain.variants, *_flags(chain), "no such node")) + 3
    path = max(map(len, labels.values())) + 2
    if path + cell * len(chain.variants) > width:
        path = INDENT
    columns = (width - path) // cell or 1
    for start in range(0, len(chain.variants), columns):
        variants = chain.variants[start : start + columns]
        yield (" " * path + "".join(f"{words.escape(name):{cell}}" for name in variants)).rstrip()
        for row in chain.rows:
            yield from _row(row, variants, labels[row.path], _Form(path, cell, common, width))


def _label(row: FlagRow) -> str:
    where = row.divergence
    span = f"  {words.span(where.first_seq, where.last_seq)}" if where else ""
    return f"  {words.escape(row.path)}{span}"


def _flags(chain: FlagTable) -> Iterator[str]:
    return (words.escape(flag) for row in chain.rows for flag in row.differing)


class _Form(NamedTuple):
    """How wide the column of paths, the others and all are; whether common flags are told."""

    path: int
    cell: int
    common: bool
    width: int


def _row(row: FlagRow, variants: Iterable[str], label: str, form: _Form) -> Iterator[str]:
    if len(label) > form.path:
        yield label
        label = ""
    for flag in row.differing:
        cells = (_cell(flag, row.set_in.get(name)) for name in variants)
        yield (f"{label:{form.path}}" + "".join(f"{text:{form.cell}}" for text in cells)).rstrip()
        label = ""
    if form.common:
        yield from wrapped(f"{label:{form.path}}", f"= {words.flags(row.common)}", 2, form.width)


def _cell(flag: str, set_here: tuple[str, ...] | None) -> str:
    if set_here is None:
        return "no such node"
    return f"{'+' if flag in set_here else '-'}{words.escape(flag)}"
