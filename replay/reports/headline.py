"""Choosing the divergence a reader wants first, and saying it in one sentence.

Behaviour comes before state: a file that is unlinked, what a guest reads, an outcome, a file's
header or data; then nodes, flags in the subject's order of interest, other fields.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from replay.engine.diff import Diff, Divergence
from replay.engine.node_paths import UNREACHABLE
from replay.engine.places import EdgePlace, FilePlace, MachinePlace, NodePlace, OutcomePlace
from replay.events.event import Guest, Payload
from replay.reports import words
from replay.reports.flag_tables import BitFields, FlagTable, first_bit, flag_table

EXISTENCE = {"exists": "exists", "unlinked": "is unlinked", "absent": "never existed"}


def headline(diff: Diff, bits: BitFields, hidden: int = 0) -> str:
    """One sentence for the whole diff; "No difference: ..." if there is none.

    `hidden` is how many divergences the diff lacks.
    """
    if not diff.divergences and hidden:
        that = "is" if hidden == 1 else "are"
        return f"No difference but {words.count(hidden, 'divergence')} that {that} left out."
    if not diff.divergences:
        names = words.listing([trace.player.name for trace in diff.traces])
        events = words.count(len(diff.traces[0].steps), "event")
        return f"No difference: {events}, the same in {names}."
    first = chief(diff, bits)
    if first.place.level == "behaviour":
        event = diff.traces[0].steps[first.first_seq - 1].event.payload
        return f"#{first.first_seq}: {divergence_sentence(first, event)}."
    bit = first_bit(first, bits)
    told = _standing(bit, flag_table(diff, first, bits)) if bit else _state(first)
    return f"Only state differs, from #{first.first_seq}: {told}."


def chief(diff: Diff, bits: BitFields) -> Divergence:
    """The divergence that the headline is about; ValueError if there is none."""
    return min(diff.divergences, key=lambda d: (*_interest(d, bits), d.first_seq))


def divergence_sentence(divergence: Divergence, event: Payload) -> str:
    """One divergence that begins with an event, as the end of a sentence."""
    if divergence.place.level == "behaviour":
        return _behaviour(divergence, event)
    return _state(divergence)


def groups(told: Mapping[str, str]) -> Iterable[tuple[str, list[str]]]:
    """The variants by what is told of them, in the order of being met."""
    joined: dict[str, list[str]] = {}
    for name, text in told.items():
        joined.setdefault(text, []).append(name)
    return joined.items()


def phrases(grouped: Iterable[tuple[str, list[str]]]) -> str:
    """ "x in a and b; y in c"."""
    return "; ".join(f"{text} in {words.listing(names)}" for text, names in grouped)


def _interest(divergence: Divergence, bits: BitFields) -> tuple[int, int]:
    """How early a divergence is told; for flags, also by the first one that differs."""
    values = divergence.values.values()
    match divergence.place:
        case FilePlace(field="existence") if {"unlinked", "exists"} <= set(values):
            return 0, 0
        case FilePlace():
            return 3, 0
        case OutcomePlace():
            return (1, 0) if all(map(_is_read, values)) else (2, 0)
        case MachinePlace():
            return 2, 1
        case place if place.path.startswith(UNREACHABLE):
            return 7, 0
        case NodePlace() | EdgePlace():
            return 4, 0
        case place:
            bit = first_bit(divergence, bits)
            return (5, [*bits[place.field], bit].index(bit)) if bit else (6, 0)


def _is_read(outcome: Any) -> bool:
    value = outcome.get("value") if isinstance(outcome, Mapping) else None
    return isinstance(value, Mapping) and value.keys() == {"pattern"}


def _behaviour(divergence: Divergence, event: Payload) -> str:
    place = divergence.place
    match place:
        case FilePlace(field="existence"):
            return _tell(words.escape(words.place(place)), divergence, EXISTENCE.__getitem__)
        case FilePlace():
            what = f"{words.escape(words.place(place))} is"
            return _tell(what, divergence, words.of_field(place))
        case MachinePlace():
            return _tell("the machine", divergence, lambda runs: "runs" if runs else "is gone")
    if isinstance(event, Guest) and all(map(_is_read, divergence.values.values())):
        what = f"at sector {event.sector} of {words.escape(event.device)} the guest reads"
        return _tell(what, divergence, lambda outcome: words.pattern(outcome["value"]["pattern"]))
    return _tell(words.event(event), divergence, _outcome)


def _outcome(value: Mapping[str, Any]) -> str:
    told = words.outcome(value["status"], value.get("value"), value)
    if value["status"] == "refused":
        return f"is {told}"
    return told.replace("returned", "returns", 1).replace("crashed", "crashes", 1)


def _state(divergence: Divergence) -> str:
    what = f"{words.escape(words.place(divergence.place))} is"
    show: Callable[[Any], str] = words.value
    match divergence.place:
        case NodePlace():
            show = str
        case EdgePlace(path=path):
            show = partial(_target, path)
    return _tell(what, divergence, show)


def _target(path: str, target: str) -> str:
    return "a node of its own" if target == path else words.escape(target)


def _tell(what: str, divergence: Divergence, show: Callable[[Any], str]) -> str:
    """ "WHAT x in a and b; y in c"."""
    told = {name: show(value) for name, value in divergence.values.items()}
    return f"{what} {phrases(groups(told))}"


def _standing(bit: str, nodes: FlagTable) -> str:
    """Where a flag stands in each variant, node by node."""
    told = {
        name: _stands({r.path: bit in r.set_in[name] for r in nodes.rows if name in r.set_in})
        for name in nodes.variants
    }
    return f"{words.escape(bit)} in {nodes.field} is {phrases(groups(told))}"


def _stands(by_path: Mapping[str, bool]) -> str:
    """On a prefix of the nodes "set on a and b only", else node by node."""
    on = [path for path, is_set in by_path.items() if is_set]
    if not on:
        return "set on no node"
    if len(on) == len(by_path):
        return f"set on {words.listing(on)}"
    if list(by_path)[: len(on)] == on:
        return f"set on {words.listing(on)} only"
    return words.listing(
        [f"{'set' if is_set else 'cleared'} on {p}" for p, is_set in by_path.items()]
    )
