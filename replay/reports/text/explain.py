"""Explanations as text: a sentence, then the chain of causes."""

from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.effects import day, title
from replay.reports.documents.explain.explain import (
    ExplainReport,
    ValueReport,
    shared_links,
)
from replay.reports.documents.explain.sentence import short
from replay.reports.text.page import Page, Piece, block, header, line, page


def explain(report: ExplainReport) -> Page:
    """For each thing a sentence, then its chain of causes; of two variants side by side."""
    pieces: list[str | Piece] = [*header(report.log, report.variants)]
    for values in report.values:
        pieces.append("")
        pieces += _alone(values[0]) if len(values) == 1 else _side_by_side(values)
    legend = list(_legend(report))
    if legend:
        pieces += ["", line("patches", "heading"), *legend]
    return page(pieces)


def _alone(value: ValueReport, name: str = "") -> Iterator[str | Piece]:
    """The sentences and their chain."""
    yield from _sentences(value, name)
    if value.lines:
        yield ""
        yield from _links(value.lines)


def _side_by_side(values: Sequence[ValueReport]) -> Iterator[str | Piece]:
    """Both sentences, what each chain has of its own, and what they have in common."""
    names = [value.variant for value in values]
    shared = shared_links(values)
    own = [value.lines[: len(value.lines) - shared] for value in values]
    if not any(own) and len({value.sentences for value in values}) == 1:
        yield from _alone(values[0], f"{names[0]} and {names[1]}")
        return
    for value, name in zip(values, names, strict=True):
        yield from _sentences(value, name)
    for name, lines in zip(names, own, strict=True):
        if lines:
            parting = len(lines) if shared else 1
            yield from ("", line(words.escape(name), "heading"), "")
            yield from _links(lines, parting)
    if shared:
        yield from ("", line("both", "heading"), "")
        yield from _links(values[0].lines[-shared:])


def _sentences(value: ValueReport, name: str) -> Iterator[Piece]:
    lead = f"{words.escape(name)}: " if name else ""
    for sentence in value.sentences:
        yield block(lead, words.escape(sentence), hang=-len(lead), role="headline")
    yield from (line(when, "faint") for when in value.whens)


def _links(lines: Sequence[str], parting: int = 0) -> Iterator[Piece]:
    """From the effect back; the one where it parts from the other variant is marked."""
    for number, text in enumerate(lines, 1):
        mark = ">" if number == parting else " "
        yield block(f"{mark} ", text, hang=4)


def _legend(report: ExplainReport) -> Iterator[Piece]:
    """Every patch that is named, once."""
    for patch in report.patches:
        parts = dict.fromkeys((short(patch), day(patch), title(patch)))
        yield block("  ", "  ".join(filter(None, parts)), hang=4, role="patch")
