"""Opening, upgrading and locking the SQLite database."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from replay.errors import StoreError
from replay.files import shipped
from replay.store.tables import REVISION

BUSY_SECONDS = 30
"""How long to wait for another process that is writing."""

PAUSE = 0.01
"""How long to wait between two attempts where SQLite does not wait itself, in seconds."""

ADVICE = {
    "SQLITE_FULL": "make room and do it again: nothing of it was stored",
    "SQLITE_IOERR": "see to the disk, then to replay verify",
    "SQLITE_READONLY": "it can be read, but storing needs the right to write to it",
    "SQLITE_CANTOPEN": "see whether its directory is there and can be written to",
    "SQLITE_BUSY": "another program holds it: do it again when that is done",
    "SQLITE_CORRUPT": "replay verify tells what is damaged; go back to a backup",
    "SQLITE_NOTADB": "name another file with --db",
}
"""What to do about a failure, by the first words of SQLite's name for it."""


MAIN_FILE = "SELECT file FROM pragma_database_list WHERE name = 'main'"


class Database(NamedTuple):
    """An open database: its engine, where it is, and the revision it had (None: it is new).

    `file` is the path of its file and what stood there at opening; None in memory.
    """

    engine: Engine
    where: str
    found: str | None
    file: tuple[str, int] | None


def open_database(where: str | Path) -> Database:
    """Opens, makes or upgrades the database at a path or an sqlite URL.

    Raises ReplayError if it can't be opened, is not one of ours, or is newer than we are.
    """
    engine = connect_to(where)
    with failures(str(where)):
        with engine.connect() as connection:
            found = revision_of(connection)
        if found != REVISION:
            # Alembic takes longer to import than all else, and few openings need it.
            from replay.store.database import upgrade  # noqa: PLC0415

            with writing(engine) as connection:
                upgrade(connection, revision_of(connection))
        use_write_ahead_log(engine)
        with engine.connect() as connection:
            path = connection.exec_driver_sql(MAIN_FILE).scalar()
    return Database(engine, str(where), found, (path, inode(path)) if path else None)


def inode(path: str) -> int:
    """The number of the file that has this name now; 0 if none has."""
    try:
        return Path(path).stat().st_ino
    except OSError:
        return 0


def must_be_there(database: Database) -> None:
    """Raises ReplayError if the file no longer has its name, so that nobody will find it."""
    if database.file and inode(database.file[0]) != database.file[1]:
        raise StoreError(
            "the file was removed or replaced while it was open",
            where=database.where,
            do="do it again: what was stored meanwhile is lost",
        )


def connect_to(where: str | Path) -> Engine:
    """An engine whose connections are durable and strict; nothing is opened yet."""
    engine = create_engine(url_of(where), connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", set_up_connection)
    event.listen(engine, "begin", begin)
    return engine


def url_of(where: str | Path) -> URL:
    """The URL of a database given by a path or by a URL, which must be SQLite's."""
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except ArgumentError:
        raise StoreError("not the URL of a database", where=where) from None
    if url.drivername != "sqlite":
        raise StoreError(
            f"{url.drivername} is not supported", where=where, do="use sqlite:///PATH or a path"
        )
    return url


@contextmanager
def failures(where: str) -> Iterator[None]:
    """Makes a failure of the database a ReplayError that says what to do about it."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        what = f"the database fails: {cause}"
        raise StoreError(what, where=where, do=advice(cause)) from None


def advice(error: BaseException | None) -> str:
    """What to do about an error of SQLite; "" where nothing is known."""
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    return ADVICE.get(name, "")


def set_up_connection(connection: Any, _record: Any) -> None:
    """Settings that a connection does not keep; begin() then starts the transactions."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def begin(connection: Connection) -> None:
    """Starts a transaction: a writing one takes the lock at once, so that it can't fail later."""
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; it is undone if the block raises."""
    with engine.execution_options(begin="IMMEDIATE").begin() as connection:
        yield connection


def use_write_ahead_log(engine: Engine) -> None:
    """Lets readers and a writer work at a time; the file keeps this.

    SQLite waits for others everywhere but here, where it says at once that they are there.
    """
    connection = engine.raw_connection()
    try:
        for turn in range(int(BUSY_SECONDS / PAUSE), -1, -1):
            if switched(connection.cursor(), last_turn=not turn):
                return
            sleep(PAUSE)
    finally:
        connection.close()


def switched(cursor: Any, last_turn: bool) -> bool:
    """Whether the database now has a write-ahead log; at the last turn it must."""
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if last_turn or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def revision_of(connection: Connection) -> str | None:
    """The revision of the tables, None in an empty database; ReplayError if it is not ours."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise StoreError(
            "a database, but not one of replay", where=connection.engine.url.database or ""
        )
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(connection: Connection, found: str | None) -> None:
    """Brings the tables from revision `found` to today's, in the connection's transaction.

    Raises ReplayError if `found` is not in our history: then the database is newer.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    history = ScriptDirectory.from_config(config).walk_revisions()
    if found is not None and found not in {script.revision for script in history}:
        raise StoreError(
            f"the database is newer than this program, its revision is {found}",
            where=connection.engine.url.database or "",
            do="upgrade replay",
        )
    command.upgrade(config, "head")
