"""A graph in DOT for Graphviz."""

from collections.abc import Iterator

from markupsafe import escape

from replay.reports.documents.graph import Drawing, Edge, Vertex


def dot(graph: Drawing) -> str:
    """The graph with the drawing conventions of the SVG: base left, unlinked files struck out."""
    return "\n".join(["digraph {", *_statements(graph), "}"]) + "\n"


def _statements(graph: Drawing) -> Iterator[str]:
    """Edges of a chain lead to the left; those to other children stay in a column."""
    yield '    graph [rankdir="RL"]'
    yield '    node [fontname="monospace"]'
    yield '    edge [fontname="monospace"]'
    ids = {vertex.path: f"n{number}" for number, vertex in enumerate(graph.vertices, 1)}
    yield from (f"    {ids[vertex.path]} [{_vertex(vertex)}]" for vertex in graph.vertices)
    for edge in graph.edges:
        yield f"    {ids[edge.start]} -> {ids[edge.end]} [{_edge(edge, graph)}]"


def _vertex(vertex: Vertex) -> str:
    file = _html(vertex.file)
    lines = [_html(vertex.name), f"<S>{file}</S>" if vertex.struck else file]
    lines += [_html(f"{mark.sign}{mark.text}") for mark in vertex.marks]
    shape = "box" if vertex.is_job else "ellipse"
    bold = ", penwidth=2" if vertex.differs else ""
    return f"shape={shape}, label=<{'<BR/>'.join(line for line in lines if line)}>{bold}"


def _edge(edge: Edge, graph: Drawing) -> str:
    constraint = "" if edge.label == graph.chain else ", constraint=false"
    bold = ", penwidth=2" if edge.differs else ""
    return f"label=<{_html(edge.label)}>{constraint}{bold}"


def _html(text: str) -> str:
    """A text inside an HTML-like label, in which a backslash would begin an escape."""
    return str(escape(text)).replace("\\", "&#92;")
