"""The document of explanations, and the reasons that stand beside a divergence."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.cause_chain import CauseLink
from replay.analysis.explain import Explanation, explain
from replay.engine.diff import Divergence
from replay.engine.places import (
    Place,
)
from replay.engine.trace import ModelTrace
from replay.reports import words
from replay.reports.documents.common import (
    EventOrigin,
    LogId,
    VariantId,
    event_origin,
    log_id,
    variant_id,
)
from replay.reports.documents.explain.sentence import path_in, sentence, short
from replay.reports.documents.flag_tables import first_bit
from replay.series import Patch
from replay.variants.subject import BitFields

__all__ = [
    "CauseLink",
    "ExplainReport",
    "ExplanationReport",
    "Reason",
    "ValueReport",
    "explain_report",
    "reasons",
    "shared_links",
]

KINDS = {"copy": "", "condition": "because", "skipped": "skips", "default": "default"}
"""The verb of a link where it is not its kind with an "s"."""


class ExplanationReport(Struct, frozen=True):
    """Why a thing is so in one variant: a sentence, and the chain of causes from the effect back.

    `lines` has a line of text for each link. `when` says when the event was recorded since which
    it is so, "" if that is not known.
    """

    variant: str
    about: str
    seq: int
    since: int
    value: Any
    sentence: str
    links: tuple[CauseLink, ...]
    lines: tuple[str, ...]
    when: str = ""
    recorded: EventOrigin = EventOrigin()


class ValueReport(Struct, frozen=True):
    """Why a value is so in one variant, or each flag of it: sentences, and one chain for all.

    `causes` are what lines have in common that stand for the same cause. `whens` say when events
    were recorded.
    """

    variant: str
    sentences: tuple[str, ...]
    whens: tuple[str, ...]
    causes: tuple[Any, ...]
    lines: tuple[str, ...]


class ExplainReport(Struct, frozen=True):
    """Explanations of one thing, or of each flag of a bit field, in one variant or in two.

    `values` has the same for readers: all flags of a field together.
    """

    log: LogId
    variants: tuple[VariantId, ...]
    explained: tuple[tuple[ExplanationReport, ...], ...]
    values: tuple[tuple[ValueReport, ...], ...]

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Every patch that is named, once, in the order of being met."""
        explanations = (report for reports in self.explained for report in reports)
        links = (link for report in explanations for link in report.links)
        return tuple({patch.name: patch for link in links for patch in link.patches}.values())


class Reason(Struct, frozen=True):
    """A sentence on the value of variants, and its chain of causes from the effect back."""

    variants: tuple[str, ...]
    sentence: str
    chain: tuple[str, ...]


def explain_report(explained: Sequence[Sequence[Explanation]]) -> ExplainReport:
    """The report of explanations; each sequence has one for each variant."""
    first = explained[0]
    return ExplainReport(
        log=log_id(first[0].trace),
        variants=tuple(variant_id(explanation.trace) for explanation in first),
        explained=tuple(tuple(map(_explanation, several)) for several in explained),
        values=tuple(_values(explained)),
    )


def _values(explained: Sequence[Sequence[Explanation]]) -> Iterator[tuple[ValueReport, ...]]:
    """The explanations by variant, those of the flags of one field together."""
    by_place: dict[Place, list[Sequence[Explanation]]] = {}
    for several in explained:
        by_place.setdefault(replace(several[0].place, flag=""), []).append(several)
    for rows in by_place.values():
        yield tuple(map(_value, zip(*rows, strict=True)))


def _value(explanations: Sequence[Explanation]) -> ValueReport:
    trace = explanations[0].trace
    chain = _one_chain(explanation.links for explanation in explanations)
    return ValueReport(
        variant=trace.variant.name,
        sentences=tuple(map(sentence, explanations)),
        whens=tuple(dict.fromkeys(filter(None, map(_when, explanations)))),
        causes=tuple(links[0].cause for links in chain),
        lines=tuple(_line(links, trace) for links in chain),
    )


