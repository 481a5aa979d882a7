"""Logs by their names, in whatever process they are wanted."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from replay.errors import ReplayError
from replay.events.event import Log
from replay.store.lookup import Lookup, open_lookup
from replay.store.url import without_password

if TYPE_CHECKING:
    from replay.store.event_store import EventStore


class LogName(Struct, frozen=True):
    """A stored log: its name, and the content that it has to have."""

    name: str
    fingerprint: str

    def __str__(self) -> str:
        return self.name


class StoredLogs:
    """The logs of a database. Into another process goes the path or URL alone."""

    def __init__(self, where: str) -> None:
        self._where = where if "://" in where else str(Path(where).absolute())
        self._stack = ExitStack()
        self._lookup: Lookup | None = None
        self._store: EventStore | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredLogs, (self._where,)

    def load(self, log: Log | LogName) -> Log:
        """The log, which is given as it is if it is one already.

        Raises ReplayError if it is not there, or has another content.
        """
        if isinstance(log, Log):
            return log
        if self._lookup is None and self._store is None:
            self._lookup = self._stack.enter_context(open_lookup(self._where))
        known = self._lookup and self._lookup.load(log.name)
        loaded = known or self._opened().load(log.name)
        if loaded.fingerprint != log.fingerprint:
            what = f"the log {log.name} has another content here"
            where = without_password(self._where)
            raise ReplayError(what, where=where, do="name a database that all workers reach")
        return loaded

    def shapes(self, logs: Sequence[Log | LogName]) -> list[str]:
        """What `EventStore.shapes` says of each of these logs, "" for what is none of its.

        It is asked before processes are forked, and leaves nothing open: a connection of one
        process must not be there in another.
        """
        by_name = self._opened().shapes()
        self._stack.close()
        self._lookup = self._store = None
        return [by_name.get(log.name, "") for log in logs]

    def _opened(self) -> "EventStore":
        """The store, for what a lookup can't tell."""
        from replay.store.database import open_database  # noqa: PLC0415, it takes long
        from replay.store.event_store import EventStore  # noqa: PLC0415

        if self._store is None:
            database = open_database(self._where, make=False)
            self._store = self._stack.enter_context(EventStore(database))
        return self._store
