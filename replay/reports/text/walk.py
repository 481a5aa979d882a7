"""A walk as text: each event, and below it what is so in which variant."""

from collections.abc import Iterator, Mapping, Sequence

from replay.reports import words
from replay.reports.documents.walk.walk import SharedText, Walk, WalkStep
from replay.reports.text.page import Page, Piece, block, header, line, page


def walk(document: Walk) -> Page:
    """Every event with how it ended, the chains, what it changed and what differs from it on."""
    names = [variant.name for variant in document.variants]
    pieces: list[str | Piece] = [*header(document.log, document.variants)]
    for step in document.steps:
        pieces += ["", *step_lines(step, names)]
    if document.left_out:
        count = words.count(document.left_out, "event")
        pieces += ["", line(f"{count} that changed nothing left out", "faint")]
    return page(pieces)


def step_lines(
    step: WalkStep, names: Sequence[str], with_differences: bool = True
) -> Iterator[Piece]:
    """The lines about an event; what is true of all variants names none."""
    yield block(f"#{step.seq} ", step.title, role="heading")
    if step.when:
        yield line(f"    {step.when}", "faint")
    if step.recorded:
        yield block("    ", step.recorded, hang=4)
    yield from _shared("    ", step.outcomes, names)
    yield from _chains(step.chains, names)
    for group in step.changes:
        indent = "    "
        if len(group.names) < len(names):
            yield line(f"    in {words.listing(group.names)}", "faint")
            indent = "      "
        yield from (block(indent, text, hang=4) for text in group.texts)
    for text in step.begins if with_differences else ():
        yield block("    differs: ", text, role="behaviour")


def _chains(chains: Mapping[str, Sequence[SharedText]], names: Sequence[str]) -> Iterator[Piece]:
    for top, texts in chains.items():
        lead = f"    {words.path(top)}: "
        if len(texts) == 1 and len(texts[0].names) == len(names):
            yield block(lead, texts[0].text, hang=2)
        else:
            yield line(lead.rstrip())
            yield from _shared("      ", texts, names)


def _shared(indent: str, texts: Sequence[SharedText], names: Sequence[str]) -> Iterator[Piece]:
    """A line a text, after the variants of which it is true."""
    if len(texts) == 1 and len(texts[0].names) == len(names):
        yield block(indent, texts[0].text)
        return
    of = [words.listing(text.names) for text in texts]
    wide = max(map(len, of), default=0)
    for name, text in zip(of, texts, strict=True):
        yield block(f"{indent}{name:{wide}}  ", text.text, hang=2)
