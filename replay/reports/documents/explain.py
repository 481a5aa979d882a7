"""The document of explanations, and the reasons that stand beside a divergence."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.cause_chain import CauseLink
from replay.analysis.explain import Explanation, explain
from replay.engine.diff import Divergence
from replay.engine.places import EdgePlace, FieldPlace, FilePlace, MachinePlace, OutcomePlace
from replay.engine.trace import ModelTrace
from replay.reports import words
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id
from replay.reports.documents.flag_tables import first_bit
from replay.series import Patch
from replay.variants.subject import BitFields

__all__ = [
    "CauseLink",
    "ExplainReport",
    "ExplanationReport",
    "Reason",
    "explain_report",
    "reasons",
    "sentence",
    "shared_links",
    "short",
]

VERBS = {"write": "wrote it", "swap": "exchanged it", "default": "made it with this default"}
HAD = {"write": "had written", "swap": "had exchanged", "default": "had made"}
EXISTENCE = {"exists": "exists", "unlinked": "is unlinked", "absent": "does not exist"}
CALLS = {
    "present": "made it",
    "exists": "made it",
    "unlinked": "unlinked it",
    "refused": "refused it",
}
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


class ExplainReport(Struct, frozen=True):
    """Explanations of one thing, or of each flag of a bit field, in one variant or in two."""

    log: LogId
    variants: tuple[VariantId, ...]
    explained: tuple[tuple[ExplanationReport, ...], ...]

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Every patch that is named, once, in the order of being met."""
        explanations = (report for reports in self.explained for report in reports)
        links = (link for report in explanations for link in report.links)
        return tuple({patch.name: patch for link in links for patch in link.patches}.values())


class Reason(Struct, frozen=True):
    """A sentence on one variant's value, and its chain of causes from the effect back."""

    variant: str
    sentence: str
    chain: tuple[str, ...]


def explain_report(explained: Sequence[Sequence[Explanation]]) -> ExplainReport:
    """The report of explanations; each sequence has one for each variant."""
    first = explained[0]
    return ExplainReport(
        log=log_id(first[0].trace),
        variants=tuple(variant_id(explanation.trace) for explanation in first),
        explained=tuple(tuple(map(_explanation, several)) for several in explained),
    )


def _explanation(explanation: Explanation) -> ExplanationReport:
    return ExplanationReport(
        variant=explanation.trace.variant.name,
        about=words.place(explanation.place),
        seq=explanation.seq,
        since=explanation.since,
        value=explanation.value,
        sentence=sentence(explanation),
        links=explanation.links,
        lines=tuple(_line(link, explanation.trace) for link in explanation.links),
        when=_when(explanation),
    )


def _when(explanation: Explanation) -> str:
    when = words.when(explanation.trace.log.events[explanation.since - 1].recorded)
    return f"#{explanation.since} was recorded at {when}" if when else ""


def shared_links(explanations: Sequence[ExplanationReport]) -> int:
    """How many links at the origin two chains have in common."""
    left, right = ([link.cause for link in e.links[::-1]] for e in explanations)
    pairs = enumerate(zip(left, right, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(left), len(right)))


def _line(link: CauseLink, trace: ModelTrace) -> str:
    """A link of the chain in a line: event, patch, statement and where it stands."""
    if link.kind == "event":
        return f"#{link.seq} event: {words.event(trace.steps[link.seq - 1].event.payload)}"
    if link.kind == "image":
        return f"#{link.seq} image {words.path(link.path)}"
    if not link.line:
        return f"{words.path(link.path)} as it was made"
    verb = KINDS.get(link.kind, f"{link.kind}s")
    about = " ".join(word for word in (verb, link.flag, words.path(link.path)) if word)
    where = f"{link.function} {link.file}:{link.line}"
    patch = short(link.patches[0]) if link.patches else "base"
    text = f"#{link.seq} {patch:8} {where}: {words.escape(link.text)}"
    return f"{text}  [{about}]" if about else text


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
    for trace in traces:
        if trace.variant.name in divergence.values:
            explanation = explain(trace, place, divergence.first_seq)
            chain = tuple(_line(link, trace) for link in explanation.links)
            yield Reason(trace.variant.name, sentence(explanation), chain)


# An explanation in a sentence


def sentence(explanation: Explanation) -> str:
    """What is so, since when, who did it, and where it came from."""
    state = f"{_state(explanation)}{_since(explanation)}"
    clauses = list(_clauses(explanation))
    if explanation.about:
        clauses.insert(0, explanation.about)
    return f"{state}: {'; '.join(clauses)}." if clauses else f"{state}."


