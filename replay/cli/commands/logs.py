"""replay import, logs, log and export."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from replay.cli import arguments, import_summary, listings
from replay.cli.app import app, print_result
from replay.cli.options import LogWord, OutputFile
from replay.cli.progress_bar import is_interactive, with_progress
from replay.cli.session import report_renamed
from replay.cli.terminal import print_note
from replay.files import deliver
from replay.formats.read import FORMATS, ImportOptions, Recording, read_all
from replay.formats.recording import InputLine, read_lines
from replay.reports.json.common import escaped
from replay.store.unfinished import unfinished


@app.command("import")
def import_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    log: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The log's name; several files then make one log."),
    ] = None,
    format: Annotated[
        str | None, typer.Option(metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")
    ] = None,
    monitor: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which of several machines in a file.")
    ] = None,
    drive: Annotated[
        list[str] | None,
        typer.Option(metavar="OPTIONS", help="A drive of the start, as -drive has it, with size=."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
) -> None:
    """Put recordings into the store."""
    options = ImportOptions(format, log, monitor, tuple(drive or ()))
    if dry_run:
        subject = context.obj.subject()
        for recording in read_all(files, options):
            print_result(import_summary.summary(recording, subject))
        return
    recordings: list[Recording] = []
    with context.obj.store() as store:
        results = store.add(remembered(read_all(files, options, lines), recordings))
    for stored, recording in zip(results, recordings, strict=True):
        print_result(import_summary.stored(stored, recording))


def lines(file: Path) -> Iterator[InputLine]:
    """The lines of a file; on a terminal with how far they have been read."""
    if not (is_interactive() and file.is_file()):
        return read_lines(file)
    return iter(with_progress(read_lines(file), sum(1 for _ in read_lines(file)), "lines"))


def remembered(recordings: Iterable[Recording], passed: list[Recording]) -> Iterator[Recording]:
    """The recordings, which are also put into a list; when they have passed they are empty."""
    for recording in recordings:
        passed.append(recording)
        yield recording


@app.command()
def logs(context: typer.Context) -> None:
    """List the stored logs."""
    with context.obj.store() as store:
        print_result(listings.logs(store.logs()))
        for recording in unfinished(store.database):
            print_note(f"replay: {listings.unfinished(recording)}")


@app.command()
def log(context: typer.Context, name: LogWord) -> None:
    """Show one log's events."""
    with context.obj.store() as store:
        print_result(listings.log(arguments.open_log(store, name, report_renamed)))


@app.command()
def export(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[LOG...]")] = None,
    output: OutputFile = None,
) -> None:
    """Write logs in the native form, all by default."""
    with context.obj.store() as store:
        lines = store.export(names or None)
        deliver((escaped(line.decode()).encode() for line in lines), output)
