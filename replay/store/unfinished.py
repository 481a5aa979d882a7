"""Recordings in progress, whose messages are stored until they become a log.

A message is a line of traffic in the form that `replay import` reads. A recording leaves the
store in the transaction that stores its log, or when its messages have been taken elsewhere.
"""

import shlex
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from replay.errors import StoreError
from replay.events.event import LogHeader
from replay.store.addition import CHUNK, AddedLog, Incoming, add
from replay.store.database import Database, failures, must_be_there, writing
from replay.store.databases.backend import backend_of
from replay.store.rows import CHECKED, message_row, recording_row
from replay.store.tables import messages, recordings


class Unfinished(NamedTuple):
    """A recording that is no log yet: its number, the name for its log, how many messages."""

    id: int
    name: str
    messages: int


def begin(database: Database, name: str) -> Unfinished:
    """A new recording. Raises ReplayError if one of this name is not finished."""
    try:
        LogHeader(name)
    except ValueError as error:
        raise StoreError(f"{error}: {name!r}") from None
    with writing(database) as connection:
        if counted_recordings(connection, name):
            raise StoreError(
                f"a recording {name} goes on, or was broken off",
                where=database.where,
                do=f"{next_command(name)} makes a log of it; or name this one with --log NAME",
            )
        connection.execute(insert(recordings).values(recording_row(name)))
        (recording,) = counted_recordings(connection, name)
    return recording


def append(database: Database, recording: int, lines: Iterable[bytes]) -> None:
    """Stores messages behind those that are there, in one transaction.

    Raises ReplayError if that fails, or the recording was finished meanwhile.
    """
    with writing(database) as connection:
        if connection.scalar(select(recordings.c.id).where(recordings.c.id == recording)) is None:
            raise StoreError("the recording was finished meanwhile", where=database.where)
        query = select(func.coalesce(func.max(messages.c.number), 0))
        last = connection.scalar(query.where(messages.c.recording == recording))
        rows = [
            message_row(recording, number, line)
            for number, line in enumerate(lines, (last or 0) + 1)
        ]
        columns = (*CHECKED[messages], "checksum")
        values = [tuple(row[name] for name in columns) for row in rows]
        backend_of(connection).insert_rows(connection, messages.name, columns, values)
    must_be_there(database)


def unfinished(database: Database, name: str | None = None) -> tuple[Unfinished, ...]:
    """The recordings that are no logs yet, by name; only the one of this name if one is given."""
    with failures(database.where), database.engine.connect() as connection:
        return counted_recordings(connection, name)


def traffic(database: Database, recording: Unfinished) -> Iterator[bytes]:
    """The messages of a recording in their order, newlines included."""
    query = select(messages.c.line).where(messages.c.recording == recording.id)
    query = query.order_by(messages.c.number).limit(recording.messages)
    with failures(database.where), database.engine.connect() as connection:
        for line in connection.scalars(query.execution_options(yield_per=CHUNK)):
            yield f"{line}\n".encode()


def finish(database: Database, recording: Unfinished, log: Incoming) -> AddedLog:
    """Stores the log that was made of a recording in its place, in one transaction.

    If other content has its name, it gives way to NAME@first-8-of-fingerprint. Raises
    ReplayError if more messages came since, or the recording is not there any more.
    """
    with writing(database) as connection:
        stored = add(connection, log, rename=True)
        remove(connection, recording)
    must_be_there(database)
    return stored


def drop(database: Database, recording: Unfinished) -> None:
    """Removes a recording whose messages are elsewhere; errors as in finish."""
    with writing(database) as connection:
        remove(connection, recording)


def remove(connection: Connection, recording: Unfinished) -> None:
    """Removes a recording, unless it has changed since it was looked at."""
    if counted_recordings(connection, recording.name) != (recording,):
        raise StoreError(
            f"the recording {recording.name} goes on",
            do="end the program that records it, which then makes a log of it",
        )
    connection.execute(delete(recordings).where(recordings.c.id == recording.id))


def next_command(name: str) -> str:
    """The command that makes a log of a recording that was broken off."""
    return f"replay record --finish {shlex.quote(name)}"


def counted_recordings(connection: Connection, name: str | None) -> tuple[Unfinished, ...]:
    """The recordings by name, or the one of this name."""
    counted = func.count(messages.c.number)
    query = select(recordings.c.id, recordings.c.name, counted).outerjoin(messages)
    query = query.group_by(recordings.c.id).order_by(recordings.c.name)
    if name is not None and not name.isprintable():
        return ()  # it can be no name, and may be nothing that a database can be asked for
    if name is not None:
        query = query.where(recordings.c.name == name)
    found = tuple(Unfinished(*row) for row in connection.execute(query))
    if not all(isinstance(recording.name, str) for recording in found):
        raise StoreError("the database is damaged: a recording's name has become something else")
    return found
