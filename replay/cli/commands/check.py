"""replay check."""

from collections.abc import Sequence
from typing import Annotated

import typer

from replay.analysis.bisect import culprits
from replay.analysis.checks import breaches, load_checks
from replay.cli.app import DIFFERS, app, print_result
from replay.cli.options import At, ChecksFile, FormatOption, Forms, OutputFile, OutputFormat
from replay.cli.players import player_of
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.engine.trace import ModelTrace
from replay.errors import ReplayError
from replay.reports import checks as reports
from replay.reports.checks import CheckReport, check_report
from replay.variants.expression import parse_machine

CHECKS: Forms[Sequence[CheckReport]] = {
    OutputFormat.TEXT: reports.text,
    OutputFormat.JSON: reports.json,
}


@app.command("check")
def check_logs(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="LOG...")] = None,
    every: Annotated[bool, typer.Option("--all", help="All stored logs.")] = False,
    at: At = None,
    checks: ChecksFile = None,
    find_patch: Annotated[
        bool, typer.Option("--bisect", help="For each breach the patch that brought it.")
    ] = False,
    format: FormatOption = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Look for states that breach an invariant; exit with 1 if there are."""
    session: Session = context.obj
    machine = parse_machine(at, session.named) if at else None
    if machine and find_patch:
        raise ReplayError("a real machine has no patches", do="leave --bisect out")
    variant = session.variant(None if machine else at)
    player = player_of(session, at)
    file = checks or variant.subject.directory / "checks.py"
    loaded = load_checks(file, variant)
    logs = session.logs(names or (), every, "check")
    documents = []
    for log in with_progress(logs, len(logs), "logs"):
        trace = player(log)
        breached = breaches(trace, loaded, with_progress)
        brought = {}
        if find_patch and isinstance(trace, ModelTrace):
            brought = dict(culprits(trace, file, breached))
        documents.append(check_report(trace, loaded, breached, brought))
    print_result(CHECKS[format](documents), output)
    if any(document.breaches for document in documents):
        raise typer.Exit(DIFFERS)
