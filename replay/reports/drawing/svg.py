"""Laying out and drawing a graph as SVG.

The graphs are a few chains, in an order that the reader is used to: base left, active layer right.
Placing them takes a walk, so no layout program has to be shipped or loaded."""

from collections.abc import Iterator, Mapping, Sequence
from math import hypot
from typing import NamedTuple

from markupsafe import Markup

from replay.reports import words
from replay.reports.documents.graph import Drawing, Edge, Vertex

GridCell = tuple[int, int]
"""Column, from 0 at the left, and row, from 0 at the top."""


def layout(graph: Drawing) -> Mapping[str, GridCell]:
    """The cell of each vertex, by path; no two share one."""
    below: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        below.setdefault(edge.start, []).append(edge)
    placed: dict[str, GridCell] = {}
    rows = 0
    for vertex in graph.vertices:
        if vertex.path not in placed and not vertex.is_job:
            placed |= _tree(vertex.path, graph, below, placed, rows)
            rows = 1 + max(row for _, row in placed.values())
    placed = _folded(placed)
    placed |= _jobs(graph, below, placed)
    left = min((column for column, _ in placed.values()), default=0)
    return {path: (column - left, row) for path, (column, row) in placed.items()}


MOST_COLUMNS = 8
"""So many nodes of a chain stand side by side; the next ones stand below them."""


