"""Copying the database while others write to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, select

from replay.errors import ReplayError, StoreError
from replay.files import file_beside
from replay.store.database import Database, open_database
from replay.store.databases.backend import backend_of, database_errors
from replay.store.event_store import CHUNK
from replay.store.tables import metadata


def backup(database: Database, target: Path) -> None:
    """Copies the database as it is at one moment to a new file, which appears when it is whole.

    The copy of a database that is in no file of its own is a file with the same rows.
    Raises ReplayError if the file exists already or can't be written.
    """
    target = target.absolute()
    if target.exists():
        raise taken(target)
    with failing(target), file_beside(target) as beside:
        if not backend_of(database.engine).copy(database.engine, beside):
            copy_rows(database.engine, beside)
        appear(beside, target)


def copy_rows(engine: Engine, target: Path) -> None:
    """Writes all rows, with their numbers and checksums, to a new database in a file."""
    copy = open_database(target)
    try:
        writer = backend_of(copy.engine)
        with engine.connect() as source, writer.begin_write(copy.engine) as connection:
            for table in metadata.sorted_tables:
                rows = source.execute(select(table).execution_options(yield_per=CHUNK))
                for chunk in rows.partitions():
                    writer.insert_rows(connection, table.name, [*rows.keys()], map(tuple, chunk))
    finally:
        copy.engine.dispose()


def appear(beside: Path, target: Path) -> None:
    """Gives the file its name for good, which it takes from no other file."""
    try:
        target.hardlink_to(beside)
    except FileExistsError:
        raise taken(target) from None
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def taken(target: Path) -> ReplayError:
    """The refusal to overwrite."""
    return StoreError("exists already", where=str(target), do="name another file, or remove it")


@contextmanager
def failing(target: Path) -> Iterator[None]:
    """Makes a failure to copy a ReplayError."""
    errors: tuple[type[Exception], ...] = (OSError, *database_errors())
    try:
        yield
    except errors as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"the backup can't be made: {reason}", where=str(target)) from None
