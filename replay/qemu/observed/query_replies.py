"""Building nodes from QEMU's answers to block queries."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from replay.engine.view import Node
from replay.events.event import SECTOR

QUERIES = ("query-block", "query-named-block-nodes", "x-debug-query-block-graph")
"""The questions whose answers are needed, in the order of `Answers`."""

CHILDREN = {"file": "file", "backing": "backing_hd"}
"""What leads from a node to those below it, and what the model calls that, in walking order."""

FILTERS = ("commit_top", "compress", "copy-before-write", "copy-on-read", "mirror_top", "throttle")
"""Drivers of nodes that QEMU lays between others; no tree of the series has such."""

LIMITS = ("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")

Json = Mapping[str, Any]


TRACED = "bdrv_open_common"
"""The trace event that shows the flags of an open."""

OPENED = re.compile(
    TRACED + r' bs \S+ filename "(?P<file>[^"]*)" flags (?P<flags>0x[0-9a-f]+)'
    r' format_name "(?P<driver>[^"]*)"'
)
RESIZE = 0x0004


class Open(NamedTuple):
    """A file that is opened by a driver, with flags."""

    driver: str
    file: str
    flags: int

    @property
    def creates(self) -> bool:
        """Whether the file has just been made: only then it is opened to be resized."""
        return self.driver == "file" and bool(self.flags & RESIZE)


class QueryAnswers(NamedTuple):
    """What the three queries returned."""

    drives: list[Json]
    nodes: list[Json]
    graph: Json


class QueryGraph(NamedTuple):
    """Nodes by name and, by their numbers in the graph, the children of each by their role."""

    nodes: Mapping[str, Json]
    names: Mapping[int, str]
    children: Mapping[int, Mapping[str, int]]
    outside: Callable[[str], str]


GraphPosition = tuple[tuple[str, ...], int]
"""A role and the number of the node that has it."""


def drive_nodes(answers: QueryAnswers, outside: Callable[[str], str]) -> dict[str, Node]:
    """The nodes that drives lead to, by path. `outside` gives the name of a file in the log.

    A drive without a medium is a node without a driver.
    """
    graph = graph_of(answers, outside)
    drives = {drive["device"]: drive.get("inserted") for drive in answers.drives}
    nodes: dict[str, Node] = {}
    for number, thing in _things(answers.graph, "block-backend"):
        name = thing["name"]
        if name not in drives:
            continue
        medium, top = drives[name], graph.children.get(number, {}).get("root")
        if medium is None or top is None:
            nodes[name] = Node((name,), number, {"driver": None})
            continue
        below = {node.path: node for node in _walk((name,), top, graph)}
        nodes |= below
        if name in below:
            root = below[name]
            nodes[name] = Node(root.role, root.id, {**root.fields, **drive_fields(medium)})
    return nodes


def unreachable_nodes(answers: QueryAnswers, outside: Callable[[str], str]) -> dict[str, Node]:
    """The nodes that no drive leads to, as the targets of jobs, under other[N]."""
    graph = graph_of(answers, outside)
    reached = {node.id for node in drive_nodes(answers, outside).values()}
    rest = [number for number, _ in _things(answers.graph, "block-driver")]
    rest = [n for n in rest if n not in reached and not _is_filter(n, graph)]
    below = {child for number in rest for child in graph.children.get(number, {}).values()}
    tops = [number for number in rest if number not in below]
    return {
        node.path: node
        for index, top in enumerate(sorted(tops))
        for node in _walk((f"other[{index}]",), top, graph)
    }


def graph_of(answers: QueryAnswers, outside: Callable[[str], str]) -> QueryGraph:
    """The three answers put together."""
    children: dict[int, dict[str, int]] = {}
    for edge in answers.graph["edges"]:
        children.setdefault(edge["parent"], {})[edge["name"]] = edge["child"]
    names = {number: thing["name"] for number, thing in _things(answers.graph, "block-driver")}
    nodes = {node["node-name"]: node for node in answers.nodes}
    return QueryGraph(nodes, names, children, outside)


def file_name(node: Json) -> str:
    """The name of the file that a node of a protocol is."""
    name = str(node.get("file", ""))
    if not name.startswith("json:"):
        return name
    try:
        return str(msgspec.json.decode(name.removeprefix("json:"))["filename"])
    except (msgspec.MsgspecError, LookupError, TypeError):
        return name


def drive_fields(medium: Json) -> dict[str, Any]:
    """The fields of a medium that only query-block has."""
    return {
        "enable_write_cache": medium["cache"]["writeback"],
        "io_limits": [medium.get(limit, 0) for limit in LIMITS],
    }


def _things(graph: Json, sort: str) -> Iterator[tuple[int, Json]]:
    return ((thing["id"], thing) for thing in graph["nodes"] if thing["type"] == sort)


def _is_filter(number: int, graph: QueryGraph) -> bool:
    return graph.nodes.get(graph.names.get(number, ""), {}).get("drv") in FILTERS


def _below_filters(number: int, graph: QueryGraph) -> int:
    """The node with this number, or what it filters if it is a filter."""
    while _is_filter(number, graph):
        children = graph.children.get(number, {})
        if not children.keys() & CHILDREN:
            return number
        number = next(children[role] for role in CHILDREN if role in children)
    return number


def _walk(role: tuple[str, ...], number: int, graph: QueryGraph) -> Iterator[Node]:
    """A node and those below it, depth first, `file` first."""
    number = _below_filters(number, graph)
    yield Node(role, number, _fields(role, number, graph))
    for child, name in CHILDREN.items():
        if child in graph.children.get(number, {}):
            yield from _walk((*role, name), graph.children[number][child], graph)


def _fields(role: tuple[str, ...], number: int, graph: QueryGraph) -> dict[str, Any]:
    node = graph.nodes.get(graph.names.get(number, ""))
    if node is None:
        return {}
    fields = {
        "driver": node["drv"],
        "filename": graph.outside(_file(number, graph)),
        "read_only": node["ro"],
        "cache_direct": node["cache"]["direct"],
        "cache_no_flush": node["cache"]["no-flush"],
    }
    if role[-1] != "file" and "image" in node:
        fields["total_sectors"] = node["image"]["virtual-size"] // SECTOR
    return fields


def _file(number: int, graph: QueryGraph) -> str:
    """The file that a node reads."""
    visited: set[int] = set()
    while "file" in graph.children.get(number, {}) and number not in visited:
        visited.add(number)
        number = graph.children[number]["file"]
    return file_name(graph.nodes.get(graph.names.get(number, ""), {}))


def parse_open(line: str) -> Open | None:
    """The open that a line of QEMU's trace reports, None if it reports none."""
    match = OPENED.search(line)
    return Open(match["driver"], match["file"], int(match["flags"], 16)) if match else None
