"""A run as one self-contained HTML page."""

from collections import Counter
from collections.abc import Iterator, Mapping

from markupsafe import Markup
from msgspec import Struct

from replay.reports import words
from replay.reports.documents.common import translation
from replay.reports.documents.graph import Drawing
from replay.reports.documents.run import RunReport, StepReport
from replay.reports.drawing.svg import STYLE, svg
from replay.reports.html.templates import digest, environment, text

ROOM = 1_000_000
"""So many characters of graphs, that of the end among them, and changes stand in a page."""

LEAST_ROOM = ROOM // 4
"""So many are left to the events, however large the graph at the end is."""

MOST = 60
"""So many changes of an event are shown; the rest is a number."""


class RunRow(Struct, frozen=True):
    """An event, its graph if it changed the chains of nodes, and its changes as far as they fit.

    `hidden` is how many changes are left out.
    """

    step: StepReport
    graph: Drawing | None
    changes: tuple[str, ...]
    hidden: int


def run(report: RunReport) -> str:
    """The page: what there is at the end, then each event with its outcome and its changes."""
    style = STYLE + text("page.css")
    page = environment(translation=translation).get_template("run.html.j2")
    last = report.steps[-1].graph if report.steps else None
    room = max(ROOM - _size(last), LEAST_ROOM)
    return page.render(
        report=report,
        headline=_headline(report),
        last=last,
        rows=list(_rows(report, room)),
        style=Markup(style),
        style_hash=digest(style),
    )


def _headline(report: RunReport) -> str:
    """ "9 events in after: 8 returned, 1 refused"."""
    ended = Counter(step.outcome.status for step in report.steps)
    outcomes = ", ".join(f"{number} {status}" for status, number in ended.items())
    name = words.escape(report.variant.name)
    return f"{words.count(len(report.steps), 'event')} in {name}: {outcomes}".rstrip(": ")


def _size(graph: Drawing | None) -> int:
    return len(svg(graph)) if graph else 0


def _rows(report: RunReport, room: int) -> Iterator[RunRow]:
    """The events, with graphs and changes while there is room for them."""
    chains: Mapping[str, tuple[str, ...]] = {}
    for step in report.steps:
        is_new = step.graph.chains != chains
        chains = step.graph.chains
        graph = step.graph if is_new and step.graph.vertices and room > 0 else None
        shown = step.changes[:MOST] if room > 0 else ()
        texts = tuple(change.text for change in shown)
        room -= sum(map(len, texts)) + _size(graph)
        yield RunRow(step, graph, texts, len(step.changes) - len(texts))
