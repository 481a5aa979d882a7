"""Text that is wrapped to a width only when it is printed."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from textwrap import wrap
from typing import Literal

from msgspec import Struct

from replay.reports import words
from replay.reports.documents import LogId, VariantId
from replay.variants.translation import TranslationSummary

WIDTH = 80
"""So many columns a page has that goes to a file or a pipe."""

TextStyle = Literal["", "faint", "headline", "heading", "patch", "behaviour", "state"]
"""What a piece is to the reader, for those who can show it."""


class Piece(Struct, frozen=True):
    """Lines in a role, which a width in columns decides."""

    lines: Callable[[int], Iterable[str]]
    role: TextStyle = ""


class Page(Struct, frozen=True):
    """Lines as they are and pieces. As a string it is WIDTH wide where words allow it."""

    pieces: tuple[str | Piece, ...]

    def laid(self, width: int) -> Iterator[tuple[TextStyle, str]]:
        """The lines from top to bottom, each with its role."""
        for piece in self.pieces:
            if isinstance(piece, str):
                yield "", piece
            else:
                yield from ((piece.role, line) for line in piece.lines(width))

    def __str__(self) -> str:
        return "".join(f"{line}\n" for _, line in self.laid(WIDTH))


def page(pieces: Iterable[str | Piece]) -> Page:
    """A page of these pieces."""
    return Page(tuple(pieces))


def pages(several: Iterable[Page]) -> Page:
    """Pages one after another, with a rule between two."""
    first, *others = several
    return page([*first.pieces, *(p for it in others for p in ("", RULE, *it.pieces))])


def block(lead: str, body: str, hang: int = 0, role: TextStyle = "") -> Piece:
    """A text after a lead, going on below its beginning or `hang` columns further in."""
    return Piece(partial(wrapped, lead, body, hang), role)


def line(text: str, role: TextStyle) -> Piece:
    """A line in a role."""
    return Piece(lambda _: (text,), role)


def wrapped(lead: str, body: str, hang: int, width: int) -> list[str]:
    """The lines of a block."""
    return wrap(
        body,
        width,
        initial_indent=lead,
        subsequent_indent=" " * (len(lead) + hang),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [lead.rstrip()]


RULE = Piece(lambda width: ("-" * width,), "faint")
"""What stands between the texts of two logs."""


def header(log: LogId, variants: Iterable[VariantId]) -> Iterator[Piece]:
    """Which log and which code."""
    events = words.count(log.events, "event")
    yield line(f"log      {words.escape(log.name)}  {log.fingerprint[:12]}  {events}", "faint")
    yield from variant_lines(variants)
    if log.translation:
        yield block("said in  ", translation(log.translation), role="faint")


def variant_lines(variants: Iterable[VariantId]) -> Iterator[Piece]:
    """Which code."""
    variants = list(variants)
    name, revision = (max(len(getattr(v, key)) for v in variants) for key in ("name", "revision"))
    for variant in variants:
        left = f"{words.escape(variant.name):{name}}  {words.escape(variant.revision):{revision}}"
        yield line(f"variant  {left}  {variant.digest[:12]}".rstrip(), "faint")


def translation(done: TranslationSummary) -> str:
    """What a translation did, in a few sentences."""
    told = f"words of these trees: {words.count(done.translated, 'event')} translated"
    told += f", {done.idle} that {'asks' if done.idle == 1 else 'ask'} nothing of them"
    if not done.without_equivalent:
        return f"{told}, none without an equivalent"
    missing = [f"{name} ({count})" for name, count in done.without_equivalent.items()]
    return f"{told}; without an equivalent: {words.listing(missing)}"


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
