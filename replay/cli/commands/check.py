"""replay check."""

from typing import Annotated

import typer

from replay.analysis.bisect import culprits
from replay.analysis.checks import breaches, load_checks
from replay.cli.app import DIFFERS, TROUBLE, app, print_result
from replay.cli.completion import complete_logs
from replay.cli.options import At, ChecksFile, OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.engine.trace import ModelTrace
from replay.errors import ReplayError
from replay.reports.documents.check import CheckReports, check_report
from replay.reports.rendering import OutputFormat, render
from replay.variants.expression import parse_machine

ReportFormat = Annotated[OutputFormat, format_option("CheckReports")]


@app.command("check")
def check_logs(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="LOG...", autocompletion=complete_logs)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All stored logs.")] = False,
    revision: At = None,
    checks: ChecksFile = None,
    find_patch: Annotated[
        bool, typer.Option("--bisect", help="For each breach the patch that brought it.")
    ] = False,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Look for states that breach an invariant; exit with 1 if there are."""
    session: Session = context.obj
    machine = parse_machine(revision, session.named) if revision else None
    if machine and find_patch:
        raise ReplayError("a real machine has no patches", do="leave --bisect out")
    variant = session.variant(None if machine else revision)
    player = session.player(revision)
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
    print_result(render(CheckReports(tuple(documents)), format), output)
    verdicts = {document.verdict for document in documents}
    if verdicts == {"not compared"}:
        raise typer.Exit(TROUBLE)
    if "differs" in verdicts:
        raise typer.Exit(DIFFERS)
