"""The command that holds the model against recordings of the real program."""

from pathlib import Path
from typing import Annotated

import typer

from replay.cli.app import DIFFERS, Output, Session, app, emit
from replay.cli.progress import watched
from replay.cli.replays import Format, FormatOption
from replay.conform import agreements, conformance, open_recordings, plan
from replay.report import conformance as report
from replay.shipped import shipped

FORMATS = {Format.TEXT: report.text, Format.JSON: report.json}


@app.command()
def conform(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="With logs/ and expected/.")],
    at: Annotated[str | None, typer.Option(metavar="REV", help="Default: all trees.")] = None,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Each disagreement's recorded step too.")
    ] = False,
    format: FormatOption = Format.TEXT,
    output: Output = None,
) -> None:
    """Compare replays with recordings of the real program; exit with 1 if they disagree."""
    session: Session = context.obj
    patches = session.patches or shipped("patches")
    work = plan(open_recordings(directory), patches, session.named, at)
    found = watched(agreements(work.tasks), len(work.tasks), "logs")
    told = conformance(work, found)
    emit(FORMATS[format](told, verbose), output)
    if told.disagreeing:
        raise typer.Exit(DIFFERS)
