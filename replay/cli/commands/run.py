"""replay run."""

from typing import Annotated

import typer

from replay.cli.app import app, print_result
from replay.cli.options import At, LogWord, OutputFile, PageFormat, PageOption, Pages
from replay.cli.players import player_of
from replay.cli.session import Session
from replay.reports import json, markdown
from replay.reports.documents import RunReport, run_report
from replay.reports.html.run import run as html_run
from replay.reports.text import run as runtext

RUNS: Pages[RunReport] = {
    PageFormat.TEXT: runtext.run,
    PageFormat.JSON: json.run,
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
    trace = player_of(session, at)(session.log(name))
    print_result(RUNS[format](run_report(trace, until)), output)
