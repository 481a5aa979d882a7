"""replay import, logs, log and export."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from replay.cli import arguments, import_summary, listings
from replay.cli.app import TROUBLE, app, print_error, print_result
from replay.cli.commands.record import end as finish_recording
from replay.cli.completion import complete_logs
from replay.cli.interrupts import Interrupted
from replay.cli.options import LogWord, OutputFile, format_option
from replay.cli.progress_bar import is_interactive, with_progress
from replay.cli.session import Session, report_renamed
from replay.cli.terminal import print_note
from replay.engine.diff import diff
from replay.errors import ReplayError
from replay.files import deliver
from replay.formats.batch import Attempt, files_in, read_batch
from replay.formats.following import drive_lines
from replay.formats.following import follow as follow_growing
from replay.formats.packing import Source, sources
from replay.formats.read import ImportOptions, Recording, read_all
from replay.formats.reader import log_name
from replay.formats.readers.recognition import FORMATS
from replay.formats.recording import display_name
from replay.reports.documents.common import LogReport
from replay.reports.rendering import OutputFormat, render
from replay.store.event_store import EventStore
from replay.store.unfinished import append, begin, unfinished
from replay.variants.subject import Subject


@app.command("import")
def import_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE|DIR|-...")],
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
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Store nothing if one file can't be read.")
    ] = False,
    show_removed: Annotated[
        bool, typer.Option("--show-removed", help="Say where secrets stood, not what they were.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Read on while the file grows, until interrupted.")
    ] = False,
) -> None:
    """Put recordings into the store.

    Files may be packed; directories stand for what is in them, - for standard input. What can be
    read is stored; what can't is named, and the exit status then is 2.
    """
    options = ImportOptions(format, log, monitor, tuple(drive or ()))
    if follow:
        if len(files) != 1:
            raise ReplayError("only one file can be followed", do="name one")
        with context.obj.store() as store:
            follow_file(store, files[0], options)
        return
    batch = attempts(list(files_in(files)), options, all_or_nothing)
    if dry_run:
        subject = context.obj.subject()
        each(batch, lambda recordings: show(recordings, subject, show_removed))
        return
    with context.obj.store() as store:
        each(batch, lambda recordings: keep(recordings, store, show_removed))


def follow_file(store: EventStore, file: Path, options: ImportOptions) -> None:
    """Stores the messages of a file as they come, and makes a log of them when it is interrupted.

    If it is killed instead, replay record --finish NAME makes the log.
    """
    name = options.name or log_name(display_name(file))
    begun = begin(store.database, name)
    try:
        keep = partial(append, store.database, begun.id)
        if options.drives:
            keep(list(drive_lines(options.drives)))
        for _ in follow_growing(file, options, keep):
            pass
    except Interrupted as signal:
        print_note(f"replay: followed until {signal}")
    except ReplayError:
        print_note("replay: what came before stays stored")
        finish_recording(store, name, None)
        raise
    finish_recording(store, name, None)


def attempts(
    paths: Sequence[Path], options: ImportOptions, all_or_nothing: bool
) -> Iterable[Attempt]:
    """What is read and stored by itself: each text, or all together."""
    if options.name is not None:
        return [Attempt(options.name, read_all(paths, options, counted_sources))]
    batch = read_batch(paths, options, counted_sources)
    if not all_or_nothing:
        return batch
    return [Attempt("", chain.from_iterable(attempt.recordings for attempt in batch))]


def each(batch: Iterable[Attempt], do: Callable[[Iterator[Recording]], None]) -> None:
    """Does something with the recordings of each text, and says which texts cannot be read.

    Raises the error of the only text; exits with trouble if one of several cannot be read.
    """
    count = 0
    failures: list[ReplayError] = []
    for attempt in batch:
        if count == len(failures) == 1:
            print_error(failures[0])
        count += 1
        try:
            do(attempt.recordings)
        except ReplayError as error:
            failures.append(error)
            if count > 1:
                print_error(error)
    if failures and count == 1:
        raise failures[0]
    if failures:
        print_note(f"replay: {len(failures)} of {count} could not be read, as said above")
        raise typer.Exit(TROUBLE)


def show(recordings: Iterator[Recording], subject: Subject, show_removed: bool) -> None:
    """Says what would be stored of the recordings."""
    for recording in recordings:
        print_result(import_summary.summary(recording, subject, show_removed))


def keep(recordings: Iterator[Recording], store: EventStore, show_removed: bool) -> None:
    """Stores the recordings, all or none, and says what became of them."""
    passed: list[Recording] = []
    results = store.add(remembered(recordings, passed))
    for stored, recording in zip(results, passed, strict=True):
        print_result(import_summary.stored(stored, recording, show_removed))


def counted_sources(path: Path) -> Iterator[Source]:
    """The texts in a file; on a terminal with how far their lines have been read."""
    if not (is_interactive() and path.is_file()):
        return sources(path)
    totals = [sum(1 for _ in source.lines) for source in sources(path)]
    return (
        source._replace(lines=iter(with_progress(source.lines, total, "lines")))
        for source, total in zip(sources(path), totals, strict=True)
    )


def remembered(recordings: Iterable[Recording], passed: list[Recording]) -> Iterator[Recording]:
    """The recordings, which are also put into a list; when they have passed they are empty."""
    for recording in recordings:
        passed.append(recording)
        yield recording


@app.command("logs")
def logs(context: typer.Context) -> None:
    """List the stored logs."""
    with context.obj.store() as store:
        print_result(listings.logs(store.logs()))
        for recording in unfinished(store.database):
            print_note(f"replay: {listings.unfinished(recording)}")


LogFormat = Annotated[OutputFormat, format_option("LogReport")]


@app.command("log")
def log(
    context: typer.Context,
    name: LogWord,
    source: Annotated[
        bool, typer.Option("--source", help="Each event's file and line too.")
    ] = False,
    format: LogFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Show one log's events."""
    with context.obj.store() as store:
        shown = arguments.open_log(store, name, report_renamed)
        print_result(render(LogReport(shown, source), format), output)


@app.command("export")
def export(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[LOG...]", autocompletion=complete_logs)
    ] = None,
    output: OutputFile = None,
    parquet: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Tables of events, steps and divergences instead."),
    ] = None,
    within: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="A..B", help="The variants of these tables."),
    ] = None,
) -> None:
    """Write logs in the native form, all by default."""
    if parquet is not None:
        export_tables(context.obj, names, within or (), parquet)
        return
    with context.obj.store() as store:
        lines = store.export(names or None)
        deliver(lines, output)


def export_tables(
    session: Session, names: Sequence[str] | None, words: Sequence[str], directory: Path
) -> None:
    """Writes events, and what the variants of these words did with them, as Parquet files."""
    from replay.reports.documents.tables.parquet import write_tables  # noqa: PLC0415, which needs an extra

    players = session.players(words)
    with session.store() as store:
        chosen = [info.name for info in store.logs(names or None)]
        logs = (store.load(name) for name in with_progress(chosen, len(chosen), "logs"))
        diffs = ((log, diff(*(play(log) for play in players))) for log in logs)
        write_tables(diffs, directory)
