"""Observing: the value of one place after one event of one trace."""

from typing import Any

from msgspec import UNSET, UnsetType

from replay.comparison import Place, comparable, existence_of
from replay.replayer import Outcome
from replay.view import File, View, extents

ABSENT: UnsetType = UNSET
"""The value of a place that is not there, as a field of a node that does not exist."""


def observed(place: Place, outcome: Outcome, seen: View) -> Any:
    """The value as a divergence of that place has it, or ABSENT.

    `outcome` is that of the event, `seen` the view after it.
    """
    kind, path, field = place
    match kind:
        case "outcome":
            return seen.running if path == "machine" else comparable(outcome)
        case "file":
            return _file(seen.files.get(path), field)
        case _ if not seen.running:
            return ABSENT
        case "node":
            return "present" if _is_there(path, seen) else "absent"
        case "edge":
            here = path in seen.edges or path in seen.all_nodes
            return seen.edges.get(path, path) if here else ABSENT
        case _:
            node = seen.all_nodes.get(path)
            return (node.fields if node else seen.jobs.get(path, {})).get(field, ABSENT)


def _is_there(path: str, seen: View) -> bool:
    return path in seen.all_nodes or path in seen.edges or path in seen.jobs


def _file(file: File | None, field: str) -> Any:
    existence = existence_of(file)
    if field == "existence":
        return existence
    if file is None or existence != "exists":
        return ABSENT
    return extents(file.inode) if field == "data" else getattr(file, field)
