"""What only SQLite has of reading without SQLAlchemy, which `backend` has for all the rest."""

import sqlite3
from pathlib import Path

BUSY_SECONDS = 30
"""How long to wait for another process that is writing."""

DriverError = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises where SQLAlchemy does not stand between.

The second where SQLite quotes from a damaged schema what is no text.
"""

Connection = sqlite3.Connection


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
