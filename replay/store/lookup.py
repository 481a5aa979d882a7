"""Reading stored logs with the driver alone.

SQLAlchemy takes longer to import than most commands take for the rest. So what a command only
reads it looks up here; whatever is not as it usually is, `event_store` has to see to.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace

from replay.errors import ReplayError
from replay.events.event import NO_EVENTS, Event, Log
from replay.events.pages import held
from replay.store.databases.driver import Connection, DriverError, is_plain, open_for_reading
from replay.store.values import (
    REVISION,
    candidates,
    from_row,
    header_from_row,
    linked,
    must_be_whole,
    observation_from_row,
)


class Lookup:
    """The stored logs at one moment. Each method answers None for what it can't tell."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def load(self, name: str) -> Log | None:
        """The log of this name, as the store loads it."""
        try:
            return next(self._logs(name), None)
        except (*DriverError, ReplayError, AttributeError, TypeError, ValueError):
            return None  # it is damaged, which the store tells with its place

    def copy_of(self, log: Log) -> Log | None:
        """The stored log that another is a copy of, under the name that storing it would give."""
        for name in candidates(log.name, log.fingerprint):
            stored = self.load(name)
            if stored is None or stored.fingerprint == log.fingerprint:
                return stored
        return None

    def is_current(self) -> bool:
        """Whether the tables are those of this version."""
        try:
            if not is_plain(self._connection):
                return False
            rows = self._connection.execute("SELECT version_num FROM alembic_version").fetchall()
        except DriverError:
            return False
        return rows == [(REVISION,)]

    def _logs(self, name: str) -> Iterator[Log]:
        for row in self._rows("logs WHERE name = ?", name):
            events = held(Event, self._events(row))
            observed = self._rows("observations WHERE log = ? ORDER BY number", row.id)
            observations = tuple(map(observation_from_row, observed))
            yield Log(row.name, header_from_row(row), events, row.fingerprint, observations)

    def _events(self, log: SimpleNamespace) -> Iterator[Event]:
        """The events of a log; raises StoreError, at the end, unless its row tells these."""
        end = NO_EVENTS
        for row in self._rows("events WHERE log = ? ORDER BY seq", log.id):
            end = linked(end, row)
            yield from_row(row)
        must_be_whole(log, end)

    def _rows(self, which: str, value: str | int) -> Iterator[SimpleNamespace]:
        cursor = self._connection.execute(f"SELECT * FROM {which}", (value,))
        names = [name for name, *_ in cursor.description]
        return (SimpleNamespace(**dict(zip(names, row, strict=True))) for row in cursor)


@contextmanager
def open_lookup(where: str) -> Iterator[Lookup | None]:
    """What is stored in the database at a path, None if the store has to be opened for it."""
    try:
        connection = open_for_reading(where)
    except DriverError:
        connection = None
    if connection is None:
        yield None
        return
    with closing(connection):
        lookup = Lookup(connection)
        yield lookup if lookup.is_current() else None
