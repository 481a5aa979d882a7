"""Commands that replay logs."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from replay import arguments
from replay.cli.app import LogWord, Output, Session, Told, app, emit, notify
from replay.cli.progress import watched
from replay.replayer import replay
from replay.report import RunReport, json, markdown, run_report, runtext
from replay.report.html.runs import run as html_run
from replay.variants import resolve


class Format(StrEnum):
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
Forms = Mapping[Format, Callable[[T], Told]]
"""What makes each form of a report."""

RUNS: Mapping[PageFormat, Callable[[RunReport], Told]] = {
    PageFormat.TEXT: runtext.run,
    PageFormat.JSON: json.run,
    PageFormat.MARKDOWN: markdown.run,
    PageFormat.HTML: html_run,
}
FormatOption = Annotated[Format, typer.Option("--format", case_sensitive=False)]
PageOption = Annotated[PageFormat, typer.Option("--format", case_sensitive=False)]


@app.command("run")
def run_log(
    context: typer.Context,
    name: LogWord,
    at: Annotated[str | None, typer.Option(metavar="REV", help="Default: the last named.")] = None,
    until: Annotated[int | None, typer.Option(metavar="SEQ")] = None,
    format: PageOption = PageFormat.TEXT,
    output: Output = None,
) -> None:
    """Replay a log: per event its outcome and what it changed."""
    session: Session = context.obj
    subject = session.subject()
    variant = resolve(subject, at or tuple(subject.config.variants)[-1], session.named)
    with session.store() as store:
        log = arguments.open_log(store, name, notify)
    emit(RUNS[format](run_report(replay(log, variant, watched), until)), output)