def _folded(placed: Mapping[str, GridCell]) -> dict[str, GridCell]:
    """The cells of nodes, of which the top is in column 0, in as many bands as they need."""
    height = 1 + max((row for _, row in placed.values()), default=0)
    bands = {path: -column // MOST_COLUMNS for path, (column, _) in placed.items()}
    return {
        path: (column + bands[path] * MOST_COLUMNS, row + bands[path] * height)
        for path, (column, row) in placed.items()
    }


def _jobs(
    graph: Drawing, below: Mapping[str, list[Edge]], placed: Mapping[str, GridCell]
) -> dict[str, GridCell]:
    """The cells of jobs, in a column right of all, beside the node that each works for."""
    column = 1 + max((column for column, _ in placed.values()), default=0)
    cells: dict[str, GridCell] = {}
    for job in (vertex.path for vertex in graph.vertices if vertex.is_job):
        row = max((placed[edge.end][1] for edge in below.get(job, ())[:1]), default=0)
        while (column, row) in cells.values():
            row += 1
        cells[job] = (column, row)
    return cells


def _tree(
    top: str,
    graph: Drawing,
    below: Mapping[str, list[Edge]],
    before: Mapping[str, GridCell],
    row: int,
) -> dict[str, GridCell]:
    """The cells of a vertex and of what hangs on it: a chain's next to the left, others below."""
    placed: dict[str, GridCell] = {}
    taken: set[GridCell] = set()
    waiting: list[tuple[str, GridCell]] = [(top, (0, row))]
    while waiting:
        path, (column, row) = waiting.pop()
        if path in placed or path in before:
            continue
        while (column, row) in taken:
            row += 1
        placed[path] = (column, row)
        taken.add((column, row))
        waiting.extend(_next(below.get(path, ()), graph.chain, column, row))
    return placed


def _next(
    edges: Sequence[Edge], chain: str, column: int, row: int
) -> Iterator[tuple[str, GridCell]]:
    """Children with the cell that they want; the chain's comes last and is placed first."""
    for edge in sorted(edges, key=lambda edge: edge.label == chain):
        yield edge.end, (column - 1, row) if edge.label == chain else (column, row + 1)


LETTER = 7.3
"""The width of a letter of the font, 12 pixels high and monospaced."""

LINE, MARK_LINE = 15, 14
GAP = 66
"""Between two columns; an edge's label stands in it."""

BELOW = 40
"""Between two rows."""

MARGIN = 10

STYLE = """\
.graph { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.graph text { text-anchor: middle; fill: var(--ink, #1d2433); }
.graph ellipse, .graph rect { fill: var(--node, #f4f6fa); stroke: var(--line, #6b7690); }
.graph .differs ellipse, .graph .differs rect {
  fill: var(--differs, #fff3d6); stroke: var(--accent, #b45309); stroke-width: 2; }
.graph .varies ellipse { stroke-dasharray: 5 3; }
.graph path { fill: none; stroke: var(--line, #6b7690); }
.graph path.differs { stroke: var(--accent, #b45309); stroke-width: 2; }
.graph .tip { fill: var(--line, #6b7690); stroke: none; }
.graph .label { font-size: 11px; fill: var(--quiet, #56607a);
  paint-order: stroke; stroke: var(--paper, #ffffff); stroke-width: 4; }
.graph .struck { text-decoration: line-through; }
.graph .mark { font-size: 11px; font-weight: 600; }
.graph .set { fill: var(--set, #15683a); }
.graph .cleared { fill: var(--cleared, #b3261e); }
.graph .still { fill: var(--quiet, #56607a); font-weight: 400; }
"""

DARK = """\
@media (prefers-color-scheme: dark) {
  .graph { --ink: #e6e9f0; --node: #222938; --line: #8b96b0; --differs: #3d2f12;
    --accent: #f0a83c; --quiet: #a7b0c6; --set: #6fd79b; --cleared: #ff9b92;
    --paper: #151a24; background: var(--paper); }
}
"""


class _Plan(NamedTuple):
    """Half of an ellipse's width and height, and the middle of each column and row.

    `feet` says how much of the room below an ellipse its marks take.
    """

    rx: float
    ry: float
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    width: float
    height: float
    feet: Mapping[str, float]


class _Point(NamedTuple):
    x: float
    y: float


def document(graph: Drawing) -> str:
    """The graph as a file of its own, light or dark as its reader is."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg(graph, STYLE + DARK)}\n'


def svg(graph: Drawing, style: str = "") -> Markup:
    """The graph as an element; the page around brings STYLE unless it is given here.

    One of many columns has the class wide: a page must not shrink it but let the reader scroll.
    """
    cells = layout(graph)
    plan = _plan(graph, cells)
    points = {path: _Point(plan.xs[column], plan.ys[row]) for path, (column, row) in cells.items()}
    parts = [
        *([Markup("<style>\n{}</style>").format(Markup(style))] if style else []),
        *(
            (_fold if _is_fold(edge, cells, graph) else _edge)(edge, points, cells, plan)
            for edge in graph.edges
            if edge.end in points
        ),
        *(_vertex(vertex, points[vertex.path], plan) for vertex in graph.vertices),
    ]
    opening = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="graph{}" role="img" aria-label="{}"'
        ' width="{:.0f}" height="{:.0f}" viewBox="0 0 {:.0f} {:.0f}">'
    ).format(" wide" if len(plan.xs) > 4 else "", graph.text, *(plan.width, plan.height) * 2)
    return Markup("\n").join([opening, *parts, Markup("</svg>")])


def _plan(graph: Drawing, cells: Mapping[str, GridCell]) -> _Plan:
    longest = max((len(text) for v in graph.vertices for text in _texts(v)), default=0)
    rx, ry = max(52.0, longest * LETTER / 2 + 16), 24.0
    columns = 1 + max((column for column, _ in cells.values()), default=0)
    rows = 1 + max((row for _, row in cells.values()), default=0)
    marks = [0] * rows
    for vertex in graph.vertices:
        row = cells[vertex.path][1]
        marks[row] = max(marks[row], len(vertex.marks))
    arcs = [(cells[e.start], cells[e.end]) for e in graph.edges if e.end in cells]
    arcs = [(cell, to) for cell, to in arcs if _is_arc(cell, to)]
    right = GAP if any(cell[0] == to[0] for cell, to in arcs) else 0
    above = BELOW if any(cell[0] != to[0] for cell, to in arcs) else 0
    xs = tuple(MARGIN + rx + column * (2 * rx + GAP) for column in range(columns))
    ys, y = [], float(MARGIN + above)
    for count in marks:
        ys.append(y + ry)
        y += 2 * ry + count * MARK_LINE + BELOW + 10 * bool(count)
    feet = {v.path: len(v.marks) * MARK_LINE + 5.0 * bool(v.marks) for v in graph.vertices}
    return _Plan(rx, ry, xs, tuple(ys), xs[-1] + rx + MARGIN + right, y - BELOW + MARGIN, feet)


def _texts(vertex: Vertex) -> Iterator[str]:
    yield vertex.name
    yield vertex.file
    yield from (f"{mark.sign}{mark.text}" for mark in vertex.marks)


def _vertex(vertex: Vertex, middle: _Point, plan: _Plan) -> Markup:
    kind = Markup(' class="differs"') if vertex.differs else ""
    parts = [
        Markup("<g{}><title>{}</title>").format(kind, words.escape(vertex.path)),
        _shape(vertex, middle, plan),
    ]
    lines = [line for line in (vertex.name, vertex.file) if line]
    for index, line in enumerate(lines):
        y = middle.y + 4 + (index - (len(lines) - 1) / 2) * LINE
        struck = vertex.struck and line == vertex.file
        parts.append(_text(line, _Point(middle.x, y), "struck" if struck else ""))
    for index, mark in enumerate(vertex.marks, 1):
        tone = "still" if mark.quiet else "set" if mark.sign == "+" else "cleared"
        place = _Point(middle.x, middle.y + plan.ry + index * MARK_LINE)
        parts.append(_text(f"{mark.sign}{mark.text}", place, f"mark {tone}"))
    return Markup("").join([*parts, Markup("</g>")])


def _shape(vertex: Vertex, middle: _Point, plan: _Plan) -> Markup:
    if vertex.is_job:
        return Markup('<rect x="{:.0f}" y="{:.0f}" width="{:.0f}" height="{:.0f}" rx="3"/>').format(
            middle.x - plan.rx, middle.y - plan.ry, 2 * plan.rx, 2 * plan.ry
        )
    return Markup('<ellipse cx="{:.0f}" cy="{:.0f}" rx="{:.0f}" ry="{:.0f}"/>').format(
        middle.x, middle.y, plan.rx, plan.ry
    )


def _text(text: str, middle: _Point, kind: str) -> Markup:
    attribute = Markup(' class="{}"').format(kind) if kind else ""
    return Markup('<text x="{:.0f}" y="{:.0f}"{}>{}</text>').format(
        middle.x, middle.y, attribute, text
    )


def _edge(
    edge: Edge, points: Mapping[str, _Point], cells: Mapping[str, GridCell], plan: _Plan
) -> Markup:
    """A line, or an arc where vertices stand between, with its label beside the middle."""
    start, end = points[edge.start], points[edge.end]
    bend = _bend(start, end, cells[edge.start], cells[edge.end], plan)
    tail, tip = _border(start, bend, plan), _border(end, bend, plan)
    if start.x == tail.x and start.y < tail.y:
        tail = _Point(tail.x, tail.y + plan.feet[edge.start])
    x, y = ((a + 2 * b + c) / 4 for a, b, c in zip(tail, bend, tip, strict=True))
    upright = cells[edge.start][0] == cells[edge.end][0]
    label = _Point(x + LETTER * len(edge.label) / 2 + 8, y + 4) if upright else _Point(x, y - 6)
    kind = Markup(' class="differs"') if edge.differs else ""
    path = Markup('<path d="M{:.0f} {:.0f}Q{:.0f} {:.0f} {:.0f} {:.0f}"{}/>')
    line = path.format(*tail, *bend, *tip, kind)
    return Markup("").join([line, _tip(tip, bend), _text(edge.label, label, "label")])


def _is_fold(edge: Edge, cells: Mapping[str, GridCell], graph: Drawing) -> bool:
    """Whether a chain goes on in the band below."""
    (column, row), (to_column, to_row) = cells[edge.start], cells[edge.end]
    return edge.label == graph.chain and to_column > column and to_row > row


def _fold(
    edge: Edge, points: Mapping[str, _Point], cells: Mapping[str, GridCell], plan: _Plan
) -> Markup:
    """Down from the last node of a band, and between the bands to the first of the next."""
    start, end = points[edge.start], points[edge.end]
    top, above = end.y - plan.ry, end.y - plan.ry - BELOW / 2
    kind = Markup(' class="differs"') if edge.differs else ""
    path = Markup('<path d="M{:.0f} {:.0f}V{:.0f}H{:.0f}V{:.0f}"{}/>')
    line = path.format(start.x, start.y + plan.ry + plan.feet[edge.start], above, end.x, top, kind)
    tip = _tip(_Point(end.x, top), _Point(end.x, above))
    label = _text(edge.label, _Point((start.x + end.x) / 2, above - 6), "label")
    return Markup("").join([line, tip, label])


def _bend(start: _Point, end: _Point, cell: GridCell, to: GridCell, plan: _Plan) -> _Point:
    """The point that an edge is drawn towards: the middle, or so far off that it passes others."""
    middle = _Point((start.x + end.x) / 2, (start.y + end.y) / 2)
    if not _is_arc(cell, to):
        return middle
    if cell[0] == to[0]:
        return _Point(middle.x + 2 * plan.rx + GAP / 2, middle.y)
    return _Point(middle.x, middle.y - 2 * plan.ry - BELOW)


def _is_arc(cell: GridCell, to: GridCell) -> bool:
    """Whether an edge leads past others in its row or column, or to where it starts."""
    (column, row), (to_column, to_row) = cell, to
    return (column == to_column and abs(row - to_row) != 1) or (
        row == to_row and abs(column - to_column) != 1
    )


def _border(middle: _Point, towards: _Point, plan: _Plan) -> _Point:
    """Where the line from the middle of an ellipse to a point leaves it."""
    x, y = towards.x - middle.x, towards.y - middle.y
    scale = hypot(x / plan.rx, y / plan.ry) or 1.0
    return _Point(middle.x + x / scale, middle.y + y / scale)


def _tip(tip: _Point, origin: _Point) -> Markup:
    """An arrowhead that comes from the origin."""
    x, y = tip.x - origin.x, tip.y - origin.y
    length = hypot(x, y) or 1.0
    x, y = x / length, y / length
    back = _Point(tip.x - 9 * x, tip.y - 9 * y)
    return Markup('<path class="tip" d="M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}Z"/>').format(
        *tip, back.x - 3.5 * y, back.y + 3.5 * x, back.x + 3.5 * y, back.y - 3.5 * x
    )
