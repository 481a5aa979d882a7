"""Text that is wrapped to a width only when it is printed."""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal

from msgspec import Struct

from replay.reports import words
from replay.reports.documents.common import LogId, VariantId, translation

WIDTH = 80
"""So many columns a page has that goes to a file or a pipe."""

TextStyle = Literal["", "faint", "headline", "heading", "patch", "behaviour", "state"]
"""What a piece is to the reader, for those who can show it."""


class Piece(Struct, frozen=True):
    """Lines in a role, which a width in columns decides."""

    lines: Callable[[int], Iterable[str]]
    role: TextStyle = ""


class Page(Struct, frozen=True):
    """Lines and pieces. As a string it is `width` columns wide where words allow it."""

    pieces: tuple[str | Piece, ...]
    width: int = WIDTH

    def laid(self, width: int) -> Iterator[tuple[TextStyle, str]]:
        """The lines from top to bottom, each with its role."""
        for piece in self.pieces:
            if isinstance(piece, str):
                piece = line(piece)
            yield from ((piece.role, text) for text in piece.lines(width))

    def __str__(self) -> str:
        return "".join(f"{line}\n" for _, line in self.laid(self.width))


def page(pieces: Iterable[str | Piece]) -> Page:
    """A page of these pieces."""
    return Page(tuple(pieces))


def listing(pieces: Iterable[str | Piece]) -> Page:
    """A page that only a terminal wraps: in a file other programs want a line for each item."""
    return Page(tuple(pieces), sys.maxsize)


def pages(several: Iterable[Page]) -> Page:
    """Pages one after another, with a rule between two."""
    first, *others = several
    return page([*first.pieces, *(p for other in others for p in ("", RULE, *other.pieces))])


def block(lead: str, body: str, hang: int = 0, role: TextStyle = "") -> Piece:
    """A text after a lead, going on below its beginning or `hang` columns further in."""
    return Piece(partial(wrapped, lead, body, hang), role)


def line(text: str, role: TextStyle = "") -> Piece:
    """A text that begins with the spaces that it has, and goes on four columns further in."""
    body = text.lstrip(" ")
    return block(" " * (len(text) - len(body)), body, hang=4, role=role)


def wrapped(lead: str, body: str, hang: int, width: int) -> list[str]:
    """The lines of a block. A word that is too long for a line stays whole."""
    lines: list[str] = []
    line, is_empty = lead, True
    for space, word in re.findall("( *)([^ ]+)", body):
        # Below, a word that is alone in its line has no more room, unless that begins further left.
        if (is_empty and (lines or hang >= 0)) or cells(line + space + word) <= width:
            line += "" if is_empty and lines else space
        else:
            lines.append(line.rstrip())
            line = " " * (cells(lead) + hang)
        line += word
        is_empty = False
    return [*lines, line.rstrip()]


def cells(text: str) -> int:
    """How many columns a text takes on a terminal, where some letters take two or none."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, width: int, align: str = "<") -> str:
    """The text with spaces behind it, or before it if `align` is ">"."""
    space = " " * (width - cells(text))
    return space + text if align == ">" else text + space


NARROWEST = 16
"""Columns that a column of a table has at least if its cells are wrapped."""


def columns(
    rows: Iterable[Sequence[str]], align: str, indent: str = "", head: bool = False
) -> Iterator[Piece]:
    """Rows of cells side by side, a piece a row; the first is a heading if there is a `head`.

    `align` says of each column whether its cells stand left (<), right (>), or are wrapped in
    all the room that the others leave (~), of which there can be one.
    """
    table = [tuple(row) for row in rows]
    for index, _ in enumerate(table):
        role: TextStyle = "heading" if head and not index else ""
        yield Piece(partial(row_lines, table, index, align, indent), role)


def row_lines(
    table: Sequence[Sequence[str]], index: int, align: str, indent: str, width: int
) -> list[str]:
    """The lines of one row of a table that is so wide."""
    widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
    row, flexible = list(table[index]), align.find("~")
    if flexible < 0:
        return [indent + side_by_side(row, widths, align)]
    left = len(indent) + sum(widths[:flexible]) + 2 * flexible
    right = sum(widths[flexible + 1 :]) + 2 * (len(row) - flexible - 1)
    if not right:
        *before, last = row
        hang = 0 if left + NARROWEST <= width else 4 - left
        lead = indent + side_by_side((*before, ""), (*widths[:-1], 0), align)
        return wrapped(padded(lead, left), last, hang, width)
    widths[flexible] = max(width - left - right, NARROWEST)
    row[flexible], *more = wrapped("", row[flexible], 0, widths[flexible])
    first = indent + side_by_side(row, widths, align)
    return [first, *(" " * left + line for line in more)]


def side_by_side(row: Sequence[str], widths: Sequence[int], align: str) -> str:
    """Cells two spaces apart; nothing follows the last."""
    *most, last = map(padded, row, widths, align)
    return "  ".join((*most, last)).rstrip()


RULE = Piece(lambda width: ("-" * width,), "faint")
"""What stands between the texts of two logs."""


def header(log: LogId, variants: Iterable[VariantId]) -> Iterator[Piece]:
    """Which log and which code."""
    events = words.count(log.events, "event")
    name = words.escape(log.name)
    yield block("log      ", f"{name}  {log.fingerprint[:12]}  {events}", role="faint")
    yield from variant_lines(variants)
    if log.translation:
        yield block("said in  ", translation(log.translation), role="faint")


def variant_lines(variants: Iterable[VariantId]) -> Iterator[Piece]:
    """Which code."""
    variants = list(variants)
    name, revision = (max(len(getattr(v, key)) for v in variants) for key in ("name", "revision"))
    for variant in variants:
        left = f"{words.escape(variant.name):{name}}  {words.escape(variant.revision):{revision}}"
        yield block("variant  ", f"{left}  {variant.digest[:12]}", role="faint")


def fitted(phrases: list[str], width: int) -> str:
    """As many phrases as fit, and how many more there are."""
    for shown in range(len(phrases), 0, -1):
        more = f", {len(phrases) - shown} more" if shown < len(phrases) else ""
        text = ", ".join(phrases[:shown])
        if len(text + more) <= width:
            return text + more
    more = f", {len(phrases) - 1} more" if len(phrases) > 1 else ""
    return cut(phrases[0], width - len(more)) + more


def cut(text: str, width: int) -> str:
    """The text, with dots for what is too much."""
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."