def _one_chain(chains: Iterable[Sequence[CauseLink]]) -> list[list[CauseLink]]:
    """All links of several chains in their order, those of one statement together."""
    links_by_statement: dict[Any, list[CauseLink]] = {}
    order: list[Any] = []
    for chain in chains:
        position = 0
        for link in chain:
            if link.statement in links_by_statement:
                position = order.index(link.statement) + 1
            else:
                order.insert(position, link.statement)
                position += 1
            links_by_statement.setdefault(link.statement, []).append(link)
    return [links_by_statement[statement] for statement in order]


def _explanation(explanation: Explanation) -> ExplanationReport:
    return ExplanationReport(
        variant=explanation.trace.variant.name,
        about=words.place(explanation.place),
        seq=explanation.seq,
        since=explanation.since,
        value=explanation.value,
        sentence=sentence(explanation),
        links=explanation.links,
        lines=tuple(_line([link], explanation.trace) for link in explanation.links),
        when=_when(explanation),
        recorded=event_origin(explanation.trace.log.events[explanation.since - 1]),
    )


def _when(explanation: Explanation) -> str:
    when = words.when(explanation.trace.log.events[explanation.since - 1].recorded)
    return f"#{explanation.since} was recorded at {when}" if when else ""


def shared_links(values: Sequence[ValueReport]) -> int:
    """How many links at the origin two chains have in common."""
    left, right = (value.causes[::-1] for value in values)
    pairs = enumerate(zip(left, right, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(left), len(right)))


def _line(links: Sequence[CauseLink], trace: ModelTrace) -> str:
    """A statement of the chain in a line: event, patch, where it stands, and what it does.

    Several links are the same statement as a cause of several things.
    """
    link = links[0]
    if link.kind == "event":
        return f"#{link.seq} event: {words.event(trace.steps[link.seq - 1].event.payload)}"
    if link.kind == "image":
        return f"#{link.seq} image {words.path(link.path)}"
    if not link.line:
        return f"{path_in(link.path, trace, link.seq)} as it was made"
    where = f"{link.function} {link.file}:{link.line}"
    patch = short(link.patches[0]) if link.patches else "base"
    text = f"#{link.seq} {patch:8} {where}: {words.escape(link.text)}"
    about = "; ".join(_about(links, trace))
    return f"{text}  [{about}]" if about else text


def _about(links: Iterable[CauseLink], trace: ModelTrace) -> Iterator[str]:
    """What a statement does, by verb and path, with the flags that it does it to."""
    flags: dict[tuple[str, str], list[str]] = {}
    for link in links:
        verb = KINDS.get(link.kind, f"{link.kind}s")
        flags.setdefault((verb, path_in(link.path, trace, link.seq)), []).append(link.flag)
    for (verb, path), names in flags.items():
        several = list(dict.fromkeys(filter(None, names)))
        listed = words.listing(several) if several else ""
        if text := " ".join(word for word in (verb, listed, path) if word):
            yield text


def reasons(
    divergence: Divergence, traces: Iterable[ModelTrace], bits: BitFields
) -> tuple[Reason, ...]:
    """A reason for each replayed variant that has a value there.

    Of a bit field the first flag that differs is explained.
    """
    return tuple(_reasons(divergence, traces, bits))


def _reasons(
    divergence: Divergence, traces: Iterable[ModelTrace], bits: BitFields
) -> Iterator[Reason]:
    place = divergence.place
    bit = first_bit(divergence, bits)
    if bit is not None and bit in bits.get(place.field, ()):
        place = replace(place, flag=bit)
    chains: dict[Any, tuple[list[str], Explanation]] = {}
    for trace in traces:
        if trace.variant.name in divergence.values:
            explanation = explain(trace, place, divergence.first_seq)
            key = sentence(explanation), tuple(link.cause for link in explanation.links)
            chains.setdefault(key, ([], explanation))[0].append(trace.variant.name)
    for (text, _), (names, explanation) in chains.items():
        lines = (_line([link], explanation.trace) for link in explanation.links)
        yield Reason(tuple(names), text, tuple(lines))
