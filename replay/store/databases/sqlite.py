"""SQLite as the store's database: how it is opened, locked, guarded, checked and copied.

The functions are those of `backend.Backend`.
"""

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError

from replay.errors import StoreError
from replay.store.databases.driver import BUSY_SECONDS, computes
from replay.store.schema import Addition, SchemaObject
from replay.store.url import without_password

NUMBERS_ONCE: dict[str, Any] = {"sqlite_autoincrement": True}
"""Makes a table give out no number twice, and remember those that it gave out."""

PAUSE = 0.01
"""How long to wait between two attempts where SQLite does not wait itself, in seconds."""

MOST_LINES = 1_000_000
"""More lines of SQLite's own check than it ever has to say."""

NOT_FOR_US = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
"""The errors by which SQLite refuses a write-ahead log in a directory that can't be written to."""

MAIN_FILE = "SELECT file FROM pragma_database_list WHERE name = 'main'"

ADVICE = {
    "SQLITE_FULL": "make room and do it again: nothing of it was stored",
    "SQLITE_IOERR": "see to the disk, then to replay verify",
    "SQLITE_READONLY": "it can be read, but storing needs the right to write to it",
    "SQLITE_CANTOPEN": "see whether its directory is there and can be written to",
    "SQLITE_BUSY": "another program holds it: do it again when that is done",
    "SQLITE_CORRUPT": "go back to a backup; replay verify names what is damaged, where it can",
    "SQLITE_NOTADB": "name another file with --db",
}
"""What to do about a failure, by the first words of SQLite's name for it."""

TRIGGER = """
CREATE TRIGGER {table}_no_{action} BEFORE {action} ON {table} {when}
BEGIN SELECT RAISE(ABORT, '{message}'); END
"""


def connect(where: str | Path) -> Engine:
    """An engine whose connections are durable and strict; nothing is opened yet.

    Raises StoreError if `where` is neither a path nor an sqlite URL.
    """
    return _engine(_url(where))


def connect_to_unwritable(where: str | Path, error: BaseException | None) -> Engine | None:
    """An engine that reads a file whose directory keeps SQLite from opening it as it does.

    None if that is not what the error says, or if a write-ahead log beside the file has what the
    file itself has not, or may be written to by somebody now.
    """
    file = file_named(where)
    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in NOT_FOR_US or file is None:
        return None
    try:
        if not file.is_file() or file.with_name(f"{file.name}-wal").exists():
            return None
    except OSError:
        return None
    query = {"immutable": "1", "uri": "true"}
    quoted = f"file:{quote(str(file.absolute()))}"
    return _engine(URL.create("sqlite", database=quoted, query=query))


