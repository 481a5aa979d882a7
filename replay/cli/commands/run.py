"""replay run."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from replay.cli import arguments
from replay.cli.app import LogWord, OutputFile, Printable, Session, app, notify, print_result
from replay.cli.progress_bar import with_progress
from replay.engine.replay import replay
from replay.reports import json, markdown
from replay.reports.documents import RunReport, run_report
from replay.reports.html.run import run as html_run
from replay.reports.text import run as runtext
from replay.variants.variant import resolve


class OutputFormat(StrEnum):
    """The forms in which any report can be had."""

    TEXT = "text"
    JSON = "json"


class PageFormat(StrEnum):
    """The forms in which a replay or a diff can be had."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "md"
    HTML = "html"


T = TypeVar("T")
Forms = Mapping[OutputFormat, Callable[[T], Printable]]
"""What makes each form of a report."""

RUNS: Mapping[PageFormat, Callable[[RunReport], Printable]] = {
    PageFormat.TEXT: runtext.run,
    PageFormat.JSON: json.run,
    PageFormat.MARKDOWN: markdown.run,
    PageFormat.HTML: html_run,
}
FormatOption = Annotated[OutputFormat, typer.Option("--format", case_sensitive=False)]
PageOption = Annotated[PageFormat, typer.Option("--format", case_sensitive=False)]


@app.command("run")
def run_log(
    context: typer.Context,
    name: LogWord,
    at: Annotated[str | None, typer.Option(metavar="REV", help="Default: the last named.")] = None,
    until: Annotated[int | None, typer.Option(metavar="SEQ")] = None,
    format: PageOption = PageFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Replay a log: per event its outcome and what it changed."""
    session: Session = context.obj
    subject = session.subject()
    variant = resolve(subject, at or tuple(subject.config.variants)[-1], session.named)
    with session.store() as store:
        log = arguments.open_log(store, name, notify)
    print_result(RUNS[format](run_report(replay(log, variant, with_progress), until)), output)
