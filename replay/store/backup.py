"""Copying the database while others write to it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from replay.errors import ReplayError, StoreError
from replay.store.database import Database


def backup(database: Database, target: Path) -> None:
    """Copies the database as it is at one moment to a new file, which appears when it is whole.

    Raises ReplayError if the file exists already or can't be written.
    """
    target = target.absolute()
    if target.exists():
        raise taken(target)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    with failing(target):
        try:
            copy(database, beside)
            appear(beside, target)
        finally:
            beside.unlink(missing_ok=True)


def copy(database: Database, target: Path) -> None:
    """SQLite's online backup, in one step: it reads one state, and keeps no writer waiting."""
    source = database.engine.raw_connection()
    try:
        driver: Any = source.driver_connection
        with closing(sqlite3.connect(target)) as made:
            driver.backup(made)
    finally:
        source.close()


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
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"the backup can't be made: {reason}", where=str(target)) from None
