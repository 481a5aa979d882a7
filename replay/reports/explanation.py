"""The explain report as a document and text."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from replay.analysis.cause_chain import CauseLink
from replay.analysis.explain import Explanation
from replay.reports import words
from replay.reports.documents import LogId, VariantId, log_id, variant_id
from replay.reports.sentence import sentence, short
from replay.reports.text.page import Page, Piece, block, header, line, page
from replay.series import Patch

KINDS = {"copy": "", "condition": "because", "skipped": "skips", "default": "default"}


class ExplainReport(Struct, frozen=True):
    """Explanations of one thing, or of each flag of a bit field, in one variant or in two."""

    log: LogId
    variants: tuple[VariantId, ...]
    explained: tuple[tuple[Explanation, ...], ...]


def explain_report(explained: Sequence[Sequence[Explanation]]) -> ExplainReport:
    """The report of explanations; each sequence has one for each variant."""
    first = explained[0]
    return ExplainReport(
        log=log_id(first[0].trace),
        variants=tuple(variant_id(it.trace) for it in first),
        explained=tuple(map(tuple, explained)),
    )


# Text


def text(report: ExplainReport) -> Page:
    """For each thing a sentence, then its chain of causes; of two variants side by side."""
    pieces: list[str | Piece] = [*header(report.log, report.variants)]
    for explanations in report.explained:
        pieces.append("")
        pieces += _one(*explanations) if len(explanations) == 1 else _two(explanations)
    legend = list(_legend(report))
    if legend:
        pieces += ["", line("patches", "heading"), *legend]
    return page(pieces)


def _one(it: Explanation, name: str = "") -> Iterator[str | Piece]:
    """A sentence and its chain."""
    yield _sentence(it, name)
    if it.links:
        yield ""
        yield from _links(it.links, it)


def _two(explanations: Sequence[Explanation]) -> Iterator[str | Piece]:
    """Both sentences, what each chain has of its own, and what they have in common."""
    names = [it.trace.variant.name for it in explanations]
    shared = _shared(explanations)
    own = [it.links[: len(it.links) - shared] for it in explanations]
    if not any(own) and len(set(map(sentence, explanations))) == 1:
        yield from _one(explanations[0], f"{names[0]} and {names[1]}")
        return
    for it, name in zip(explanations, names, strict=True):
        yield _sentence(it, name)
    for it, name, links in zip(explanations, names, own, strict=True):
        if links:
            parting = len(links) if shared else 1
            yield from ("", line(words.escape(name), "heading"), "")
            yield from _links(links, it, parting)
    if shared:
        one = explanations[0]
        yield from ("", line("both", "heading"), "")
        yield from _links(one.links[-shared:], one)


def _sentence(it: Explanation, name: str) -> Piece:
    lead = f"{words.escape(name)}: " if name else ""
    return block(lead, words.escape(sentence(it)), hang=-len(lead), role="headline")


def _shared(explanations: Sequence[Explanation]) -> int:
    """How many links at the origin two chains have in common."""
    one, other = ([link.cause for link in it.links[::-1]] for it in explanations)
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _links(links: Sequence[CauseLink], it: Explanation, parting: int = 0) -> Iterator[Piece]:
    """From the effect back; the one where it parts from the other variant is marked."""
    for number, link in enumerate(links, 1):
        mark = ">" if number == parting else " "
        yield block(f"{mark} ", cause(link, it), hang=4)


def cause(link: CauseLink, it: Explanation) -> str:
    """A link of the chain in a line: event, patch, statement and where it stands."""
    if link.kind == "event":
        return f"#{link.seq} event: {words.event(it.trace.steps[link.seq - 1].event.payload)}"
    if link.kind == "image":
        return f"#{link.seq} image {words.escape(link.path)}"
    if not link.line:
        return f"{words.escape(link.path)} as it was made"
    verb = KINDS.get(link.kind, f"{link.kind}s")
    about = " ".join(word for word in (verb, link.flag, words.escape(link.path)) if word)
    where = f"{link.function} {link.file}:{link.line}"
    patch = short(link.patches[0]) if link.patches else "base"
    told = f"#{link.seq} {patch:8} {where}: {words.escape(link.text)}"
    return f"{told}  [{about}]" if about else told


def _legend(report: ExplainReport) -> Iterator[Piece]:
    """Every patch that is named, once."""
    seen: dict[str, Patch] = {}
    for explanations in report.explained:
        for it in explanations:
            for link in it.links:
                seen |= {patch.name: patch for patch in link.patches}
    for patch in seen.values():
        day = " ".join(patch.date.partition(",")[2].split()[:3])
        told = "  ".join(word for word in (short(patch), day, patch.subject) if word)
        yield block("  ", words.escape(told), hang=4, role="patch")
