"""replay conform."""

from pathlib import Path
from typing import Annotated

import typer

from replay.cli import arguments
from replay.cli.app import DIFFERS, app, print_result
from replay.cli.options import OutputFile, format_option
from replay.cli.players import player_of
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session, report_renamed
from replay.errors import ReplayError
from replay.files import shipped
from replay.qemu.conformance import agreements, conformance, open_recordings, plan
from replay.qemu.conformance.with_recording import compare_with_recording
from replay.qemu.observed.recorded import recorded
from replay.reports.documents.conform import ConformReport, RecordingReport
from replay.reports.rendering import OutputFormat, RenderOptions, render

ReportFormat = Annotated[OutputFormat, format_option(ConformReport, RecordingReport)]


@app.command()
def conform(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR|LOG", help="With logs/ and expected/; or a recording.")
    ],
    at: Annotated[str | None, typer.Option(metavar="REV", help="Default: all trees.")] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Each disagreement's recorded step too.")
    ] = False,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Compare replays with recordings of the real program; exit with 1 if they disagree."""
    session: Session = context.obj
    if not directory.is_dir():
        with_recording(session, str(directory), at, format, output)
        return
    patches = session.patches or shipped("patches")
    work = plan(open_recordings(directory), patches, session.named, at)
    found = with_progress(agreements(work.tasks), len(work.tasks), "logs")
    told = conformance(work, found)
    options = RenderOptions(details=verbose)
    print_result(render(ConformReport(told), format, options), output)
    if told.disagreeing:
        raise typer.Exit(DIFFERS)


def with_recording(
    session: Session, word: str, at: str | None, format: OutputFormat, output: Path | None
) -> None:
    """Compares replays of recordings with what these saw themselves; as conform does."""
    subject = session.subject()
    words = [at] if at else list(subject.config.default_variants)
    players = [player_of(session, word) for word in words]
    with session.store() as store:
        logs = list(arguments.open_logs(store, word, report_renamed))
    found = [
        compare_with_recording(witness, player(log))
        for log in logs
        for witness in [recorded(log, subject)]
        for player in players
    ]
    if not any(one.looks or one.replies for one in found):
        do = "name a log that was imported from a recording"
        raise ReplayError("no look and no reply was recorded", where=word, do=do)
    report = RecordingReport(tuple(found), subject.config.bits)
    print_result(render(report, format), output)
    if not all(one.whole for one in found):
        raise typer.Exit(DIFFERS)
