"""Where a graph's vertices stand: chains from right to left, a row each, other children below.

The graphs are a few chains, of which the reader knows the order: base left, active layer right.
Placing them takes a walk, so no layout program has to be shipped or loaded.
"""

from collections.abc import Iterator, Mapping, Sequence

from replay.report.graph import Edge, Graph

Cell = tuple[int, int]
"""Column, from 0 at the left, and row, from 0 at the top."""


def layout(graph: Graph) -> Mapping[str, Cell]:
    """The cell of each vertex, by path; no two share one."""
    below: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        below.setdefault(edge.start, []).append(edge)
    placed: dict[str, Cell] = {}
    rows = 0
    for vertex in graph.vertices:
        if vertex.path not in placed and not vertex.is_job:
            placed |= _tree(vertex.path, graph, below, placed, rows)
            rows = 1 + max(row for _, row in placed.values())
    placed |= _jobs(graph, below, placed)
    left = min((column for column, _ in placed.values()), default=0)
    return {path: (column - left, row) for path, (column, row) in placed.items()}


def _jobs(
    graph: Graph, below: Mapping[str, list[Edge]], placed: Mapping[str, Cell]
) -> dict[str, Cell]:
    """The cells of jobs, in a column right of all, beside the node that each works for."""
    column = 1 + max((column for column, _ in placed.values()), default=0)
    found: dict[str, Cell] = {}
    for job in (vertex.path for vertex in graph.vertices if vertex.is_job):
        row = max((placed[edge.end][1] for edge in below.get(job, ())[:1]), default=0)
        while (column, row) in found.values():
            row += 1
        found[job] = (column, row)
    return found


def _tree(
    top: str,
    graph: Graph,
    below: Mapping[str, list[Edge]],
    before: Mapping[str, Cell],
    row: int,
) -> dict[str, Cell]:
    """The cells of a vertex and of what hangs on it: a chain's next to the left, others below."""
    placed: dict[str, Cell] = {}
    waiting: list[tuple[str, Cell]] = [(top, (0, row))]
    while waiting:
        path, (column, row) = waiting.pop()
        if path in placed or path in before:
            continue
        while (column, row) in placed.values():
            row += 1
        placed[path] = (column, row)
        waiting.extend(_next(below.get(path, ()), graph.chain, column, row))
    return placed


def _next(edges: Sequence[Edge], chain: str, column: int, row: int) -> Iterator[tuple[str, Cell]]:
    """Children with the cell that they want; the chain's comes last and is placed first."""
    for edge in sorted(edges, key=lambda edge: edge.label == chain):
        yield edge.end, (column - 1, row) if edge.label == chain else (column, row + 1)
