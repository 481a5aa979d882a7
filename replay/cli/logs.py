"""Commands on the store: what is recorded goes in, and comes out."""

from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from replay import arguments, ingest, listings
from replay.cli.app import LogWord, Output, app, emit, notify
from replay.errors import ReplayError
from replay.output import deliver


@app.command("import")
def import_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    log: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    format: Annotated[str | None, typer.Option(metavar="FORMAT")] = None,
) -> None:
    """Put recordings into the store."""
    if log is not None and len(files) > 1:
        raise ReplayError("--log names one log, but there are several files")
    recordings = chain.from_iterable(ingest.read(file, format, log) for file in files)
    with context.obj.store() as store:
        for stored in store.add(recordings):
            emit(f"{listings.stored(stored)}\n")


@app.command()
def logs(context: typer.Context) -> None:
    """List the stored logs."""
    with context.obj.store() as store:
        emit(listings.logs(store.logs()))


@app.command()
def log(context: typer.Context, name: LogWord) -> None:
    """Show one log's events."""
    with context.obj.store() as store:
        emit(listings.log(arguments.open_log(store, name, notify)))


@app.command()
def export(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[LOG...]")] = None,
    output: Output = None,
) -> None:
    """Write logs in the native form, all by default."""
    with context.obj.store() as store:
        deliver(store.export(names or None), output)
