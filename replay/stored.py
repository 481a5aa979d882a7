"""Stored logs: found by name, and read from their rows a chunk at a time."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import chain, islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from replay.errors import ReplayError
from replay.events import Event, LogHeader, Observation
from replay.jsonform import event_line, observation_line
from replay.rows import description_of, from_row, header_from_row, observation_from_row
from replay.tables import events, logs, observations

CHUNK = 1000
"""How many events are read at a time."""


class LogInfo(NamedTuple):
    """A stored log without its events."""

    name: str
    description: str
    fingerprint: str
    events: int


def find(connection: Connection, log: str) -> Row[Any]:
    """The row of a log; ReplayError with the nearest names if there is none."""
    row = row_of(connection, log)
    if row is not None:
        return row
    near = get_close_matches(log, stored_names(connection))
    if near:
        raise ReplayError(f"no log {log!r} is stored", do=f"the nearest are {', '.join(near)}")
    raise ReplayError(f"no log {log!r} is stored", do="see replay logs, or import one")


def row_of(connection: Connection, log: str) -> Row[Any] | None:
    """The row of a log, if there is one."""
    # What is not printable can be no name, and may be nothing that a database can be asked for.
    query = select(logs).where(logs.c.name == log)
    return connection.execute(query).one_or_none() if log.isprintable() else None


def stored_names(connection: Connection) -> list[str]:
    """The names of all logs, sorted."""
    return list(connection.scalars(select(logs.c.name).order_by(logs.c.name)))


def info(name: str, header: str, fingerprint: str, events: int) -> LogInfo:
    """A log from these columns of its row. There can be many of them: little is done here."""
    try:
        return LogInfo(name, description_of(header), fingerprint, events)
    except ReplayError as error:
        raise ReplayError(f"the database is damaged: {error.what}", where=f"log {name}") from None


def header(row: Row[Any]) -> LogHeader:
    """The whole header. Its name is the stored one, which its file may not have had."""
    with damaged(row.name, 0):
        return header_from_row(row)


def read(connection: Connection, log: Row[Any]) -> Iterator[Event]:
    """The events of a log, in order, read a chunk at a time."""
    query = select(events).where(events.c.log == log.id).order_by(events.c.seq)
    for row in connection.execute(query.execution_options(yield_per=CHUNK)):
        with damaged(log.name, row.seq):
            event = from_row(row)
        yield event


def read_observations(connection: Connection, log: Row[Any]) -> Iterator[Observation]:
    """The observations of a log, in order, read a chunk at a time."""
    query = select(observations).where(observations.c.log == log.id)
    query = query.order_by(observations.c.number).execution_options(yield_per=CHUNK)
    for row in connection.execute(query):
        with damaged(log.name, row.after):
            seen = observation_from_row(row)
        yield seen


def lines(found: Iterable[Event], seen: Iterable[Observation]) -> Iterator[bytes]:
    """The native lines of a log's events, each followed by what was seen after it."""
    waiting = deque(islice(seen := iter(seen), 1))
    for seq, line in enumerate(chain([b""], map(event_line, found))):
        if line:
            yield line
        while waiting and waiting[0].after <= seq:
            yield observation_line(waiting.popleft())
            waiting.extend(islice(seen, 1))


@contextmanager
def damaged(log: str, seq: int) -> Iterator[None]:
    """Says of which row a ReplayError in the block speaks; seq 0 is the log's own."""
    try:
        yield
    except ReplayError as error:
        place = f"log {log}, event {seq}" if seq else f"log {log}"
        raise ReplayError(f"the database is damaged: {error.what}", where=place) from None
