"""replay bisect."""

from typing import Annotated

import typer

from replay.analysis.bisect import about_check, about_place, bisect
from replay.cli.app import app, print_result
from replay.cli.commands.bisect_builds import (
    BUILD_BISECTIONS,
    BuildQuestion,
    over_builds,
    place_of,
)
from replay.cli.options import ChecksFile, LogWord, OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.engine.replay import replay
from replay.errors import ReplayError
from replay.reports import words
from replay.reports.documents.bisect import BisectReport, bisect_report
from replay.reports.rendering import OutputFormat, render

ReportFormat = Annotated[OutputFormat, format_option(BisectReport)]


@app.command("bisect")
def bisect_log(
    context: typer.Context,
    name: LogWord,
    between: Annotated[
        str | None, typer.Argument(metavar="A..B", help="Default: the first and last named.")
    ] = None,
    check: Annotated[str | None, typer.Option(metavar="NAME", help="A check's breach.")] = None,
    outcome: Annotated[int | None, typer.Option(metavar="SEQ", help="An event's outcome.")] = None,
    field: Annotated[str | None, typer.Option(metavar="PATH.FIELD[.FLAG]")] = None,
    file: Annotated[str | None, typer.Option(metavar="NAME", help="An image file.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every patch that changes it.")] = False,
    builds: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Real QEMUs in place of patches, in order."),
    ] = None,
    checks: ChecksFile = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Find the patch that changes something; by default what the headline of the diff tells."""
    session: Session = context.obj
    if sum(option is not None for option in (check, outcome, field, file)) > 1:
        raise ReplayError("a bisection is about one thing", do="give one option")
    if builds is not None:
        if between is not None:
            raise ReplayError("either patches or builds", do=f"leave out {between} or --builds")
        asked = BuildQuestion(check, outcome, field or file, every, checks)
        print_result(BUILD_BISECTIONS[format](over_builds(session, name, builds, asked)), output)
        return
    start, end = session.ends(between)
    log = session.log(name)
    ends = (replay(log, start, with_progress), replay(log, end, with_progress))
    if check is not None:
        about, target = check, None
        question = about_check(checks or start.subject.directory / "checks.py", check)
    else:
        target, seq = place_of(ends, outcome, field or file)
        about, question = words.place(target), about_place(ends, target, seq)
    found = bisect(ends, question, every, with_progress)
    print_result(render(bisect_report(ends, about, found, target), format), output)
