"""Opening and upgrading the database, and telling its failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from replay.errors import StoreError
from replay.files import shipped
from replay.store.backend import backend_of, database_errors
from replay.store.tables import REVISION
from replay.store.url import without_password


class Database(NamedTuple):
    """An open database: its engine, where it is, and the revision it had (None: it is new).

    `where` can be printed: it has no password.
    `file` is the path of its file and the inode that stood there at opening; None if it has none.
    """

    engine: Engine
    where: str
    revision: str | None
    file: tuple[Path, int] | None


def open_database(where: str | Path) -> Database:
    """Opens, makes or upgrades the database at a path or a URL.

    Raises StoreError if it can't be opened, is not one of ours, or is newer than we are.
    """
    backend, shown = backend_of(where), without_password(where)
    engine = backend.connect(where)
    with failures(shown):
        with engine.connect() as connection:
            revision = revision_of(connection)
        if revision != REVISION:
            with backend.begin_write(engine) as connection:
                upgrade(connection, revision_of(connection))
        backend.let_readers_in(engine)
        with engine.connect() as connection:
            path = backend.file_of(connection)
    return Database(engine, shown, revision, (path, inode(path)) if path else None)


def inode(path: Path) -> int:
    """The number of the file that has this name now; 0 if none has."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def must_be_there(database: Database) -> None:
    """Raises StoreError if the file no longer has its name: what was stored can't be found."""
    if database.file and inode(database.file[0]) != database.file[1]:
        raise StoreError(
            "the file was removed or replaced while it was open",
            where=database.where,
            do="do it again: what was stored meanwhile is lost",
        )


@contextmanager
def failures(where: str) -> Iterator[None]:
    """Makes a failure of the database a StoreError that says what to do about it."""
    try:
        yield
    except database_errors() as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        backend = backend_of(where)
        what = f"the database fails: {backend.reason(cause)}"
        raise StoreError(what, where=where, do=backend.advice(cause)) from None


@contextmanager
def writing(database: Database) -> Iterator[Connection]:
    """A transaction that may write, which keeps other writers out; undone if the block raises.

    Raises StoreError if the database fails.
    """
    begin_write = backend_of(database.engine).begin_write
    with failures(database.where), begin_write(database.engine) as connection:
        yield connection


def revision_of(connection: Connection) -> str | None:
    """The revision of the tables, None in an empty database; StoreError if it is not ours."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StoreError(
            "a database, but not one of replay", where=connection.engine.url.database or ""
        )
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def upgrade(connection: Connection, revision: str | None) -> None:
    """Brings the tables from this revision to today's, in the connection's transaction.

    Raises StoreError if it is not in our history: then the database is newer.
    """
    # Alembic takes longer to import than all else, and few openings need it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    history = ScriptDirectory.from_config(config).walk_revisions()
    if revision is not None and revision not in {script.revision for script in history}:
        raise StoreError(
            f"the database is newer than this program, its revision is {revision}",
            where=connection.engine.url.database or "",
            do="upgrade replay",
        )
    command.upgrade(config, "head")
