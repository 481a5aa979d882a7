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
from replay.variants import resolve


class Format(StrEnum):
    """The forms in which any report can be had."""

    TEXT = "text"
    JSON = "json"


class RunFormat(StrEnum):
    """The forms in which a replay can be had."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "md"


class DiffFormat(StrEnum):
    """The forms in which a diff can be had."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "md"
    HTML = "html"


T = TypeVar("T")
Forms = Mapping[Format, Callable[[T], Told]]
"""What makes each form of a report."""

RUNS: Mapping[RunFormat, Callable[[RunReport], Told]] = {
    RunFormat.TEXT: runtext.run,
    RunFormat.JSON: json.run,
    RunFormat.MARKDOWN: markdown.run,
}
FormatOption = Annotated[Format, typer.Option("--format", case_sensitive=False)]
RunOption = Annotated[RunFormat, typer.Option("--format", case_sensitive=False)]
DiffOption = Annotated[DiffFormat, typer.Option("--format", case_sensitive=False)]


@app.command("run")
def run_log(
    context: typer.Context,
    name: LogWord,
    at: Annotated[str | None, typer.Option(metavar="REV", help="Default: the last named.")] = None,
    until: Annotated[int | None, typer.Option(metavar="SEQ")] = None,
    format: RunOption = RunFormat.TEXT,
    output: Output = None,
) -> None:
    """Replay a log: per event its outcome and what it changed."""
    session: Session = context.obj
    subject = session.subject()
    variant = resolve(subject, at or tuple(subject.config.variants)[-1], session.named)
    with session.store() as store:
        log = arguments.open_log(store, name, notify)
    emit(RUNS[format](run_report(replay(log, variant, watched), until)), output)
