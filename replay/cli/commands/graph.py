"""replay graph."""

from typing import Annotated

import typer

from replay.cli.app import app, print_result
from replay.cli.options import At, LogWord, OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace
from replay.engine.view import view
from replay.errors import ReplayError
from replay.reports.documents.graph import Drawing, graph
from replay.reports.rendering import OutputFormat, render

ReportFormat = Annotated[OutputFormat, format_option("Drawing")]


@app.command("graph")
def draw(
    context: typer.Context,
    name: LogWord,
    revision: At = None,
    seq: Annotated[int | None, typer.Option(metavar="N", help="Default: the last event.")] = None,
    format: ReportFormat = OutputFormat.SVG,
    output: OutputFile = None,
) -> None:
    """Draw the nodes after an event: base left, active layer right."""
    session: Session = context.obj
    trace = replay(session.log(name), session.variant(revision), with_progress)
    print_result(render(_graph(trace, seq), format), output)


def _graph(trace: ModelTrace, seq: int | None) -> Drawing:
    """The graph after an event. Raises ReplayError if there is no such event."""
    last = len(trace.steps)
    if seq is not None and not 1 <= seq <= last:
        raise ReplayError(f"there is no event {seq}", do=f"the last is {last}")
    subject = trace.variant.subject
    state = trace.steps[(seq or last) - 1].state if last else trace.variant.program.initial()
    return graph(view(state, subject), subject.config)
