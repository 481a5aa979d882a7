"""replay verify, backup and migrate."""

from pathlib import Path
from typing import Annotated

import typer

from replay.cli import listings
from replay.cli.app import DIFFERS, app, print_result
from replay.cli.completion import complete_logs
from replay.cli.progress_bar import with_progress
from replay.reports.text.page import listing
from replay.store.backup import backup
from replay.store.verify import verify


@app.command("verify")
def verify_logs(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[LOG...]", autocompletion=complete_logs)
    ] = None,
) -> None:
    """Look for events and logs that changed since they were stored; exit with 1 if there are."""
    with context.obj.database(suspect=True) as store:
        count = 0
        for finding in verify(store.database, names or (), with_progress):
            print_result(listings.finding(finding))
            count += 1
        end = listings.damage(count) if count else listings.intact(store.logs(names or None))
        print_result(end)
    if count:
        raise typer.Exit(DIFFERS)


@app.command("backup")
def back_up(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Copy the database to a new file, while others may write to it."""
    with context.obj.database() as store:
        backup(store.database, file)
    print_result(listing([f"the database {context.obj.db} is copied to {file}"]))


@app.command("migrate")
def migrate(context: typer.Context) -> None:
    """Bring the database to the form of this version."""
    with context.obj.store() as store:
        revision = store.database.revision
    text = f"the database {context.obj.db} is up to date, it was {revision or 'new'}"
    print_result(listing([text]))
