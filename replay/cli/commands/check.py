"""replay check."""

from collections.abc import Sequence
from typing import Annotated

import typer

from replay.analysis.checks import breaches
from replay.cli.app import DIFFERS, TROUBLE, app, print_result
from replay.cli.arguments import is_pattern
from replay.cli.completion import complete_logs
from replay.cli.options import At, ChecksFile, OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.cli.work.on_logs import CheckWork
from replay.cli.work.pools import Scheduler, Workers, pool_of
from replay.cli.work.stored_logs import LogName, StoredLogs
from replay.errors import ReplayError
from replay.events.event import Log
from replay.reports.documents.check import CheckReports, check_report
from replay.reports.rendering import OutputFormat, render
from replay.variants.expression import parse_machine
from replay.workers import each

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
    workers: Workers = "auto",
    scheduler: Scheduler = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Look for states that breach an invariant; exit with 1 if there are."""
    session: Session = context.obj
    machine = parse_machine(revision, session.named) if revision else None
    if machine and find_patch:
        raise ReplayError("a real machine has no patches", do="leave --bisect out")
    variant = session.variant(None if machine else revision)
    file = checks or variant.subject.directory / "checks.py"
    if scheduler:
        file = file.absolute()  # a worker of a cluster runs elsewhere
    work = CheckWork(StoredLogs(session.db), (variant,), file, find_patch)
    loaded = work.checks
    several = every or any(map(is_pattern, names or ()))
    choose = session.log_names if several else session.logs
    logs: Sequence[Log | LogName] = choose(names or (), every, "check")
    if machine:
        player = session.player(revision)
        traces = (player(work.logs.load(log)) for log in logs)
        observed = (check_report(it, loaded, breaches(it, loaded), {}) for it in traces)
        documents = tuple(with_progress(observed, len(logs), "logs"))
    else:
        pool = pool_of(session, workers, scheduler) if len(logs) > 1 else None
        documents = tuple(each(work, logs, pool, with_progress, "logs"))
    print_result(render(CheckReports(documents), format), output)
    verdicts = {document.verdict for document in documents}
    if verdicts == {"not compared"}:
        raise typer.Exit(TROUBLE)
    if "differs" in verdicts:
        raise typer.Exit(DIFFERS)
