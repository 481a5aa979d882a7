"""replay conform."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from replay.cli import arguments
from replay.cli.app import DIFFERS, app, print_result
from replay.cli.options import FormatOption, OutputFile, OutputFormat
from replay.cli.players import player_of
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session, report_renamed
from replay.cli.terminal import Printable
from replay.errors import ReplayError
from replay.files import shipped
from replay.qemu.conformance import Conformance, agreements, conformance, open_recordings, plan
from replay.qemu.conformance.with_recording import RecordingAgreement, compare_with_recording
from replay.qemu.observed.recorded import recorded
from replay.reports import conformance as report

OBSERVED: Mapping[
    OutputFormat, Callable[[Sequence[RecordingAgreement], report.Bits], Printable]
] = {
    OutputFormat.TEXT: report.recording_text,
    OutputFormat.JSON: report.recording_json,
}
FORMATS: Mapping[OutputFormat, Callable[[Conformance, bool], Printable]] = {
    OutputFormat.TEXT: report.text,
    OutputFormat.JSON: report.json,
}


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
    format: FormatOption = OutputFormat.TEXT,
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
    print_result(FORMATS[format](told, verbose), output)
    if told.disagreeing:
        raise typer.Exit(DIFFERS)


def with_recording(
    session: Session, word: str, at: str | None, format: OutputFormat, output: Path | None
) -> None:
    """Compares replays of recordings with what these saw themselves; as conform does."""
    subject = session.subject()
    players = [player_of(session, at) for at in ([at] if at else subject.config.variants)]
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
    print_result(OBSERVED[format](found, subject.config.bits), output)
    if not all(one.whole for one in found):
        raise typer.Exit(DIFFERS)
