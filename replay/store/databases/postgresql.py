"""PostgreSQL as the store's database: how it is opened, locked, guarded, checked and filled.

The functions are those of `backend.Backend`. The driver is an extra, so it is imported when it is
needed.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Dialect,
    Engine,
    Text,
    TypeDecorator,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError

from replay.errors import StoreError, Unavailable
from replay.store.schema import Addition, SchemaObject

SCHEMES = ("postgresql:", "postgres:", "postgresql+psycopg:")
"""What a URL of this database begins with."""

WRITERS = 7_308_324_466_020_704_889
"""The advisory lock that a writer has: "replay" in ASCII and more, which nothing else takes."""

GUARD = """
CREATE OR REPLACE FUNCTION "{table}_no_{action}"() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  IF {when} THEN RAISE integrity_constraint_violation USING MESSAGE = '{message}'; END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER "{table}_no_{action}" BEFORE {action} ON {table}
FOR EACH {each} EXECUTE FUNCTION "{table}_no_{action}"();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER "{table}_no_{action}";
REVOKE {action} ON {table} FROM CURRENT_USER;
"""
"""A trigger that stops everyone, and a right that not even the owner keeps."""

UNGUARD = """
DROP TRIGGER "{table}_no_{action}" ON {table};
DROP FUNCTION "{table}_no_{action}"();
GRANT {action} ON {table} TO CURRENT_USER;
"""

TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
"""

TRIGGERS = """
SELECT tgname, prosrc, tgenabled::text FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
"""

RULES = "SELECT rulename FROM pg_rules WHERE schemaname = current_schema()"

OWN_TRIGGERS = (
    "remember_positions",
    *(f"positions_no_{action}" for action in ("DELETE", "TRUNCATE", "UPDATE")),
)
"""Those that no guard of all databases is."""

REMEMBER_POSITIONS = """
CREATE TABLE positions (last bigint PRIMARY KEY);
CREATE FUNCTION remember_positions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO positions SELECT max(position) FROM added HAVING count(*) > 0;
  RETURN NULL;
END $$;
CREATE TRIGGER remember_positions AFTER INSERT ON events
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION remember_positions();
ALTER TABLE events ENABLE ALWAYS TRIGGER remember_positions;
"""

FORGET_POSITIONS = """
DROP TRIGGER remember_positions ON events;
DROP FUNCTION remember_positions();
DROP TABLE positions;
"""

LOST_OBSERVATIONS = """
SELECT position FROM observations
WHERE NOT EXISTS (SELECT 1 FROM logs WHERE logs.id = observations.log) ORDER BY position
"""

LOST_MESSAGES = """
SELECT number, recording FROM messages
WHERE NOT EXISTS (SELECT 1 FROM recordings WHERE recordings.id = messages.recording)
ORDER BY recording, number
"""

AS_THEY_STAND = """
SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off;
SET LOCAL enable_bitmapscan = off;
"""
"""Makes what follows in a transaction read the rows of a table, which no index can feign."""

NUL_FORM = {"\0": "\uffff0", "\uffff": "\uffff1"}
"""How a text has the one character that a text can't have there, and how its escape."""

MAY_HAVE_NUL = ("channel", "name", "origin_file", "line")
"""The columns with such texts; those with JSON have its own escapes."""

ADVICE = {
    "42501": "it can be read, but this needs more rights: ask its owner",
    "25006": "it is read-only: name the server that may be written to",
    "53": "the server lacks room or connections: see to that, and do it again",
    "57P": "do it again when the server is back: what was not reported as stored is not",
    "08": "do it again when the server is back: what was not reported as stored is not",
    "XX": "its files are damaged: see the server's log, and go back to a backup",
}
"""What to do about a failure, by how its SQLSTATE begins."""

NO_CONNECTION = (
    "see whether the server runs, has this database and lets you in; the password comes from"
    " PGPASSWORD or ~/.pgpass"
)


class TextWithNul(TypeDecorator[str]):
    """A text with any character, sorted by their numbers."""

    impl = Text(collation="C")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it is stored."""
        stored: str | None = _escaped(value)
        return stored

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The text as it was. What is damaged stays bytes."""
        if not isinstance(value, str) or "\uffff" not in value:
            return value
        return re.sub("\uffff[01]", lambda match: "\0" if match[0][1] == "0" else "\uffff", value)


