"""replay conform."""

from pathlib import Path
from typing import Annotated

import typer

from replay.cli import arguments
from replay.cli.app import DIFFERS, app, print_result
from replay.cli.options import OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session, report_renamed
from replay.cli.work.pools import Scheduler, Workers, pool_of
from replay.errors import ReplayError
from replay.files import shipped
from replay.qemu.conformance import agreements, conformance, open_recordings, plan
from replay.qemu.conformance.with_recording import compare_with_recording
from replay.qemu.observed.recorded import recorded
from replay.reports.documents.conform import ConformReport, RecordingReport
from replay.reports.rendering import OutputFormat, RenderOptions, render

ReportFormat = Annotated[OutputFormat, format_option("ConformReport", "RecordingReport")]


@app.command("conform")
def conform(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR|LOG", help="With logs/ and expected/; or a recording.")
    ],
    revision: Annotated[
        str | None, typer.Option("--at", metavar="REV", help="Default: all trees.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Each disagreement's recorded step too.")
    ] = False,
    workers: Workers = "auto",
    scheduler: Scheduler = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Compare replays with recordings of the real program; exit with 1 if they disagree."""
    session: Session = context.obj
    if not directory.is_dir():
        with_recording(session, str(directory), revision, format, output)
        return
    patches = session.patches or shipped("patches")
    work = plan(open_recordings(directory), patches, session.named, revision)
    pool = pool_of(session, workers, scheduler)
    result = conformance(work, agreements(work.tasks, pool, with_progress))
    options = RenderOptions(details=verbose)
    print_result(render(ConformReport(result), format, options), output)
    if result.disagreeing:
        raise typer.Exit(DIFFERS)


def with_recording(
    session: Session, word: str, revision: str | None, format: OutputFormat, output: Path | None
) -> None:
    """Compares replays of recordings with what these observed; as conform does."""
    subject = session.subject()
    expressions = [revision] if revision else list(subject.config.default_variants)
    players = [session.player(expression) for expression in expressions]
    with session.store() as store:
        logs = list(arguments.open_logs(store, word, report_renamed))
    results = [
        compare_with_recording(observed, player(log))
        for log in logs
        for observed in [recorded(log, subject)]
        for player in players
    ]
    if not any(result.looks or result.replies for result in results):
        do = "name a log that was imported from a recording"
        raise ReplayError("no look and no reply was recorded", where=word, do=do)
    report = RecordingReport(tuple(results), subject.config.bits)
    print_result(render(report, format), output)
    if not all(result.whole for result in results):
        raise typer.Exit(DIFFERS)
