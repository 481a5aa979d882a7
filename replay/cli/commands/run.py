"""replay run."""

from collections.abc import Sequence
from typing import Annotated

import typer

from replay.analysis.play import play
from replay.cli import arguments
from replay.cli.app import app, print_result
from replay.cli.completion import complete_words
from replay.cli.options import At, OutputFile, format_option
from replay.cli.session import Session
from replay.errors import ReplayError
from replay.reports.documents.run import run_report
from replay.reports.rendering import OutputFormat, render

ReportFormat = Annotated[OutputFormat, format_option("RunReport")]


@app.command("run")
def run_log(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(metavar="[A..B | A B ...] LOG", autocompletion=complete_words),
    ],
    revision: At = None,
    until: Annotated[
        int | None, typer.Option(metavar="SEQ", help="Up to this event. Default: the last.")
    ] = None,
    only_changes: Annotated[
        bool, typer.Option("--only-changes", help="Without events that change nothing.")
    ] = False,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Replay a log: per event its outcome and what it changed; several variants side by side."""
    session: Session = context.obj
    variants, name = split_words(session, words)
    if revision is not None and variants:
        raise ReplayError("--at names a variant, and so do words before the log", do="leave it out")
    log = session.log(name)
    if len(variants) < 2:
        trace = session.player(revision or "".join(variants) or None)(log)
        print_result(render(run_report(trace, until, only_changes), format), output)
        return
    # What several variants do side by side takes more of the program than what one does.
    from replay.reports.documents.walk.walk import walk  # noqa: PLC0415

    traces = play(session.players(variants), log)
    print_result(render(walk(traces, until, only_changes), format), output)


def split_words(session: Session, words: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The variants and the log; the last word is the log whatever it may mean besides."""
    *leading, name = words
    variants, rest = arguments.leading_variants(leading, None, session.subject(), session.named)
    if rest:
        raise ReplayError(f"{rest[0]} is no variant", do="write variants, and then one log")
    return variants, name