def _state(why: Explanation) -> str:
    path, name, is_there = (
        words.path(why.place.path),
        words.path(words.place(why.place)),
        why.value != "absent",
    )
    match why.place:
        case OutcomePlace() | MachinePlace():
            event = words.event(why.trace.steps[why.seq - 1].event.payload)
            done = why.trace.steps[why.seq - 1].outcome
            return f"#{why.seq} {event} {words.outcome(done.status, done.value, done.error)}"
        case FilePlace(field="existence"):
            return f"{name} {EXISTENCE[why.value]}"
        case FilePlace() as place:
            return f"{name} is {words.of_field(place)(why.value) if is_there else why.value}"
        case FieldPlace(flag=flag) if flag and isinstance(why.value, bool):
            return f"{flag} is {'set' if why.value else 'not set'} on {path} ({why.place.field})"
        case FieldPlace() if is_there:
            return f"{name} is {words.value(why.value)}"
        case EdgePlace() if is_there:
            is_own = why.value == why.place.path
            return f"{path} is {'a node of its own' if is_own else words.escape(why.value)}"
        case _:
            return f"{path} is {'there' if why.value == 'present' else 'not there'}"


def _is_outcome(why: Explanation) -> bool:
    return isinstance(why.place, OutcomePlace | MachinePlace)


def _since(why: Explanation) -> str:
    return "" if _is_outcome(why) else f" since #{why.since}"


def _clauses(why: Explanation) -> Iterator[str]:
    effect = next((link for link in why.links if link.kind in (*VERBS, "call")), None)
    if _status(why) == "crashed" and why.links:
        failed = why.links[0]
        yield f"{failed.function} failed at `{failed.text}`{_by(failed)}"
        if effect is not None and effect.path:
            yield _did(effect, why, f"{HAD[effect.kind]} {words.path(effect.path)}")
    elif effect is not None and (effect.function or why.value != "absent"):
        yield _did(effect, why, _verb(effect, why))
    skipped = _first(why.links, "skipped")
    if skipped is not None:
        yield f"{skipped.function} did not set it again: `{skipped.text}`{_by(skipped)}"
    elif effect is None or effect.kind == "call":
        condition = _condition(why)
        if condition is not None:
            yield f"because of `{condition.text}` in {condition.function}{_by(condition)}"
    swap = _first(why.links, "swap")
    if swap is not None and swap is not effect:
        yield _did(swap, why, "had exchanged the contents")
    flag = next((link for link in why.links if link.flag), None)
    if flag is not None:
        yield _did(flag, why, f"had {'set' if flag.kind == 'set' else 'cleared'} {flag.flag}")
    elif (image := _first(why.links, "image")) is not None:
        yield f"it came with the image, event #{image.seq}"


def _status(why: Explanation) -> str:
    """How the event ended that the chain is about the outcome of; "" if it is about none."""
    return why.trace.steps[why.ended - 1].outcome.status if why.ended else ""


def _verb(effect: CauseLink, why: Explanation) -> str:
    if effect.kind != "call":
        gone = why.value == "absent" and effect.kind == "write"
        return "took it away" if gone else VERBS[effect.kind]
    if why.ended:
        return CALLS.get(_status(why), "wrote it")
    if why.place.field not in ("", "existence") and why.value != "absent":
        return "wrote it"
    return CALLS.get(str(why.value), "took it away")


def _condition(why: Explanation) -> CauseLink | None:
    """Of a file the nearest condition; of an outcome the deepest that its own event came to."""
    if not _is_outcome(why):
        return _first(why.links, "condition")
    deepest = None
    for link in why.links:
        if link.kind in ("write", "swap", "default") or link.seq != why.seq:
            break
        deepest = link if link.kind == "condition" else deepest
    return deepest


def _did(link: CauseLink, why: Explanation, verb: str) -> str:
    if not link.function:
        return "it is as it was made"
    when = "" if link.seq in (why.since, 0) else f" at #{link.seq}"
    return f"{link.function} {verb}{when}{_by(link)}"


def _by(link: CauseLink) -> str:
    """Whose line it is."""
    if not link.patches:
        return " (base)"
    first, *earlier = map(short, link.patches)
    return f" ({first}, carrying on a line of {earlier[-1]})" if earlier else f" ({first})"


def short(patch: Patch) -> str:
    """What a patch is called in a line: a sha of 8 digits, or its name if it has none."""
    return patch.sha[:8] or words.escape(patch.name)


def _first(links: Iterable[CauseLink], kind: str) -> CauseLink | None:
    return next((link for link in links if link.kind == kind), None)
