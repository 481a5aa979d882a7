"""A store of logs: putting them in, and reading them back."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from hashlib import blake2b
from itertools import chain, islice, starmap
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, case, func, select

from replay.errors import NotFound, ReplayError, StoreError
from replay.events.event import NO_EVENTS, Event, Log, LogHeader, Observation
from replay.events.json_form import (
    SCHEMA_VERSION,
    event_line,
    header_line,
    observation_line,
)
from replay.events.pages import held
from replay.store.addition import AddedLog, Incoming, add_all
from replay.store.database import Database, failures, must_be_there, open_database, writing
from replay.store.databases.backend import backend_of
from replay.store.tables import events, logs, observations
from replay.store.values import (
    description_of,
    from_row,
    header_from_row,
    linked,
    must_be_whole,
    observation_from_row,
)

CHUNK = 1000
"""How many events are read at a time, so that a long log needs little memory."""


_sort = (
    events.c.kind
    + func.coalesce(" " + events.c.channel, "")
    # The name of an image is that of a file.
    + case((events.c.kind == "image", ""), else_=func.coalesce(" " + events.c.name, ""))
)
SORTS = select(events.c.log, func.aggregate_strings(_sort, "\n")).group_by(events.c.log)
"""The sorts of each log's events, in the order in which the database has them.

Most often that is the log's. Nothing hangs on it but which worker does what.
"""

TEXTS = """
SELECT CASE schema_version WHEN ? THEN payload END FROM events WHERE log = ? ORDER BY seq
"""


class LogInfo(NamedTuple):
    """A stored log without its events."""

    name: str
    description: str
    fingerprint: str
    events: int


class StoredText(NamedTuple):
    """A stored log as a text, with the content of an event in canonical JSON on each line.

    None where an event is stored in a form that only `load` reads, or is damaged.
    """

    name: str
    text: str | None


def find(connection: Connection, log: str) -> Row[Any]:
    """The row of a log; ReplayError with the nearest names if there is none."""
    row = row_of(connection, log)
    if row is not None:
        return row
    near = get_close_matches(log, stored_names(connection))
    if near:
        do = f"the nearest are {', '.join(near)}"
        raise NotFound(f"no log {log!r} is stored", do=do, nearest=near)
    raise NotFound(f"no log {log!r} is stored", do="see replay logs, or import one")


def row_of(connection: Connection, log: str) -> Row[Any] | None:
    """The row of a log, if there is one."""
    # What is not printable can be no name, and may be nothing that a database can be asked for.
    query = select(logs).where(logs.c.name == log)
    return connection.execute(query).one_or_none() if log.isprintable() else None


def stored_names(connection: Connection) -> list[str]:
    """The names of all logs, sorted."""
    return [_name(name) for name in connection.scalars(select(logs.c.name).order_by(logs.c.name))]


def _name(stored: object) -> str:
    """The name of a log; ReplayError if it is no longer a text."""
    if not isinstance(stored, str):
        raise StoreError("the database is damaged: a log's name has become something else")
    return stored


def info(name: object, header: object, fingerprint: object, events: object) -> LogInfo:
    """A log from these columns of its row. There can be many of them: little is done here."""
    text = _name(name)
    try:
        if not isinstance(fingerprint, str) or not isinstance(events, int):
            raise StoreError("a fingerprint or a number has become something else")
        return LogInfo(text, description_of(header), fingerprint, events)
    except ReplayError as error:
        raise StoreError(f"the database is damaged: {error.what}", where=f"log {text}") from None


def header(row: Row[Any]) -> LogHeader:
    """The whole header. Its name is the stored one, which its file may not have had."""
    with damaged(row.name, 0):
        return header_from_row(row)


def read(connection: Connection, log: Row[Any]) -> Iterator[Event]:
    """The events of a log, in order, read a chunk at a time.

    Raises StoreError, at the end, unless they are those that its row tells.
    """
    end = NO_EVENTS
    query = select(events).where(events.c.log == log.id).order_by(events.c.seq)
    for row in connection.execute(query.execution_options(yield_per=CHUNK)):
        with damaged(log.name, row.seq):
            event = from_row(row)
            end = linked(end, row)
        yield event
    with damaged(log.name, 0):
        must_be_whole(log, end)


def read_observations(connection: Connection, log: Row[Any]) -> Iterator[Observation]:
    """The observations of a log, in order, read a chunk at a time."""
    query = select(observations).where(observations.c.log == log.id)
    query = query.order_by(observations.c.number).execution_options(yield_per=CHUNK)
    for row in connection.execute(query):
        with damaged(log.name, row.after):
            observation = observation_from_row(row)
        yield observation


def lines(logged: Iterable[Event], observed: Iterable[Observation]) -> Iterator[bytes]:
    """The native lines of a log's events, each followed by the observations after it."""
    waiting = deque(islice(observed := iter(observed), 1))
    for seq, line in enumerate(chain([b""], map(event_line, logged))):
        if line:
            yield line
        while waiting and waiting[0].after <= seq:
            yield observation_line(waiting.popleft())
            waiting.extend(islice(observed, 1))


