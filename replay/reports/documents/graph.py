"""The nodes, jobs and edges to draw, with what differs marked."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import msgspec
from msgspec import Struct

from replay.engine.view import Node, View
from replay.reports import words
from replay.variants.subject import SubjectConfig

LONGEST_NAME = 28


class DrawingWords(Struct, frozen=True):
    """What the table [drawing] of subject.toml says of a node's observed fields.

    `driver` is the field shown in brackets, `file` the one with its file's name, `job` the field
    with a job's sort; `labels` are names for child fields. Where the table has none of them,
    nothing is shown.
    """

    driver: str = ""
    file: str = ""
    job: str = ""
    labels: Mapping[str, str] = {}


class Mark(Struct, frozen=True):
    """A word under a vertex: something set (+) or cleared (-) here that is not so elsewhere.

    `quiet` marks are there for completeness and not what the reader is after.
    """

    sign: str
    text: str
    quiet: bool = False


class Vertex(Struct, frozen=True):
    """A node (ellipse) or job (box) under its first path.

    `is_top` is for a root and for the top of leaked nodes. `struck` says that its file is
    unlinked, `differs` that it is not the same everywhere, `varies` that only quiet marks and the
    like are not.
    """

    path: str
    name: str
    file: str
    is_top: bool = False
    is_job: bool = False
    struck: bool = False
    differs: bool = False
    varies: bool = False
    marks: tuple[Mark, ...] = ()


class Edge(Struct, frozen=True):
    """From a node to its child or from a job to a node it works on, by their paths."""

    start: str
    end: str
    label: str
    differs: bool = False


class Drawing(Struct, frozen=True):
    """Vertices in walking order. `chain` is the child field that leads to the left."""

    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    chain: str

    @property
    def length(self) -> int:
        """The number of vertices in the longest chain."""
        return max(map(len, self._chains()), default=0)

    @property
    def text(self) -> str:
        """The graph in words: its chains, "empty" without one."""
        return "; ".join(map(words.chain, self.chains.values())) or "empty"

    @property
    def chains(self) -> Mapping[str, tuple[str, ...]]:
        """Each chain by its top's path, base first, its nodes as "[base.qcow2]"."""
        return {
            chain[0].path: tuple(f"[{_text(vertex)}]" for vertex in reversed(chain))
            for chain in self._chains()
        }

    def _chains(self) -> Iterator[list[Vertex]]:
        """What hangs together by chain edges, from each top on."""
        by_path = {vertex.path: vertex for vertex in self.vertices}
        below = {edge.start: edge.end for edge in self.edges if edge.label == self.chain}
        for top in (vertex for vertex in self.vertices if vertex.is_top):
            chain = {top.path: top}
            path = below.get(top.path)
            while path is not None and path not in chain:
                chain[path] = by_path[path]
                path = below.get(path)
            yield [*chain.values()]


class Differing(Struct, frozen=True):
    """What is marked in a graph: paths of vertices and edges, and words under the vertices."""

    paths: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()
    marks: Mapping[str, tuple[Mark, ...]] = {}


NOTHING = Differing()


def graph(view: View, config: SubjectConfig, differing: Differing = NOTHING) -> Drawing:
    """The graph of a view, each object once, with what differs from other variants marked."""
    drawing = msgspec.convert(config.more.get("drawing", {}), DrawingWords)
    first: dict[int, str] = {}
    for node in view.all_nodes.values():
        first.setdefault(node.id, node.path)
    nodes = [node for node in view.all_nodes.values() if first[node.id] == node.path]
    jobs = [_job(path, job, drawing, differing) for path, job in view.jobs.items()]
    edges = [*_children(nodes, view, first, drawing, differing), *_work(view)]
    return Drawing(
        vertices=(*(_node(node, view, drawing, differing) for node in nodes), *jobs),
        edges=tuple(edges),
        chain=drawing.labels.get(config.node.chain, config.node.chain),
    )


def file_of(view: View, path: str, config: SubjectConfig) -> str:
    """The last component of the file of the node at a path, "" if there is none."""
    drawing = msgspec.convert(config.more.get("drawing", {}), DrawingWords)
    node = view.all_nodes.get(path)
    name = str(node.fields.get(drawing.file) or "") if node else ""
    return PurePosixPath(name).name or name


def file_of_long(path: str, views: Iterable[View], config: SubjectConfig) -> str:
    """The file of the node at a long path, which names it better than the path does; else ""."""
    if words.path(path) == words.escape(path):
        return ""
    return next(filter(None, (file_of(view, path, config) for view in views)), "")


def short(text: str) -> str:
    """A text that fits into a vertex; its middle goes first."""
    shown = words.escape(text)
    half = LONGEST_NAME // 2
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: half - 1]}…{shown[-half:]}"


def _node(node: Node, view: View, drawing: DrawingWords, differing: Differing) -> Vertex:
    """A root is named by its name, what lies below by its role."""
    driver, file = (str(node.fields.get(key) or "") for key in (drawing.driver, drawing.file))
    entry = view.files.get(file)
    name = node.role[0] if len(node.role) == 1 else drawing.labels.get(node.role[-1], node.role[-1])
    return Vertex(
        path=node.path,
        name=f"{short(name)} [{short(driver)}]" if drawing.driver in node.fields else short(name),
        file=short(PurePosixPath(file).name or file),
        is_top=len(node.role) == 1,
        struck=bool(entry and entry.unlinked),
        differs=node.path in differing.paths,
        varies=node.path in differing.quiet,
        marks=differing.marks.get(node.path, ()),
    )


def _job(path: str, job: Mapping[str, Any], drawing: DrawingWords, differing: Differing) -> Vertex:
    sort = str(job.get(drawing.job) or "")
    name = f"{short(sort)} job" if sort else short(path.rpartition(".")[2])
    return Vertex(path, name, "", is_job=True, differs=path in differing.paths)


def _children(
    nodes: list[Node],
    view: View,
    first: Mapping[int, str],
    drawing: DrawingWords,
    differing: Differing,
) -> Iterator[Edge]:
    """The edges of nodes; a child that was met before is the vertex that it has by then."""
    drawn = {node.path for node in nodes}
    ends = {path: first[node.id] for path, node in view.all_nodes.items()} | dict(view.edges)
    for path, end in ends.items():
        parent, dot, field = path.rpartition(".")
        if dot and parent in drawn:
            label = drawing.labels.get(field, field)
            yield Edge(parent, end, label, path in differing.paths)


def _work(view: View) -> Iterator[Edge]:
    """A job's edges: to the node that it belongs to, and to others that its fields name."""
    for path, job in view.jobs.items():
        owner = path.rpartition(".")[0]
        yield Edge(path, owner, "job")
        others: dict[str, list[str]] = {}
        for name, value in job.items():
            if isinstance(value, str) and value != owner and value in view.all_nodes:
                others.setdefault(value, []).append(name)
        yield from (Edge(path, end, ", ".join(names)) for end, names in others.items())


def _text(vertex: Vertex) -> str:
    parts = [vertex.file or vertex.name, *(["unlinked"] if vertex.struck else [])]
    return ", ".join([*parts, *(f"{mark.sign}{mark.text}" for mark in vertex.marks)])
