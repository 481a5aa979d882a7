"""Traces of a real machine, known only as far as somebody observed it.

Such a trace stands beside traces of the model. Only what was seen of it is compared, and every
trace is then looked at as that witness looks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from replay.engine.replay import Outcome, Trace
from replay.engine.view import Node, View, view
from replay.events.event import Event, Log
from replay.variants.subject import Subject

VisiblePart = Callable[[View], View]
"""What a witness would have seen of a state of the model."""


class Observer(Struct, frozen=True):
    """Who looked: it stands where a trace of the model has its variant.

    `revision` says which program it was, `digest` is the sha256 of that, "" if nobody knows.
    """

    name: str
    revision: str
    digest: str
    subject: Subject


class ObservedStep(Struct, frozen=True, eq=False):
    """An event, and what was seen of its outcome and of the state after it; None: not seen."""

    seq: int
    event: Event
    outcome: Outcome | None
    view: View | None


class ObservedTrace(Struct, frozen=True, eq=False):
    """What a log did in a real machine. `remarks` are what a reader of a comparison must know."""

    log: Log
    variant: Observer
    steps: tuple[ObservedStep, ...]
    lens: VisiblePart
    remarks: tuple[str, ...] = ()


AnyTrace = Trace | ObservedTrace


def compared_views(traces: Sequence[AnyTrace], index: int) -> Mapping[str, View] | None:
    """What is compared after the event at this index, by the variants' names.

    None if a witness did not look then.
    """
    witnesses = [trace for trace in traces if isinstance(trace, ObservedTrace)]
    looked = [trace.steps[index].view for trace in witnesses]
    found = {trace.variant.name: _view(trace, index, witnesses) for trace in traces}
    known = {name: seen for name, seen in found.items() if seen is not None}
    if len(known) < len(found):
        return None
    if not witnesses:
        return known
    return {name: shared_part(seen, [s for s in looked if s]) for name, seen in known.items()}


def _view(trace: AnyTrace, index: int, witnesses: Iterable[ObservedTrace]) -> View | None:
    if isinstance(trace, ObservedTrace):
        return trace.steps[index].view
    found = view(trace.steps[index].state, trace.variant.subject)
    for witness in witnesses:
        found = witness.lens(found)
    return found


def shared_part(whole: View, limits: Sequence[View]) -> View:
    """The view with only those fields of a node that one of the others has for its path."""
    return replace(
        whole,
        nodes={path: _node(node, limits) for path, node in whole.nodes.items()},
        other={path: _node(node, limits) for path, node in whole.other.items()},
    )


def _node(node: Node, limits: Sequence[View]) -> Node:
    known = [seen.all_nodes[node.path] for seen in limits if node.path in seen.all_nodes]
    fields = {field for other in known for field in other.fields}
    return replace(node, fields={key: node.fields[key] for key in node.fields if key in fields})


def hidden_fields(traces: Sequence[AnyTrace]) -> tuple[str, ...]:
    """The fields of nodes that a model has and no witness saw, sorted."""
    if not any(isinstance(trace, ObservedTrace) for trace in traces):
        return ()
    steps = range(len(traces[0].steps))
    compared = [seen for index in steps for seen in (compared_views(traces, index) or {}).values()]
    models = [trace for trace in traces if isinstance(trace, Trace)]
    whole = [view(s.state, t.variant.subject) for t in models for s in t.steps]
    return tuple(sorted(_fields(whole) - _fields(compared)))


def _fields(found: Iterable[View]) -> set[str]:
    return {field for seen in found for node in seen.all_nodes.values() for field in node.fields}