@contextmanager
def damaged(log: str, seq: int) -> Iterator[None]:
    """Says of which row a ReplayError in the block speaks; seq 0 is the log's own."""
    try:
        yield
    except ReplayError as error:
        place = f"log {log}, event {seq}" if seq else f"log {log}"
        raise StoreError(
            f"the database is damaged: {error.what}", where=place, do=error.do
        ) from None


def open_store(where: str | Path) -> "EventStore":
    """The store in the database at a path or URL, which is made or upgraded if need be."""
    return EventStore(open_database(where))


class EventStore:
    """Logs in an open database; a context manager that closes it.

    Every method raises ReplayError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def __enter__(self) -> "EventStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the database."""
        self.database.engine.dispose()

    def add(self, recordings: Iterable[Incoming], *, rename: bool = False) -> tuple[AddedLog, ...]:
        """Stores all recordings, or none if reading one fails, in one transaction.

        A name that other content has is refused, or with `rename` gives way to
        NAME@first-8-of-fingerprint.
        """
        with writing(self.database) as connection:
            added = tuple(add_all(connection, recordings, rename))
        must_be_there(self.database)
        return added

    def logs(self, names: Iterable[str] | None = None) -> tuple[LogInfo, ...]:
        """The named logs in this order, or all by name; ReplayError for an unknown name."""
        with failures(self.database.where), self.database.engine.connect() as connection:
            query = select(logs.c.name, logs.c.header, logs.c.fingerprint, logs.c.events)
            if names is None:
                return tuple(starmap(info, connection.execute(query.order_by(logs.c.name))))
            rows = [find(connection, name) for name in names]
            return tuple(info(row.name, row.header, row.fingerprint, row.events) for row in rows)

    def holds(self, log: str) -> bool:
        """Whether a log of this name is stored."""
        with failures(self.database.where), self.database.engine.connect() as connection:
            return row_of(connection, log) is not None

    def load(self, log: str) -> Log:
        """A log with all its events; ReplayError with the nearest names if there is none."""
        with failures(self.database.where), self.database.engine.connect() as connection:
            row = find(connection, log)
            loaded = held(Event, read(connection, row))
            observed = tuple(read_observations(connection, row))
        return Log(row.name, header(row), loaded, row.fingerprint, observed)

    def texts(self, names: Iterable[str] | None = None) -> Iterator[StoredText]:
        """What the events of the named logs say, in this order, or of all by name.

        It is much faster than `load`, since nothing is parsed. An unknown name raises
        ReplayError before the first log comes.
        """
        with failures(self.database.where), self.database.engine.connect() as connection:
            if names is None:
                numbers = list(
                    backend_of(connection).rows_of(
                        connection, "SELECT name, id FROM logs ORDER BY name"
                    )
                )
            else:
                numbers = [(name, find(connection, name).id) for name in names]
            for name, number in numbers:
                rows = backend_of(connection).rows_of(connection, TEXTS, (SCHEMA_VERSION, number))
                try:
                    text = "\n".join([content for (content,) in rows])
                except TypeError:  # something that is no text, or was stored in an older form
                    text = None
                yield StoredText(name, text)

    def shapes(self) -> dict[str, str]:
        """By the name of each log a digest of the sorts of its events, whatever they name."""
        with failures(self.database.where), self.database.engine.connect() as connection:
            by_number = {
                log: blake2b(sorts.encode(), digest_size=8).hexdigest()
                for log, sorts in connection.execute(SORTS)
            }
            numbers = backend_of(connection).rows_of(connection, "SELECT name, id FROM logs")
            # In a damaged database a log may have no event: whoever loads it says so.
            return {name: by_number.get(number, "") for name, number in numbers}

    def export(self, names: Iterable[str] | None = None) -> Iterator[bytes]:
        """The lines of the native form of the named logs in this order, or of all by name.

        An unknown name raises ReplayError before the first line comes.
        """
        with failures(self.database.where), self.database.engine.connect() as connection:
            chosen = stored_names(connection) if names is None else names
            for row in [find(connection, log) for log in chosen]:
                yield header_line(header(row))
                yield from lines(read(connection, row), read_observations(connection, row))