def file_named(where: str | Path) -> Path | None:
    """The file that a path or a URL names; None for a database in memory or SQLite's own URI."""
    url = _url(where)
    if url.query or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def _engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _set_up_connection)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def begin_write(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write, which keeps other writers out; undone if the block raises."""
    with engine.execution_options(begin="IMMEDIATE").begin() as connection:
        yield connection


def let_readers_in(engine: Engine) -> None:
    """Lets readers and a writer work at the same time; the file keeps this.

    SQLite waits for others everywhere but here, where it fails at once while they are there.
    """
    connection = engine.raw_connection()
    try:
        for attempts_left in range(int(BUSY_SECONDS / PAUSE), -1, -1):
            if _uses_write_ahead_log(connection.cursor(), last_attempt=not attempts_left):
                return
            sleep(PAUSE)
    finally:
        connection.close()


def file_of(connection: Connection) -> Path | None:
    """The file that holds the database; None for one in memory."""
    path = connection.exec_driver_sql(MAIN_FILE).scalar()
    return Path(path) if path else None


def protect(
    connection: Connection, table: str, *actions: str, message: str, when: str = ""
) -> None:
    """Makes the database refuse DELETE or UPDATE of a table's rows, with this message.

    `when` is a condition in SQL on the row, which is called OLD there.
    """
    for action in actions:
        condition = f"WHEN {when}" if when else ""
        statement = TRIGGER.format(table=table, action=action, when=condition, message=message)
        connection.exec_driver_sql(statement)


def unprotect(connection: Connection, table: str, *actions: str) -> None:
    """Takes back what `protect` did."""
    for action in actions:
        connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{action}")


def protections(connection: Connection, guards: Mapping[str, str]) -> set[str]:
    """Which of the guards stand as `protect` made them; each is TABLE_no_ACTION with its `when`."""
    return {
        str(row.name)
        for row in schema(connection)
        if row.kind == "trigger" and _protects(row, guards)
    }


def schema(connection: Connection) -> list[SchemaObject]:
    """What the database says is in it."""
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master"
    return [SchemaObject(*row) for row in connection.exec_driver_sql(query)]


def additions(
    connection: Connection, tables: Collection[str], guards: Mapping[str, str]
) -> list[Addition]:
    """What in the database is neither a plain table nor a guard, and could run when it is used.

    A view, a trigger or an index of others, and a table of ours that computes something. Finding
    them runs none of it.
    """
    found = []
    for row in schema(connection):
        name = str(row.name)
        if row.kind == "table":
            if name in tables and computes(str(row.sql)):
                found.append(Addition("computed part of the table", name))
        elif row.kind == "index":
            if row.sql is not None and row.table in tables:
                found.append(Addition("index", name))
        elif not _protects(row, guards):
            found.append(Addition(str(row.kind), name))
    return found


def _protects(row: SchemaObject, guards: Mapping[str, str]) -> bool:
    """Whether a trigger is one of the guards, word for word but for its message."""
    when = guards.get(str(row.name))
    if when is None:
        return False
    table, action = str(row.name).split("_no_")
    made = TRIGGER.format(
        table=table, action=action, when=f"WHEN {when}" if when else "", message="\0"
    )
    form = re.escape(" ".join(made.split())).replace("\0", "[^']*")
    return row.kind == "trigger" and bool(re.fullmatch(form, " ".join(str(row.sql).split())))


def check_file(connection: Connection) -> Iterator[str]:
    """What the database's own check finds, as sentences: damage, rows that belong to nothing."""
    try:
        for (line,) in connection.exec_driver_sql(f"PRAGMA integrity_check({MOST_LINES})"):
            if line != "ok":
                yield str(line)
    except DBAPIError as error:
        yield str(error.orig)
    for _, position, *_ in connection.exec_driver_sql("PRAGMA foreign_key_check(observations)"):
        yield f"the observation at position {position} is of no log that is here"
    for _, row, *_ in connection.exec_driver_sql("PRAGMA foreign_key_check(messages)"):
        yield f"the message in row {row} is of no recording that is here"


def remember_positions(_connection: Connection) -> None:
    """NUMBERS_ONCE does it."""


def forget_positions(_connection: Connection) -> None:
    """They go with their table."""


def numbers_given_out(connection: Connection, table: str) -> object:
    """The highest number that a row ever had, also of those that are gone; 0 if none had one.

    It is an integer in a database to which nobody did anything.
    """
    query = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
    number: object = connection.scalar(query, {"table": table})
    return 0 if number is None else number


@contextmanager
def undecodable_as_bytes(connection: Connection) -> Iterator[None]:
    """Gives a text that is no longer UTF-8 as bytes, so that the rows behind it can be read."""
    driver: Any = connection.connection.driver_connection
    driver.text_factory = _decoded
    try:
        yield
    finally:
        driver.text_factory = str


def rows_of(
    connection: Connection, statement: str, parameters: tuple[Any, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """The rows of a query as the driver gives them, for many rows of which little is wanted.

    SQLAlchemy's own rows take several times as long as reading them does.
    """
    driver: Any = connection.connection.driver_connection
    cursor: Iterator[tuple[Any, ...]] = driver.execute(statement, parameters)
    return cursor


def insert_rows(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Inserts rows of values in the order of the columns, as the driver takes them; likewise."""
    driver: Any = connection.connection.driver_connection
    marks = ", ".join("?" * len(columns))
    driver.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def copy(engine: Engine, target: Path) -> bool:
    """Copies the database as it is at one moment to an empty file.

    SQLite's online backup in one step reads one state, and keeps no writer waiting.
    """
    source = engine.raw_connection()
    try:
        driver: Any = source.driver_connection
        with closing(sqlite3.connect(target)) as made:
            # The copy is whole or thrown away, and needs no journal, which would be a second file.
            made.execute("PRAGMA journal_mode = OFF")
            driver.backup(made)
    finally:
        source.close()
    return True


def reason(error: BaseException | None) -> str:
    """What an error of the driver says, in one line."""
    return "it is damaged" if isinstance(error, UnicodeDecodeError) else str(error)


def advice(error: BaseException | None) -> str:
    """What to do about an error of the driver; "" where there is no advice."""
    if isinstance(error, UnicodeDecodeError):
        return ADVICE["SQLITE_CORRUPT"]
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    return ADVICE.get(name, "")


def _url(where: str | Path) -> URL:
    """The URL of a database given by a path or by a URL, which must be SQLite's."""
    if not str(where).strip() or "\0" in str(where):
        raise StoreError("the name of the database is empty or no name", do="say --db FILE")
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except ArgumentError:
        raise StoreError("not the URL of a database", where=without_password(where)) from None
    if url.drivername != "sqlite":
        raise StoreError(
            f"{url.drivername} is not supported",
            where=without_password(where),
            do="use a path, sqlite:///PATH or postgresql://HOST/DATABASE",
        )
    return url


def _set_up_connection(connection: Any, _record: Any) -> None:
    """Settings that a connection does not keep; _begin then starts the transactions."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    """Starts a transaction: a writing one takes the lock at once, so that it can't fail later."""
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _uses_write_ahead_log(cursor: Any, last_attempt: bool) -> bool:
    """Whether the database now has a write-ahead log; at the last attempt it must."""
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if last_attempt or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _decoded(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
