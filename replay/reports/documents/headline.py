"""Choosing the divergence a reader wants first, and saying it in one sentence.

Behaviour comes before state: a crash, a machine that does not start or is gone, a file that is
unlinked, what a guest reads, an outcome, a file's header or data; then nodes, flags in the
subject's order of interest, other fields.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from replay.engine.compare import differ
from replay.engine.compared import Compared, Gap
from replay.engine.diff import Diff, Divergence
from replay.engine.node_paths import UNREACHABLE
from replay.engine.places import EdgePlace, FilePlace, Level, MachinePlace, NodePlace, OutcomePlace
from replay.engine.trace import GapReason
from replay.events.event import Guest, Payload
from replay.reports import words
from replay.reports.documents.flag_tables import FlagTable, first_bit, flag_table
from replay.reports.verdict import Verdict, agreement, verdict
from replay.variants.subject import BitFields

Interest = tuple[int, int]
"""The smaller, the sooner it is told."""

EXISTENCE = {"exists": "exists", "unlinked": "is unlinked", "absent": "never existed"}


class Headline(Struct, frozen=True):
    """A sentence for a whole diff: the event that it is about, None for none, and what is so."""

    statement: str
    seq: int | None = None
    level: Level = "behaviour"

    def __str__(self) -> str:
        if self.seq is None:
            return self.statement
        lead = "" if self.level == "behaviour" else "Only state differs, from "
        return f"{lead}#{self.seq}: {self.statement}."


class HeadlineReport(Struct, frozen=True):
    """The headline of one log of many, and what has to be known to tell a verdict."""

    log: str
    headline: Headline
    compared: Compared
    verdict: Verdict


def headline_report(diff: Diff, is_alone: bool = False) -> HeadlineReport:
    """Of a diff as much as fits in a line; of a log that `is_alone` also how far it went."""
    trace = diff.traces[0]
    tested = _tested(diff) if is_alone and not diff.divergences else ""
    first = headline(diff, trace.player.subject.config.bits, tested=tested)
    says = verdict(diff.compared, bool(diff.divergences))
    return HeadlineReport(trace.log.name, first, diff.compared, says)


def _tested(diff: Diff) -> str:
    # What a log ran through takes much of the program, and is told of few.
    from replay.analysis.attribute import model_traces  # noqa: PLC0415
    from replay.reports.documents.search.reach import change_reaches, sentence  # noqa: PLC0415

    reaches = () if diff.compared.is_nothing else change_reaches(model_traces(diff))
    return sentence(reaches) if reaches else ""


def headline(diff: Diff, bits: BitFields, hidden: int = 0, tested: str = "") -> Headline:
    """One sentence for the whole diff; "No difference: ..." if there is none.

    `hidden` is how many divergences the diff lacks, `tested` how far its log went into the code
    that differs.
    """
    if not diff.divergences and hidden:
        that = "is" if hidden == 1 else "are"
        number = words.count(hidden, "divergence")
        return Headline(f"No difference but {number} that {that} left out.")
    if not diff.divergences:
        same = agreement(diff.compared, [trace.player.name for trace in diff.traces])
        return Headline(f"{same.removesuffix('.')}; {tested}." if tested else same)
    first = chief(diff, bits)
    level = first.place.level
    lacking = _since_lacking(first, diff)
    if level == "behaviour":
        event = diff.traces[0].steps[first.first_seq - 1].event.payload
        return Headline(_behaviour(first, event) + lacking, first.first_seq, level)
    bit = first_bit(first, bits)
    state = _standing(bit, flag_table(diff, first, bits)) if bit else _state(first)
    return Headline(state + lacking, first.first_seq, level)


def _since_lacking(divergence: Divergence, diff: Diff) -> str:
    """That all of it comes from a command that variants lack, which a reader must not miss."""
    lacking = _lacking(divergence, _missing_commands(diff))
    if not lacking:
        return ""
    names = [*dict.fromkeys(gap.player for gap in lacking)]
    commands = words.listing([*dict.fromkeys(gap.what for gap in lacking)])
    verb = "lacks" if len(names) == 1 else "lack"
    return f", only since {words.listing(names)} {verb} {commands}"


def _missing_commands(diff: Diff) -> list[Gap]:
    """For each variant and command that it lacks the first event that gives it."""
    first: dict[tuple[str, str], Gap] = {}
    for gap in diff.compared.gaps:
        if gap.reason == GapReason.NOT_MODELLED:
            first.setdefault((gap.player, gap.what), gap)
    return [*first.values()]


def _lacking(divergence: Divergence, missing: Sequence[Gap]) -> list[Gap]:
    """The commands that some variants lack, if without those variants nothing would differ."""
    values, seq = divergence.values, divergence.first_seq
    gaps = [gap for gap in missing if gap.first_seq <= seq and gap.player in values]
    lacking = {gap.player for gap in gaps}
    others = {name: value for name, value in values.items() if name not in lacking}
    return gaps if lacking and not differ(others) else []


def chief(diff: Diff, bits: BitFields) -> Divergence:
    """The divergence that the headline is about; ValueError if there is none."""
    refusals = [d for d in diff.divergences if isinstance(d.place, OutcomePlace) and _refusing(d)]
    ends = {d.first_seq for d in diff.divergences if isinstance(d.place, MachinePlace)}
    missing = _missing_commands(diff)
    return min(
        diff.divergences,
        key=lambda d: (
            bool(_lacking(d, missing)),
            *_interest(d, refusals, ends, bits),
            d.first_seq,
        ),
    )


def _interest(
    divergence: Divergence, refusals: Sequence[Divergence], ends: Collection[int], bits: BitFields
) -> Interest:
    """How early a divergence is told; for flags, also by the first one that differs.

    `ends` are the events at which a machine is gone in some: what was refused there is the start.

    What is lost where nothing was refused, and kept only where something was refused before, is
    what the refusal left undone.
    """
    values = divergence.values.values()
    match divergence.place:
        case OutcomePlace() if any(value["status"] == "crashed" for value in values):
            return 0, 0
        case OutcomePlace() if divergence.first_seq in ends:
            return 1, 0
        case MachinePlace():
            return 1, 1
        case FilePlace(field="existence") if {"unlinked", "exists"} <= set(values):
            return (4, 1) if _is_left_undone(divergence, refusals) else (2, 0)
        case OutcomePlace() if all(map(_is_read, values)):
            return (4, 2) if _is_left_undone(divergence, refusals) else (3, 0)
        case OutcomePlace() if _refusing(divergence):
            return 4, 0
        case OutcomePlace():
            return 5, 1
        case FilePlace():
            return 5, 0
        case place if place.path.startswith(UNREACHABLE):
            return 9, 0
        case NodePlace() | EdgePlace():
            return 6, 0
        case place:
            bit = first_bit(divergence, bits)
            return (7, [*bits[place.field], bit].index(bit)) if bit else (8, 0)


def _is_left_undone(divergence: Divergence, refusals: Sequence[Divergence]) -> bool:
    losing = {name for name, value in divergence.values.items() if _is_loss(value)}
    earlier = [r for r in refusals if losing and r.first_seq <= divergence.first_seq]
    refusing = set[str]().union(*map(_refusing, earlier))
    return divergence.values.keys() - losing <= refusing and not losing & refusing


def _is_loss(value: Any) -> bool:
    return value == "unlinked" or (_is_read(value) and value["value"]["pattern"] == 0)


def _refusing(divergence: Divergence) -> set[str]:
    return {name for name, value in divergence.values.items() if value["status"] == "refused"}


def _is_read(outcome: Any) -> bool:
    value = outcome.get("value") if isinstance(outcome, Mapping) else None
    return isinstance(value, Mapping) and value.keys() == {"pattern"}


def divergence_sentence(divergence: Divergence, event: Payload) -> str:
    """One divergence that begins with an event, as the end of a sentence."""
    if divergence.place.level == "behaviour":
        return _behaviour(divergence, event)
    return _state(divergence)


def _behaviour(divergence: Divergence, event: Payload) -> str:
    place = divergence.place
    match place:
        case FilePlace(field="existence"):
            return _statement(words.path(words.place(place)), divergence, EXISTENCE.__getitem__)
        case FilePlace():
            what = f"{words.path(words.place(place))} is"
            return _statement(what, divergence, words.of_field(place))
        case MachinePlace():
            return _statement("the machine", divergence, lambda runs: "runs" if runs else "is gone")
    if isinstance(event, Guest) and all(map(_is_read, divergence.values.values())):
        what = f"at sector {event.sector} of {words.escape(event.device)} the guest reads"
        return _statement(
            what, divergence, lambda outcome: words.pattern(outcome["value"]["pattern"])
        )
    return _statement(words.event(event), divergence, _outcome)


def _outcome(value: Mapping[str, Any]) -> str:
    text = words.outcome(value["status"], value.get("value"), value)
    if value["status"] == "refused":
        return f"is {text}"
    return text.replace("returned", "returns", 1).replace("crashed", "crashes", 1)


def _state(divergence: Divergence) -> str:
    what = f"{words.path(words.place(divergence.place))} is"
    show: Callable[[Any], str] = words.value
    match divergence.place:
        case NodePlace():
            show = str
        case EdgePlace(path=path):
            show = partial(_target, path)
    return _statement(what, divergence, show)


def _target(path: str, target: str) -> str:
    return "a node of its own" if target == path else words.escape(target)


def _statement(what: str, divergence: Divergence, show: Callable[[Any], str]) -> str:
    """ "WHAT x in a and b; y in c"."""
    texts = {name: show(value) for name, value in divergence.values.items()}
    return f"{what} {words.phrases(words.groups(texts))}"


MOST_NODES = 8
"""So many nodes are named in a sentence; a chain may have a thousand."""


def _standing(bit: str, nodes: FlagTable) -> str:
    """Where a flag stands in each variant, node by node."""
    texts = {
        name: _stands({r.path: bit in r.set_in[name] for r in nodes.rows if name in r.set_in})
        for name in nodes.variants
    }
    return f"{words.escape(bit)} in {nodes.field} is {words.phrases(words.groups(texts))}"


def _stands(by_path: Mapping[str, bool]) -> str:
    """On a prefix of the nodes "set on a and b only", else node by node."""
    on = [path for path, is_set in by_path.items() if is_set]
    if not on:
        return "set on no node"
    if len(on) == len(by_path):
        return f"set on {_some(on)}"
    if list(by_path)[: len(on)] == on:
        return f"set on {_some(on)} only"
    return _some([f"{'set' if is_set else 'cleared'} on {p}" for p, is_set in by_path.items()])


def _some(texts: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    if len(texts) <= MOST_NODES:
        return words.listing(texts)
    return words.listing([*texts[:MOST_NODES], f"{len(texts) - MOST_NODES} more"])
