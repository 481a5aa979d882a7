"""Comparing the outcomes and views of several variants at one event."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from replay.engine.places import (
    HEADER,
    EdgePlace,
    FieldPlace,
    FilePlace,
    MachinePlace,
    NodePlace,
    OutcomePlace,
    Place,
    comparable,
    existence_of,
    label,
)
from replay.engine.trace import Outcome
from replay.engine.view import View, extents, view, view_of_files
from replay.events.event import Payload
from replay.state.objects import State
from replay.variants.subject import Subject

V = TypeVar("V")
Values = Mapping[str, Any]
"""The value in each variant that has one, by the variant's name."""

Differences = dict[Place, Values]
"""What differs at one event."""


def differ(values: Values) -> bool:
    """Whether at least two variants have a value and not all have the same."""
    first, *rest = values.values() or (None,)
    return any(value is not first and value != first for value in rest)


# Outcomes


def compare_outcomes(event: Payload, outcomes: Mapping[str, Outcome]) -> Differences:
    """Whether the event's outcomes differ among the variants in which it really ended so."""
    real = {name: outcome for name, outcome in outcomes.items() if outcome.gap is None}
    if len(set(map(id, real.values()))) <= 1:
        return {}
    counted = {name: comparable(outcome) for name, outcome in real.items()}
    return {OutcomePlace(label(event)): counted} if differ(counted) else {}


# States


def compare_states(states: Mapping[str, State], subject: Subject) -> Differences:
    """What differs between states of the model, by the variants' names, after one event.

    Equal states are one object, so that a part which is the same in all is not looked at.
    """
    first, *rest = states.values()
    differences: Differences = {}
    if any((s.objects, s.machine) != (first.objects, first.machine) for s in rest):
        differences |= compare_machines(_views(states, subject))
    if any(state.disk is not first.disk for state in rest):
        differences |= compare_files(_views(states, subject))
    return differences


def compare_behaviour(states: Mapping[str, State]) -> Differences:
    """Of what differs between states what a guest or a user can notice: machines and files."""
    first, *rest = states.values()
    running = {name: state.machine is not None for name, state in states.items()}
    differences: Differences = {MachinePlace(): running} if differ(running) else {}
    if any(state.disk is not first.disk for state in rest):
        differences |= compare_files({name: view_of_files(it) for name, it in states.items()})
    return differences


def _views(states: Mapping[str, State], subject: Subject) -> dict[str, View]:
    return {name: view(state, subject) for name, state in states.items()}


def compare_views(views: Mapping[str, View]) -> Differences:
    """What differs between the views of the variants, by name, at one event."""
    return compare_machines(views) | compare_files(views)


def compare_machines(views: Mapping[str, View]) -> Differences:
    """Whether all run; and between those that run, nodes, edges and fields."""
    running = {name: after for name, after in views.items() if after.running}
    machine = {name: name in running for name in views}
    differences: Differences = {}
    if differ(machine):
        differences[MachinePlace()] = machine
    differences |= _compare_existence(running)
    differences |= _compare_edges(running)
    return differences | _compare_fields({name: after.fields for name, after in running.items()})


def _compare_existence(views: Mapping[str, View]) -> Differences:
    """The topmost paths that some have and others do not."""
    roles = {name: _roles(after) for name, after in views.items()}
    differences: Differences = {}
    for path, parent in _union(roles.values()):
        lacking = [name for name, after in roles.items() if path not in after]
        if any(not parent or parent in views[name].all_nodes for name in lacking):
            differences[NodePlace(path)] = {
                name: "absent" if name in lacking else "present" for name in roles
            }
    return differences


def _roles(after: View) -> dict[str, str]:
    """Every path of nodes, edges and jobs, with the path above it."""
    nodes = {path: node.parent for path, node in after.all_nodes.items()}
    return nodes | {path: path.rpartition(".")[0] for path in (*after.edges, *after.jobs)}


def _compare_edges(views: Mapping[str, View]) -> Differences:
    """The children that are another path's object in some variants."""
    differences: Differences = {}
    for path, _ in _union(after.edges for after in views.values()):
        targets = {
            name: after.edges.get(path, path)
            for name, after in views.items()
            if path in after.edges or path in after.all_nodes
        }
        if differ(targets):
            differences[EdgePlace(path)] = targets
    return differences


def _compare_fields(fields: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Differences:
    """The fields that differ among the variants that have them."""
    differences: Differences = {}
    for path, _ in _union(fields.values()):
        nodes = {name: paths[path] for name, paths in fields.items() if path in paths}
        if not differ(nodes):
            continue
        for field, _ in _union(nodes.values()):
            values = {name: node[field] for name, node in nodes.items() if field in node}
            if differ(values):
                differences[FieldPlace(path, field)] = values
    return differences


def compare_files(views: Mapping[str, View]) -> Differences:
    """Existence; where a file exists in several variants, its header and data too."""
    files = {name: after.files for name, after in views.items()}
    differences: Differences = {}
    for path, _ in _union(files.values()):
        meant = [names.get(path) for names in files.values()]
        if None not in meant and meant.count(meant[0]) == len(meant):
            continue  # as nearly all names do, it means the same in all
        existence = {name: existence_of(names.get(path)) for name, names in files.items()}
        if differ(existence):
            differences[FilePlace(path)] = existence
        existing = {name: files[name][path] for name in files if existence[name] == "exists"}
        for field in HEADER:
            values = {name: getattr(file, field) for name, file in existing.items()}
            if differ(values):
                differences[FilePlace(path, field)] = values
        if differ({name: file.inode.extents for name, file in existing.items()}):
            data = {name: extents(file.inode) for name, file in existing.items()}
            differences[FilePlace(path, "data")] = data
    return differences


def _union(mappings: Iterable[Mapping[str, V]]) -> Iterable[tuple[str, V]]:
    """All keys, in the order of being met, each with the first value that it is met with."""
    joined: dict[str, V] = {}
    for mapping in mappings:
        for key in mapping:
            joined.setdefault(key, mapping[key])
    return joined.items()
