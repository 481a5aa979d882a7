"""Loose nodes: why no root leads to a node that is there, or why it is not there any more."""

from collections.abc import Iterator

from replay.chains import Chains, Link
from replay.language.cells import Cell
from replay.state import Ref, State, Value


def loose(chains: Chains, path: str, seq: int) -> Iterator[Link]:
    """The chain of a path that begins a loose part, as `other[0]`, after an event.

    If it is there: what was written over that led to it, or else who made it. If it was there
    before: who freed it.
    """
    last = next((n for n in range(seq, 0, -1) if path in chains.seen(n).other), 0)
    if not last:
        return
    node = chains.seen(last).other[path].id
    if last < seq:
        yield from chains.freed(node, last + 1)
        return
    let_go = chains.changed(lambda n: _is_loose(chains, node, n), seq)
    place = _left(chains, node, let_go)
    if place is not None:
        yield from chains.field(*place, None, let_go)
    else:
        yield from _made(chains, node, let_go)


def _is_loose(chains: Chains, node: int, seq: int) -> bool:
    return any(it.id == node for it in chains.seen(seq).other.values())


def _left(chains: Chains, node: int, seq: int) -> tuple[int, str] | None:
    """The object and field that led to the node until the event; None if there is none."""
    known = chains.trace.variant.subject.config.node
    held, holds = (_holders(chains.state(n), node) for n in (seq - 1, seq))
    left = (it for it in held if it not in holds and it[1] in (*known.children, known.roots))
    return next(left, None)


def _holders(state: State, node: int) -> list[tuple[int, str]]:
    fields = ((it.id, field, value) for it in state.objects for field, value in it.fields)
    return [(id, field) for id, field, value in fields if _leads(value, node)]


def _leads(value: Value, node: int) -> bool:
    if isinstance(value, tuple):
        return any(_leads(item, node) for item in value)
    return isinstance(value, Ref) and value.id == node


def _made(chains: Chains, node: int, seq: int) -> Iterator[Link]:
    """The call that made it, and those that led there."""
    made = chains.record(seq).made.get(node)
    if made is None:
        return
    yield chains.at(made, seq, "call")
    frame = made.frame
    while frame.call is not None and frame.caller is not None:
        yield chains.at(Cell(None, "call", frame.call, frame.caller, (), 0), seq, "call")
        frame = frame.caller
