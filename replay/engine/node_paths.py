"""Naming nodes by the path that leads to them from a drive."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from replay.engine.field_names import Objects, first_holder
from replay.state.objects import Ref
from replay.variants.subject import NodeConfig

NodePath = tuple[str, ...]
"""A root's name and the child fields that lead from it to a node."""

UNREACHABLE = "other["
"""What the path of a node begins with that no root leads to."""

MOST_ROLES = 10_000
"""Beyond so many roles a shared node is not entered again; sharing can multiply without end."""


class NodePaths(NamedTuple):
    """The object in each role, in walking order; nodes that no root reaches are under other[N].

    `edges` are the roles that lead to a node met before. A cycle is not entered again, so such a
    role may be in edges only.
    """

    rooted: dict[NodePath, int]
    unreachable: dict[NodePath, int]
    edges: dict[NodePath, int]


def node_paths(
    machine: int, nodes: Iterable[int], objects: Objects, config: NodeConfig
) -> NodePaths:
    """All roles of the nodes with these ids, on the machine that is the object `machine`."""
    rooted, edges = _walk(_roots(machine, objects, config), objects, config)
    tops = _tops([id for id in nodes if id not in set(rooted.values())], objects, config)
    starts: dict[NodePath, int] = {(f"{UNREACHABLE}{index}]",): id for index, id in enumerate(tops)}
    unreachable, other_edges = _walk(starts, objects, config)
    return NodePaths(rooted, unreachable, edges | other_edges)


def _roots(machine: int, objects: Objects, config: NodeConfig) -> dict[NodePath, int]:
    """The named roots; of two with one name the first."""
    roots_by_name: dict[NodePath, int] = {}
    for id in _listed(machine, objects, config):
        holder = first_holder(config.root_names, id, objects)
        name = holder and objects[holder[0]][holder[1]]
        if name:
            roots_by_name.setdefault((str(name),), id)
    return roots_by_name


def _listed(machine: int, objects: Objects, config: NodeConfig) -> Iterator[int]:
    """The root nodes in their order: those listed, or held by the objects that are listed."""
    fields = objects[machine]
    lists = (name.partition(".") for name in config.root_lists)
    name, _, inner = next((entry for entry in lists if entry[0] in fields), ("", "", ""))
    listed = fields.get(name)
    for item in listed if isinstance(listed, tuple) else ():
        if isinstance(item, Ref) and item.id in objects:
            node = objects[item.id].get(inner) if inner else item
            if isinstance(node, Ref) and node.id in objects:
                yield node.id


def _tops(unreachable: Iterable[int], objects: Objects, config: NodeConfig) -> Iterator[int]:
    """The nodes from which all unreachable ones can be reached, by id; of a ring, its lowest."""
    unreachable = tuple(unreachable)
    below = {child for id in unreachable for _, child in _children(id, objects, config)}
    reached: set[int] = set()
    for id in (*(id for id in unreachable if id not in below), *unreachable):
        if id not in reached:
            reached.update(_walk({("",): id}, objects, config)[0].values())
            yield id


def _children(id: int, objects: Objects, config: NodeConfig) -> Iterator[tuple[str, int]]:
    for name in config.children:
        child = objects[id].get(name)
        if isinstance(child, Ref) and child.id in objects:
            yield name, child.id


def _walk(
    starts: Mapping[NodePath, int], objects: Objects, config: NodeConfig
) -> tuple[dict[NodePath, int], dict[NodePath, int]]:
    """The roles at and below the starts, depth first, and those that lead to a node met before."""
    paths: dict[NodePath, int] = {}
    edges: dict[NodePath, int] = {}
    visited: set[int] = set()
    above: set[int] = set()
    stack: list[tuple[NodePath | None, int]] = []
    stack += [*starts.items()][::-1]
    while stack:
        role, id = stack.pop()
        if role is None:  # all below it is done
            above.remove(id)
            continue
        if id in visited:
            edges[role] = id
        if id in above or (id in visited and len(paths) > MOST_ROLES):
            continue
        visited.add(id)
        above.add(id)
        paths[role] = id
        stack.append((None, id))
        children = _children(id, objects, config)
        stack.extend([(_below(role, name), child) for name, child in children][::-1])
    return paths, edges


# A long chain has long roles and paths, and most are the same after every event.
@lru_cache(maxsize=1 << 14)
def _below(role: NodePath, name: str) -> NodePath:
    """The role of a child."""
    return (*role, name)


@lru_cache(maxsize=1 << 14)
def path_text(role: NodePath) -> str:
    """The path of a role, as it is written."""
    return ".".join(role)
