"""The state that a view shows, so that invariants can be asked about a real machine too."""

from collections.abc import Mapping
from typing import Any

from replay.engine.view import View
from replay.state.disk import Disk
from replay.state.objects import FrozenMap, Object, Ref, State, Value
from replay.variants.subject import SubjectConfig

MACHINE = 0
"""The machine's number; nodes have theirs from 1 on."""


Classes = Mapping[str, tuple[str, ...]]
"""The fields of each class of a tree."""


def observed_state(view: View, config: SubjectConfig, classes: Classes) -> State:
    """A state with the machine and the nodes of a view; a field that was not observed is None.

    A node keeps the number of its view, plus 1. Files are not in it.
    """
    if not view.running:
        return State((), None, 1, Disk())
    numbers = {path: number(node.id) for path, node in view.all_nodes.items()}
    nodes: dict[int, Object] = {}
    for path, node in view.all_nodes.items():
        fields = _fields(node.fields, config)
        for child in config.node.children:
            below = view.edges.get(f"{path}.{child}", f"{path}.{child}")
            fields[child] = Ref(numbers[below]) if below in numbers else None
        if len(node.role) == 1:
            fields |= dict.fromkeys(config.node.root_names, node.role[0])
        kind = config.node.class_name
        own = tuple((name, fields.get(name)) for name in classes[kind])
        nodes.setdefault(numbers[path], Object(numbers[path], kind, own))
    roots = tuple(Ref(numbers[path]) for path, node in view.nodes.items() if len(node.role) == 1)
    # A tree has one of the names for each; that of another tree is none of its fields.
    lists = dict.fromkeys(config.node.root_lists, roots)
    own = tuple((name, lists.get(name)) for name in classes[config.machine])
    top = Object(MACHINE, config.machine, own)
    objects = (top, *(nodes[id] for id in sorted(nodes)))
    return State(objects, MACHINE, max(nodes, default=MACHINE) + 1, Disk())


def number(node: int) -> int:
    """The number of an observed node's object."""
    return node + 1


def _fields(observed: Mapping[str, Any], config: SubjectConfig) -> dict[str, Value]:
    """What was observed under the names that the model has for it."""
    values = {name: _value(value) for name, value in observed.items()}
    shown = {name: rule for name, rule in config.fields.items() if rule.shown == "value"}
    renamed = {
        source: values[name]
        for name, rule in shown.items()
        if name in values
        for source in rule.sources
    }
    return values | renamed


def _value(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(map(_value, value))
    if isinstance(value, dict):
        return FrozenMap(tuple((key, _value(inner)) for key, inner in value.items()))
    return value  # type: ignore[no-any-return]
