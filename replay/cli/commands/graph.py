"""replay graph."""

from enum import StrEnum
from typing import Annotated

import typer

from replay.cli import arguments
from replay.cli.app import LogWord, OutputFile, Session, app, notify, print_result
from replay.cli.progress_bar import with_progress
from replay.engine.replay import Trace, replay
from replay.engine.view import view
from replay.errors import ReplayError
from replay.reports.drawing.dot import dot
from replay.reports.drawing.graph import Drawing, graph
from replay.reports.drawing.svg import document
from replay.variants.variant import resolve


class Drawn(StrEnum):
    """The forms in which a graph can be had."""

    SVG = "svg"
    DOT = "dot"


DRAWINGS = {Drawn.SVG: document, Drawn.DOT: dot}


@app.command("graph")
def draw(
    context: typer.Context,
    name: LogWord,
    at: Annotated[str | None, typer.Option(metavar="REV", help="Default: the last named.")] = None,
    seq: Annotated[int | None, typer.Option(metavar="N", help="Default: the last event.")] = None,
    format: Annotated[Drawn, typer.Option("--format", case_sensitive=False)] = Drawn.SVG,
    output: OutputFile = None,
) -> None:
    """Draw the nodes after an event: base left, active layer right."""
    session: Session = context.obj
    subject = session.subject()
    variant = resolve(subject, at or tuple(subject.config.variants)[-1], session.named)
    with session.store() as store:
        log = arguments.open_log(store, name, notify)
    print_result(DRAWINGS[format](_graph(replay(log, variant, with_progress), seq)), output)


def _graph(trace: Trace, seq: int | None) -> Drawing:
    """The graph after an event. Raises ReplayError if there is no such event."""
    last = len(trace.steps)
    if seq is not None and not 1 <= seq <= last:
        raise ReplayError(f"there is no event {seq}", do=f"the last is {last}")
    subject = trace.variant.subject
    state = trace.steps[(seq or last) - 1].state if last else trace.variant.program.initial()
    return graph(view(state, subject), subject.config)