def connect(where: str | Path) -> Engine:
    """An engine whose reading transactions each see one state; nothing is opened yet."""
    try:
        import psycopg  # noqa: F401, PLC0415
    except ImportError:
        raise Unavailable(
            "PostgreSQL needs the library psycopg", do="pip install 'replay[postgresql]'"
        ) from None
    engine = create_engine(
        _url(str(where)),
        isolation_level="REPEATABLE READ",
        pool_pre_ping=True,
        connect_args={"client_encoding": "utf8", "application_name": "replay"},
    )
    event.listen(engine, "connect", _must_be_unicode)
    return engine


def connect_to_unwritable(_where: str | Path, _error: BaseException | None) -> Engine | None:
    """Reading needs no right to write."""
    return None


def file_named(_where: str | Path) -> Path | None:
    """The server's files are its own."""
    return None


@contextmanager
def begin_write(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write, which keeps other writers out; undone if the block raises.

    It waits for them however long they take: a lock goes with the connection of its holder.
    """
    # What the holder before wrote must be seen, so the state is not that of before the wait.
    with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
        yield connection


def let_readers_in(_engine: Engine) -> None:
    """Readers and writers never wait for each other."""


def file_of(_connection: Connection) -> Path | None:
    """The server's files are its own."""
    return None


def protect(
    connection: Connection, table: str, *actions: str, message: str, when: str = ""
) -> None:
    """Makes the database refuse DELETE or UPDATE of a table's rows, and TRUNCATE with DELETE."""
    for action in actions:
        _guard(connection, table, action, "ROW", message, when)
    if "DELETE" in actions:
        _guard(connection, table, "TRUNCATE", "STATEMENT", message)
    if "DELETE" in actions and when:  # what the condition lets through needs the right
        _run(connection, f"GRANT DELETE ON {table} TO CURRENT_USER")
    if "UPDATE" in actions:
        # A row that refers to another locks it, which needs this; the trigger stops any change.
        key = ", ".join(inspect(connection).get_pk_constraint(table)["constrained_columns"])
        _run(connection, f"GRANT UPDATE ({key}) ON {table} TO CURRENT_USER")


def unprotect(connection: Connection, table: str, *actions: str) -> None:
    """Takes back what `protect` did."""
    for action in (*actions, *(["TRUNCATE"] if "DELETE" in actions else [])):
        _run(connection, UNGUARD.format(table=table, action=action))


def protections(connection: Connection, guards: Mapping[str, str]) -> set[str]:
    """Which of the guards stand as `protect` made them, and nobody switched off."""
    code = {
        name: " ".join(said.split()) for name, said, state in _triggers(connection) if state == "A"
    }
    return {
        guard
        for guard, when in guards.items()
        if code.get(guard, "").startswith(f"BEGIN IF {when or 'true'} THEN RAISE")
        and (not guard.endswith("DELETE") or guard.replace("DELETE", "TRUNCATE") in code)
    }


def schema(connection: Connection) -> list[SchemaObject]:
    """What the database says is in the schema; of its tables."""
    rows = connection.exec_driver_sql(TABLES)
    return [SchemaObject("table", name, name, None) for (name,) in rows]


def additions(
    connection: Connection, tables: Collection[str], guards: Mapping[str, str]
) -> list[Addition]:
    """The triggers and rules of tables that are not ours."""
    own = {*guards, *(guard.replace("DELETE", "TRUNCATE") for guard in guards), *OWN_TRIGGERS}
    found = [("trigger", name) for name, _, _ in _triggers(connection) if name not in own]
    found += [("rule", name) for (name,) in connection.exec_driver_sql(RULES)]
    return [Addition(kind, name) for kind, name in sorted(found)]


def remember_positions(connection: Connection) -> None:
    """Makes the database note the last position of each insertion, whoever inserts.

    A sequence would not do: what it gave out it does not take back with a transaction.
    """
    _run(connection, REMEMBER_POSITIONS)
    protect(connection, "positions", "UPDATE", "DELETE", message="positions are never changed")


def forget_positions(connection: Connection) -> None:
    """Takes back what `remember_positions` did."""
    _run(connection, FORGET_POSITIONS)


def numbers_given_out(connection: Connection, table: str) -> object:
    """The highest position that an event ever had, also of those that are gone."""
    if table != "events":
        return 0
    number: object = connection.scalar(text("SELECT coalesce(max(last), 0) FROM positions"))
    return number


def check_file(connection: Connection) -> Iterator[str]:
    """Rows that belong to nothing. The server itself checks its pages as they are read."""
    for (position,) in connection.exec_driver_sql(LOST_OBSERVATIONS):
        yield f"the observation at position {position} is of no log that is here"
    for number, recording in connection.exec_driver_sql(LOST_MESSAGES):
        yield f"the message {number} of recording {recording} is of no recording that is here"


@contextmanager
def undecodable_as_bytes(connection: Connection) -> Iterator[None]:
    """Gives a text that is no longer UTF-8 as bytes, and reads the tables and no index."""
    from psycopg.adapt import Loader  # noqa: PLC0415
    from psycopg.types.string import TextLoader  # noqa: PLC0415

    class LenientLoader(Loader):
        """Decodes what can be decoded."""

        def load(self, data: Any) -> str | bytes:
            raw = bytes(data)
            try:
                return raw.decode()
            except UnicodeDecodeError:
                return raw

    _run(connection, AS_THEY_STAND)
    driver: Any = connection.connection.driver_connection
    driver.adapters.register_loader("text", LenientLoader)
    try:
        yield
    finally:
        driver.adapters.register_loader("text", TextLoader)


def rows_of(
    connection: Connection, statement: str, parameters: tuple[Any, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """The rows of a query as the driver gives them, for many rows of which little is wanted."""
    driver: Any = connection.connection.driver_connection
    cursor: Iterator[tuple[Any, ...]] = driver.execute(statement.replace("?", "%s"), parameters)
    return cursor


def insert_rows(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Inserts rows of values in the order of the columns, by COPY: many times as fast as INSERT."""
    driver: Any = connection.connection.driver_connection
    with_nul = [number for number, name in enumerate(columns) if name in MAY_HAVE_NUL]
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            if any(_is_escaped(row[number]) for number in with_nul):
                row = tuple(
                    _escaped(value) if number in with_nul else value
                    for number, value in enumerate(row)
                )
            copy.write_row(row)


def copy(_engine: Engine, _target: Path) -> bool:
    """The server's files are its own: False."""
    return False


def reason(error: BaseException | None) -> str:
    """What an error of the driver says, in one line."""
    diagnosis = getattr(error, "diag", None)
    return getattr(diagnosis, "message_primary", None) or " ".join(str(error).split())


def advice(error: BaseException | None) -> str:
    """What to do about an error of the driver; "" where there is no advice."""
    state = getattr(error, "sqlstate", None)
    if state is None:  # the library's own failures, as that of a connection, have none
        return NO_CONNECTION if type(error).__name__ == "OperationalError" else ""
    return next((do for start, do in ADVICE.items() if state.startswith(start)), "")


def _url(where: str) -> URL:
    """The URL with the driver that is used."""
    try:
        return make_url(where).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise StoreError(
            "not the URL of a database", do="write it as postgresql://USER@HOST:PORT/DATABASE"
        ) from None


def _guard(
    connection: Connection, table: str, action: str, each: str, message: str, when: str = ""
) -> None:
    """A trigger before each row or statement, and the right revoked."""
    condition = when or "true"
    _run(
        connection,
        GUARD.format(table=table, action=action, each=each, message=message, when=condition),
    )


def _triggers(connection: Connection) -> list[tuple[str, str, str]]:
    """The name, the code and the state of each trigger in the schema."""
    return [(row[0], row[1], row[2]) for row in connection.exec_driver_sql(TRIGGERS)]


def _is_escaped(value: Any) -> bool:
    return isinstance(value, str) and ("\0" in value or "\uffff" in value)


def _escaped(value: Any) -> Any:
    """A text as it is stored."""
    if not _is_escaped(value):
        return value
    return re.sub("[\0\uffff]", lambda match: NUL_FORM[match[0]], value)


def _run(connection: Connection, script: str) -> None:
    """Runs statements, of which SQLAlchemy lets only one pass at a time."""
    driver: Any = connection.connection.driver_connection
    driver.execute(script)


def _must_be_unicode(connection: Any, _record: Any) -> None:
    """Refuses a database that can't hold every text."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"the database has the encoding {encoding}",
            do="make one with createdb --encoding=UTF8 --template=template0",
        )
