"""What an event changed: a diff of two moments instead of two variants."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from replay.differ import Place, compare_views
from replay.view import View


class Change(Struct, frozen=True):
    """One place before and after the event. An identity is the object that a path stands for."""

    place: Place
    before: Any
    after: Any


def changes(before: View, after: View) -> tuple[Change, ...]:
    """What differs between two successive views, every node that came or went included."""
    differences = compare_views({"before": before, "after": after})
    found = [
        Change(place, values["before"], values["after"])
        for place, values in differences.items()
        if place.kind != "node"
    ]
    return (*_nodes(before, after), *found)


def _nodes(before: View, after: View) -> Iterator[Change]:
    for path in (*before.all_nodes, *before.jobs):
        if path not in after.all_nodes and path not in after.jobs:
            yield Change(Place("node", path, "existence"), "present", "absent")
    for path, node in after.all_nodes.items():
        was = before.all_nodes.get(path)
        if was is None:
            yield Change(Place("node", path, "existence"), "absent", "present")
        elif was.id != node.id:
            yield Change(Place("node", path, "identity"), was.id, node.id)
    for path in after.jobs:
        if path not in before.jobs:
            yield Change(Place("node", path, "existence"), "absent", "present")
