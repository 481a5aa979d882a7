"""Opening and upgrading the database, and telling its failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from replay.errors import StoreError
from replay.files import shipped
from replay.store.databases.backend import backend_of, database_errors
from replay.store.tables import GUARDS, TABLES
from replay.store.url import without_password
from replay.store.values import REVISION

if TYPE_CHECKING:
    from alembic.config import Config


class Database(NamedTuple):
    """An open database: its engine, where it is, and the revision it had (None: it is new).

    `where` can be printed: it has no password.
    `file` is the path of its file and the inode that stood there at opening; None if it has none.
    """

    engine: Engine
    where: str
    revision: str | None
    file: tuple[Path, int] | None


def open_database(where: str | Path, *, make: bool = True, suspect: bool = False) -> Database:
    """Opens, makes or upgrades the database at a path or a URL.

    Without `make` it must be there already. One to which somebody added what could run is refused;
    with `suspect` it is opened as it is, to be looked at. Raises StoreError if it can't be opened,
    is not one of ours, or is newer than we are.
    """
    backend, shown = backend_of(where), without_password(where)
    with failures(shown):
        if not make:
            must_exist(where)
        engine, writable = connect(where)
        with engine.connect() as connection:
            revision = revision_of(connection, shown)
            suspicious = bool(backend.additions(connection, TABLES, GUARDS))
            path = backend.file_of(connection)
        if revision is not None and revision != REVISION:
            must_be_known(revision, shown)
        if suspicious and not suspect:
            raise StoreError(
                "somebody added to the database what could run when it is used",
                where=shown,
                do="replay verify names it; drop it, or go back to a backup",
            )
        if not suspicious and revision != REVISION:
            with backend.begin_write(engine) as connection:
                upgrade(connection)
        if not suspicious and writable:
            backend.let_readers_in(engine)
    return Database(engine, shown, revision, (path, inode(path)) if path else None)


def connect(where: str | Path) -> tuple[Engine, bool]:
    """An engine that has opened the database once, and whether it may write to it."""
    backend = backend_of(where)
    engine = backend.connect(where)
    try:
        with engine.connect() as connection:
            backend.schema(connection)
    except DBAPIError as error:
        reader = backend.connect_to_unwritable(where, error.orig)
        if reader is None:
            raise
        return reader, False
    return engine, True


def must_exist(where: str | Path) -> None:
    """Raises StoreError if a path or URL names a file in which there is nothing."""
    file = backend_of(where).file_named(where)
    try:
        empty = file is not None and not file.stat().st_size
    except OSError:
        empty = True
    if empty:
        raise StoreError(
            "no database is there",
            where=without_password(where),
            do="name the one that is meant with --db",
        )


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


def revision_of(connection: Connection, where: str) -> str | None:
    """The revision of the tables, None in an empty database; StoreError if it is not ours."""
    names = {row.name: row.kind for row in backend_of(connection).schema(connection)}
    if not names:
        return None
    if names.get("alembic_version") != "table":
        raise StoreError("a database, but not one of replay", where=where)
    query = text("SELECT version_num FROM alembic_version LIMIT 1")
    revision: object = connection.scalar(query)
    if not isinstance(revision, str | None):
        raise StoreError(
            "the database has lost its revision", where=where, do="go back to a backup"
        )
    return revision


def must_be_known(revision: str, where: str) -> None:
    """Raises StoreError if a revision is not in our history: then the database is newer."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    history = ScriptDirectory.from_config(migrations()).walk_revisions()
    if revision not in {script.revision for script in history}:
        raise StoreError(
            f"the database is newer than this program, its revision is {revision}",
            where=where,
            do="upgrade replay",
        )


def upgrade(connection: Connection) -> None:
    """Brings the tables to today's revision, in the connection's transaction."""
    from alembic import command  # noqa: PLC0415

    config = migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def migrations() -> "Config":
    """Where the steps from one revision to the next are."""
    # Alembic takes longer to import than all else, and few openings need it.
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
