"""What a database must be able to do for the store, and which module does it.

`sqlite` and `postgresql` are the two of this form. No other module of the store, and no
migration, names a database.
"""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import BigInteger, Connection, Engine, Integer, Text
from sqlalchemy.exc import DBAPIError

from replay.store.databases import postgresql, sqlite
from replay.store.databases.driver import DriverError
from replay.store.schema import Addition, SchemaObject

NUMBER = Integer().with_variant(BigInteger(), "postgresql")
"""The type of columns with numbers, of 64 bits everywhere."""

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""The type of columns with text, which is sorted by its characters' numbers everywhere."""

ANY_TEXT = Text().with_variant(postgresql.TextWithNul(), "postgresql")
"""The type of columns with a text that may have any character; those of JSON have no NUL."""

NUMBERS_ONCE: Mapping[str, Any] = sqlite.NUMBERS_ONCE
"""Makes a table give out no number twice, and remember those that it gave out."""


class Backend(Protocol):
    """All that only one kind of database has. Errors of its driver pass through."""

    def connect(self, where: str | Path) -> Engine:
        """An engine whose connections are durable and strict; nothing is opened yet.

        Raises StoreError if `where` names no database of this kind, and Unavailable if its driver
        is missing.
        """

    def connect_to_unwritable(
        self, where: str | Path, error: BaseException | None
    ) -> Engine | None:
        """An engine that reads what can't be opened as it usually is; None if it can't either."""

    def file_named(self, where: str | Path) -> Path | None:
        """The file that a path or a URL names; None for a database in memory or elsewhere."""

    def begin_write(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A transaction that may write, which keeps other writers out; undone if it raises."""

    def let_readers_in(self, engine: Engine) -> None:
        """Lets readers and a writer work at the same time; the database keeps this."""

    def file_of(self, connection: Connection) -> Path | None:
        """The file that holds the database; None if it is in no file of its own."""

    def protect(
        self, connection: Connection, table: str, *actions: str, message: str, when: str = ""
    ) -> None:
        """Makes the database refuse DELETE or UPDATE of a table's rows, with this message.

        `when` is a condition in SQL on the row, which is called OLD there.
        """

    def unprotect(self, connection: Connection, table: str, *actions: str) -> None:
        """Takes back what `protect` did."""

    def protections(self, connection: Connection, guards: Mapping[str, str]) -> set[str]:
        """Which of the guards stand as `protect` made them.

        Each is TABLE_no_ACTION with its `when`.
        """

    def schema(self, connection: Connection) -> list[SchemaObject]:
        """What the database says is in it."""

    def additions(
        self, connection: Connection, tables: Collection[str], guards: Mapping[str, str]
    ) -> list[Addition]:
        """What in the database is neither a plain table nor a guard, and could run when it is used.

        Finding them runs none of it.
        """

    def remember_positions(self, connection: Connection) -> None:
        """Makes the database remember each position that it gives to an event."""

    def forget_positions(self, connection: Connection) -> None:
        """Takes back what `remember_positions` did."""

    def numbers_given_out(self, connection: Connection, table: str) -> object:
        """The highest number that a row ever had, also of those that are gone; 0 if none had one.

        It is an integer in a database to which nobody did anything.
        """

    def check_file(self, connection: Connection) -> Iterator[str]:
        """What the database's own check finds, in sentences: damage, rows that belong to none."""

    def undecodable_as_bytes(self, connection: Connection) -> AbstractContextManager[None]:
        """Gives a text that is no longer UTF-8 as bytes, so that the rows behind it can be read."""

    def rows_of(
        self, connection: Connection, statement: str, parameters: tuple[Any, ...] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query as the driver gives them, for many rows of which little is wanted.

        A ? in the statement stands for a parameter. SQLAlchemy's own rows take several times as
        long as reading them does.
        """

    def insert_rows(
        self,
        connection: Connection,
        table: str,
        columns: Sequence[str],
        rows: Iterable[tuple[Any, ...]],
    ) -> None:
        """Inserts rows of values in the order of the columns, as the driver takes them."""

    def copy(self, engine: Engine, target: Path) -> bool:
        """Copies the database as it is at one moment to a new file; False if it is no file."""

    def reason(self, error: BaseException | None) -> str:
        """What an error of the driver says, in one line."""

    def advice(self, error: BaseException | None) -> str:
        """What to do about an error of the driver; "" where there is no advice."""


def backend_of(database: str | Path | Engine | Connection) -> Backend:
    """What does for this database, or for the one at this path or URL, what others do otherwise."""
    if isinstance(database, Engine | Connection):
        return postgresql if database.dialect.name == "postgresql" else sqlite
    return postgresql if str(database).startswith(postgresql.SCHEMES) else sqlite


def is_server(where: str | Path) -> bool:
    """Whether a database is at a server, and not in a file."""
    return backend_of(where) is postgresql


def database_errors() -> tuple[type[Exception], ...]:
    """What is raised where a database fails, by SQLAlchemy or past it by a driver.

    A driver that was not imported raises nothing.
    """
    loaded: Any = sys.modules.get("psycopg")
    return (DBAPIError, *DriverError, *([loaded.Error] if loaded else []))
