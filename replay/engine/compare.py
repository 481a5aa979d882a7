"""Comparing the outcomes and views of several variants at one event.

A place is a kind, a path and a field.

| kind | path | field | values |
|---|---|---|---|
| outcome | the event, as "guest read drive0" | "" | status and what counts of value or error |
| outcome | machine | running | false after a crash or a refused start |
| node | a node's or job's path | existence | present or absent |
| edge | the path of a child | target | the first path of the node that it is |
| field | a node's or job's path | the field's name | the field's value |
| file | a file's name | existence, a header field, data | exists, unlinked, absent; the value |
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeVar

from replay.engine.replay import Outcome
from replay.engine.view import File, View, extents
from replay.events.event import Await, Command, Guest, Internal, Payload, kind, name

V = TypeVar("V")
Values = Mapping[str, Any]
"""The value in each variant that has one, by the variant's name."""

HEADER = ("format", "size", "backing_file", "backing_format")
KINDS = ("outcome", "file", "node", "edge", "field")
"""In the order in which a reader wants them: behaviour before state."""


class Place(NamedTuple):
    """What a divergence is about."""

    kind: str
    path: str
    field: str


def level(place: Place) -> Literal["behaviour", "state"]:
    """Whether the guest or the user can notice it, as outcomes, reads and files on the disk."""
    return "behaviour" if place.kind in ("outcome", "file") else "state"


Differences = dict[Place, Values]
"""What differs at one event."""


def differ(values: Values) -> bool:
    """Whether at least two variants have a value and not all have the same."""
    first, *rest = values.values() or (None,)
    return any(value != first for value in rest)


# Outcomes


def compare_outcomes(event: Payload, outcomes: Mapping[str, Outcome]) -> Differences:
    """Whether the event's outcomes differ among the variants whose machine was there."""
    if len(set(map(id, outcomes.values()))) == 1:
        return {}
    counted = {name: comparable(outcome) for name, outcome in outcomes.items()}
    there = {name: value for name, value in counted.items() if value.get("class") != "NotRunning"}
    return {Place("outcome", label(event), ""): counted} if differ(there) else {}


def comparable(outcome: Outcome) -> dict[str, Any]:
    """What counts of an outcome: status, a value, an error's class or errno, not its wording."""
    if outcome.status == "returned":
        return {"status": outcome.status, "value": outcome.value}
    error = outcome.error or {}
    return {"status": outcome.status} | {k: error[k] for k in ("class", "errno") if k in error}


def label(payload: Payload) -> str:
    """The event in a few words, the same for all events of its sort: "guest read drive0"."""
    match payload:
        case Command():
            return f"{payload.channel} {payload.name}"
        case Guest() | Internal():
            return f"{kind(payload)} {payload.name} {payload.device}"
        case Await():
            return " ".join(word for word in ("await", payload.device, payload.until) if word)
        case _:
            return f"{kind(payload)} {name(payload)}"


# States


def compare_views(views: Mapping[str, View]) -> Differences:
    """What differs between the views of the variants, by name, at one event."""
    return compare_machines(views) | compare_files(views)


def compare_machines(views: Mapping[str, View]) -> Differences:
    """Whether all run; and between those that run, nodes, edges and fields."""
    running = {name: seen for name, seen in views.items() if seen.running}
    machine = {name: name in running for name in views}
    found: Differences = {}
    if differ(machine):
        found[Place("outcome", "machine", "running")] = machine
    found |= _compare_existence(running)
    found |= _compare_edges(running)
    return found | _compare_fields({name: _all_fields(seen) for name, seen in running.items()})


def _compare_existence(views: Mapping[str, View]) -> Differences:
    """The topmost paths that some have and others do not."""
    roles = {name: _roles(seen) for name, seen in views.items()}
    found: Differences = {}
    for path, parent in _union(roles.values()):
        lacking = [name for name, seen in roles.items() if path not in seen]
        if any(not parent or parent in views[name].all_nodes for name in lacking):
            found[Place("node", path, "existence")] = {
                name: "absent" if name in lacking else "present" for name in roles
            }
    return found


def _roles(seen: View) -> dict[str, str]:
    """Every path of nodes, edges and jobs, with the path above it."""
    nodes = {path: node.parent for path, node in seen.all_nodes.items()}
    return nodes | {path: path.rpartition(".")[0] for path in (*seen.edges, *seen.jobs)}


def _compare_edges(views: Mapping[str, View]) -> Differences:
    """The children that are another path's object in some variants."""
    found: Differences = {}
    for path, _ in _union(seen.edges for seen in views.values()):
        targets = {
            name: seen.edges.get(path, path)
            for name, seen in views.items()
            if path in seen.edges or path in seen.all_nodes
        }
        if differ(targets):
            found[Place("edge", path, "target")] = targets
    return found


def _all_fields(seen: View) -> dict[str, Mapping[str, Any]]:
    return {path: node.fields for path, node in seen.all_nodes.items()} | dict(seen.jobs)


def _compare_fields(fields: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Differences:
    """The fields that differ among the variants that have them."""
    found: Differences = {}
    for path, _ in _union(fields.values()):
        nodes = {name: paths[path] for name, paths in fields.items() if path in paths}
        if not differ(nodes):
            continue
        for field, _ in _union(nodes.values()):
            values = {name: node[field] for name, node in nodes.items() if field in node}
            if differ(values):
                found[Place("field", path, field)] = values
    return found


def compare_files(views: Mapping[str, View]) -> Differences:
    """Existence; where a file exists in several variants, its header and data too."""
    files = {name: seen.files for name, seen in views.items()}
    found: Differences = {}
    for path, _ in _union(files.values()):
        existence = {name: existence_of(names.get(path)) for name, names in files.items()}
        if differ(existence):
            found[Place("file", path, "existence")] = existence
        existing = {name: files[name][path] for name in files if existence[name] == "exists"}
        for field in HEADER:
            values = {name: getattr(file, field) for name, file in existing.items()}
            if differ(values):
                found[Place("file", path, field)] = values
        if differ({name: file.inode.extents for name, file in existing.items()}):
            data = {name: extents(file.inode) for name, file in existing.items()}
            found[Place("file", path, "data")] = data
    return found


def existence_of(file: File | None) -> str:
    """In one word: exists, unlinked, or absent where the name never was."""
    return "absent" if file is None else "unlinked" if file.unlinked else "exists"


def _union(mappings: Iterable[Mapping[str, V]]) -> Iterable[tuple[str, V]]:
    """All keys, in the order of being met, each with the first value that it is met with."""
    joined: dict[str, V] = {}
    for mapping in mappings:
        for key in mapping:
            joined.setdefault(key, mapping[key])
    return joined.items()
