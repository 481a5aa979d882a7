"""Copying the database while others write to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from replay.errors import ReplayError, StoreError
from replay.files import file_beside
from replay.store import backend
from replay.store.database import Database
from replay.store.driver import DriverError


def backup(database: Database, target: Path) -> None:
    """Copies the database as it is at one moment to a new file, which appears when it is whole.

    Raises ReplayError if the file exists already or can't be written.
    """
    target = target.absolute()
    if target.exists():
        raise taken(target)
    with failing(target), file_beside(target) as beside:
        backend.copy(database.engine, beside)
        appear(beside, target)


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
    except (OSError, *DriverError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"the backup can't be made: {reason}", where=str(target)) from None
