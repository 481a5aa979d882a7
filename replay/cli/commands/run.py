"""replay run."""

from typing import Annotated

import typer

from replay.cli.app import app, print_result
from replay.cli.options import At, LogWord, OutputFile, format_option
from replay.cli.session import Session
from replay.reports.documents.run import run_report
from replay.reports.rendering import OutputFormat, render

ReportFormat = Annotated[OutputFormat, format_option("RunReport")]


@app.command("run")
def run_log(
    context: typer.Context,
    name: LogWord,
    revision: At = None,
    until: Annotated[int | None, typer.Option(metavar="SEQ")] = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Replay a log: per event its outcome and what it changed."""
    session: Session = context.obj
    trace = session.player(revision)(session.log(name))
    print_result(render(run_report(trace, until), format), output)
