"""Explanations as text: a sentence, then the chain of causes."""

from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.effects import day
from replay.reports.documents.explain import (
    ExplainReport,
    ExplanationReport,
    shared_links,
    short,
)
from replay.reports.text.page import Page, Piece, block, header, line, page


def explain(report: ExplainReport) -> Page:
    """For each thing a sentence, then its chain of causes; of two variants side by side."""
    pieces: list[str | Piece] = [*header(report.log, report.variants)]
    for explanations in report.explained:
        alone = len(explanations) == 1
        pieces.append("")
        pieces += _alone(explanations[0]) if alone else _side_by_side(explanations)
    legend = list(_legend(report))
    if legend:
        pieces += ["", line("patches", "heading"), *legend]
    return page(pieces)


def _alone(explanation: ExplanationReport, name: str = "") -> Iterator[str | Piece]:
    """A sentence and its chain."""
    yield from _sentence(explanation, name)
    if explanation.lines:
        yield ""
        yield from _links(explanation.lines)


def _side_by_side(explanations: Sequence[ExplanationReport]) -> Iterator[str | Piece]:
    """Both sentences, what each chain has of its own, and what they have in common."""
    names = [explanation.variant for explanation in explanations]
    shared = shared_links(explanations)
    own = [e.lines[: len(e.lines) - shared] for e in explanations]
    if not any(own) and len({e.sentence for e in explanations}) == 1:
        yield from _alone(explanations[0], f"{names[0]} and {names[1]}")
        return
    for explanation, name in zip(explanations, names, strict=True):
        yield from _sentence(explanation, name)
    for name, lines in zip(names, own, strict=True):
        if lines:
            parting = len(lines) if shared else 1
            yield from ("", line(words.escape(name), "heading"), "")
            yield from _links(lines, parting)
    if shared:
        yield from ("", line("both", "heading"), "")
        yield from _links(explanations[0].lines[-shared:])


def _sentence(explanation: ExplanationReport, name: str) -> Iterator[Piece]:
    lead = f"{words.escape(name)}: " if name else ""
    yield block(lead, words.escape(explanation.sentence), hang=-len(lead), role="headline")
    if explanation.when:
        yield line(explanation.when, "faint")


def _links(lines: Sequence[str], parting: int = 0) -> Iterator[Piece]:
    """From the effect back; the one where it parts from the other variant is marked."""
    for number, text in enumerate(lines, 1):
        mark = ">" if number == parting else " "
        yield block(f"{mark} ", text, hang=4)


def _legend(report: ExplainReport) -> Iterator[Piece]:
    """Every patch that is named, once."""
    for patch in report.patches:
        parts = (short(patch), day(patch), words.escape(patch.subject))
        yield block("  ", "  ".join(filter(None, parts)), hang=4, role="patch")
