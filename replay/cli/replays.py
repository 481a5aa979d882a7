"""Commands that replay logs."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from replay import arguments
from replay.cli.app import DIFFERS, LogWord, Output, Session, app, emit, notify
from replay.differ import diff
from replay.errors import ReplayError
from replay.events import Log
from replay.replayer import replay
from replay.report import DiffReport, json, report, run_report, runtext, text
from replay.variants import Variant, expressions, resolve


class Format(StrEnum):
    """The forms in which a report can be had."""

    TEXT = "text"
    JSON = "json"


RUNS = {Format.TEXT: runtext.run, Format.JSON: json.run}
DIFFS = {Format.TEXT: text.diffs, Format.JSON: json.diffs, "quiet": text.headlines}
FormatOption = Annotated[Format, typer.Option("--format", case_sensitive=False)]


class LogsAfterDashes(TyperCommand):
    """A command that knows how many of its words stood behind a "--"."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Counts them, since click takes the dashes away."""
        dashes = args.index("--") if "--" in args else None
        ctx.meta["logs"] = None if dashes is None else len(args) - dashes - 1
        return super().parse_args(ctx, args)


@app.command("run")
def run_log(
    context: typer.Context,
    name: LogWord,
    at: Annotated[str | None, typer.Option(metavar="REV", help="Default: the last named.")] = None,
    until: Annotated[int | None, typer.Option(metavar="SEQ")] = None,
    format: FormatOption = Format.TEXT,
    output: Output = None,
) -> None:
    """Replay a log: per event its outcome and what it changed."""
    session: Session = context.obj
    subject = session.subject()
    variant = resolve(subject, at or tuple(subject.config.variants)[-1], session.named)
    with session.store() as store:
        log = arguments.open_log(store, name, notify)
    emit(RUNS[format](run_report(replay(log, variant), until)), output)


@app.command("diff", cls=LogsAfterDashes)
def diff_logs(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[A..B | A B ...] LOG")] = None,
    every: Annotated[bool, typer.Option("--all", help="All stored logs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Headlines only.")] = False,
    format: FormatOption = Format.TEXT,
    output: Output = None,
) -> None:
    """Replay logs in several variants and compare; exit with 1 if they differ."""
    session: Session = context.obj
    subject = session.subject()
    choice = arguments.split(words or (), context.meta["logs"], subject, session.named)
    compared = arguments.resolved(choice.variants, subject, session.named)
    with session.store() as store:
        names = [info.name for info in store.logs()] if every else choice.logs
        near = expressions(subject, session.named)
        logs = [log for name in names for log in arguments.open_logs(store, name, notify, near)]
    if not logs:
        raise ReplayError("no log to compare", do="name one, or import some and say --all")
    reports = [compare(log, compared) for log in logs]
    emit(DIFFS["quiet" if quiet else format](reports), output)
    if any(told.divergences for told in reports):
        raise typer.Exit(DIFFERS)


def compare(log: Log, variants: Iterable[Variant]) -> DiffReport:
    """What there is to tell of one log in several variants."""
    return report(diff(*(replay(log, variant) for variant in variants)))
