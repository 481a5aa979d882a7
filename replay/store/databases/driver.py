"""What only SQLite has of reading without SQLAlchemy, which `backend` has for all the rest."""

import re
import sqlite3
from pathlib import Path

BUSY_SECONDS = 30
"""How long to wait for another process that is writing."""

DriverError = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises where SQLAlchemy does not stand between.

The second where SQLite quotes from a damaged schema what is no text.
"""

Connection = sqlite3.Connection

COMPUTED = re.compile(r"\b(CHECK|GENERATED|AS|VIRTUAL|COLLATE)\b", re.IGNORECASE)
"""What stands in the SQL of a table that computes something, as none of ours does."""


def computes(statement: str) -> bool:
    """Whether a table that was made so may compute something when it is read."""
    return COMPUTED.search(statement) is not None


def is_plain(connection: Connection) -> bool:
    """Whether reading the tables runs nothing that somebody put into the database."""
    rows = connection.execute("SELECT type, sql FROM sqlite_master").fetchall()
    return not any(kind == "view" or (kind == "table" and computes(str(sql))) for kind, sql in rows)


def open_for_reading(where: str) -> Connection | None:
    """A connection to the database at a path, in a transaction; None for any other place.

    Its file is not made, and nothing is written through the connection, but readers beside a
    writer need the right to write. Raises DriverError.
    """
    path = Path(where)
    if "://" in where or not path.is_file():
        return None
    address = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, BUSY_SECONDS, isolation_level=None, uri=True)
    connection.execute("BEGIN")
    return connection
