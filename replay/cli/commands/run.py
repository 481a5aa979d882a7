"""replay run."""

from typing import Annotated

import typer

from replay.cli.app import app, print_result
from replay.cli.options import At, LogWord, OutputFile, PageFormat, PageOption, Pages
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.engine.replay import replay
from replay.reports import markdown
from replay.reports.documents import RunReport, run_report
from replay.reports.html.run import run as html_run
from replay.reports.json.run import run as run_json
from replay.reports.text import run as runtext

RUNS: Pages[RunReport] = {
    PageFormat.TEXT: runtext.run,
    PageFormat.JSON: run_json,
    PageFormat.MARKDOWN: markdown.run,
    PageFormat.HTML: html_run,
}


@app.command("run")
def run_log(
    context: typer.Context,
    name: LogWord,
    at: At = None,
    until: Annotated[int | None, typer.Option(metavar="SEQ")] = None,
    format: PageOption = PageFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Replay a log: per event its outcome and what it changed."""
    session: Session = context.obj
    trace = replay(session.log(name), session.variant(at), with_progress)
    print_result(RUNS[format](run_report(trace, until)), output)
