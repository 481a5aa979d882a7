"""What one event changed in one variant."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from replay.engine.compare import Place, compare_views
from replay.engine.view import View


class StateChange(Struct, frozen=True):
    """One place before and after the event. An identity is the object that a path stands for."""

    place: Place
    before: Any
    after: Any


def changes(before: View, after: View) -> tuple[StateChange, ...]:
    """What differs between two successive views, every node that came or went included."""
    differences = compare_views({"before": before, "after": after})
    found = [
        StateChange(place, values["before"], values["after"])
        for place, values in differences.items()
        if place.kind != "node"
    ]
    return (*_nodes(before, after), *found)


def _nodes(before: View, after: View) -> Iterator[StateChange]:
    """Paths that came, went, or stand for another object."""
    was, now = _objects(before), _objects(after)
    for path in was:
        if path not in now:
            yield StateChange(Place("node", path, "existence"), "present", "absent")
    for path, is_now in now.items():
        if path not in was:
            yield StateChange(Place("node", path, "existence"), "absent", "present")
        elif isinstance(is_now, int) and isinstance(was[path], int) and was[path] != is_now:
            yield StateChange(Place("node", path, "identity"), was[path], is_now)


def _objects(seen: View) -> dict[str, int | None]:
    """Every path with its node's identity; None for a job and for a way back to a node above."""
    nodes = {path: node.id for path, node in seen.all_nodes.items()}
    return nodes | {path: None for path in (*seen.edges, *seen.jobs) if path not in nodes}
