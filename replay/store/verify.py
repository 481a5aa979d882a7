"""Finding rows that were changed, lost or inserted since they were written.

Every row has a checksum over all its columns, an event's also the fingerprint of its log up to
it, and positions and numbers leave no gap. That shows accidents, and not the work of a
forger who changes rows and computes everything anew.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Row, Select, Table, select
from sqlalchemy.exc import DBAPIError

from replay.errors import ReplayError
from replay.events.event import NO_EVENTS, link
from replay.progress import Progress, no_progress
from replay.store.database import Database, failures
from replay.store.databases.backend import backend_of
from replay.store.event_store import CHUNK, find
from replay.store.rows import checksum
from replay.store.tables import GUARDS, TABLES, events, logs, messages, observations, recordings
from replay.store.values import from_row, header_from_row


def types_of(column: Column[Any]) -> tuple[type, ...]:
    """The types of a column's values."""
    own = column.type.python_type
    return (own, type(None)) if column.nullable else (own,)


TYPES = {
    table: tuple((column.name, types_of(column)) for column in table.columns)
    for table in (events, logs, observations, recordings, messages)
}
"""What each column may hold. A database may keep anything anywhere."""


class Finding(NamedTuple):
    """Something wrong: with an event of a log, with the log (seq 0), or with neither ("")."""

    log: str
    seq: int
    what: str


class LogCheck:
    """How far the events of one log have been read, and what comes next if all is well."""

    def __init__(self, log: Row[Any]) -> None:
        self.log = log
        self.name = str(log.name)
        self.last: int | None = log.events if intact(log, logs) else None
        """The seq of the log's last event, if that can be believed."""
        self.seq = 0
        self.start: int | None = None
        """The position before the log's first event."""
        self.ends = {NO_EVENTS}
        """The fingerprints that the next event may go on from; none where one is missing."""

    def take(self, row: Row[Any]) -> Iterator[Finding]:
        """What is wrong with the next row that claims to be of this log."""
        if not intact(row, events):
            yield self.finding(row.seq, "was changed: its checksum is another")
            if row.seq == self.seq + 1:
                self.seq += 1
                self.ends = {row.fingerprint, *continued(self.ends, row.payload)}
        elif self.last is not None and row.seq > self.last:
            yield self.finding(row.seq, f"stands after the last event, {self.last}: put in later")
        elif row.seq <= self.seq:
            yield self.finding(row.seq, f"stands after event {self.seq}: moved or put in again")
        else:
            yield from self.go_on(row)

    def go_on(self, row: Row[Any]) -> Iterator[Finding]:
        """What is wrong with a row that is as it was written, and may be next."""
        yield from self.missing(row.seq - 1)
        if self.start is None:
            self.start = row.position - row.seq
        if row.position - row.seq != self.start:
            yield self.finding(row.seq, "stands at another position than it was written to: moved")
        elif self.ends and row.fingerprint not in continued(self.ends, row.payload):
            yield self.finding(row.seq, "does not go on from the event before it: not of this log")
        self.seq, self.ends = row.seq, {row.fingerprint}
        try:
            from_row(row)
        except ReplayError as error:
            yield self.finding(row.seq, f"can't be read: {error}")

    def close(self) -> Iterator[Finding]:
        """What is wrong with the log itself, when all rows have been taken."""
        if self.last is None:
            yield self.finding(0, "its name, header, fingerprint or length was changed")
            return
        yield from self.missing(self.last)
        if self.ends and self.log.fingerprint not in self.ends:
            yield self.finding(0, "its fingerprint is not that of its events")
        try:
            header_from_row(self.log)
        except ReplayError as error:
            yield self.finding(0, f"its header can't be read: {error}")

    def missing(self, last: int) -> Iterator[Finding]:
        """The events that should have come up to the event `last`."""
        if self.seq < last:
            events = f"events {self.seq + 1} to {last} are" if self.seq + 1 < last else "is"
            yield self.finding(self.seq + 1, f"{events} missing")
            self.seq, self.ends = last, set()

    def finding(self, seq: int, what: str) -> Finding:
        """A finding of this log."""
        return Finding(self.name, seq, what)


def verify(
    database: Database, names: Iterable[str] = (), progress: Progress = no_progress
) -> Iterator[Finding]:
    """All that is wrong with the named logs; without names, with the whole database.

    Findings come as the rows are read. Raises ReplayError for an unknown name, and if the
    database can't be read at all.
    """
    with (
        failures(database.where),
        database.engine.connect() as connection,
        backend_of(connection).undecodable_as_bytes(connection),
    ):
        additions = backend_of(connection).additions(connection, TABLES, GUARDS)
        for addition in additions:
            yield Finding("", 0, f"{addition} was added, which could run: nothing else was read")
        if additions:
            return
        rows = [find(connection, name) for name in dict.fromkeys(names)]
        if rows:
            yield from verify_logs(connection, [LogCheck(row) for row in rows], progress)
            return
        yield from verify_file(connection)
        checks = [LogCheck(row) for row in connection.execute(select(logs).order_by(logs.c.id))]
        yield from verify_logs(connection, checks, progress, every=True)
        yield from verify_removals(connection, checks)
        yield from verify_recordings(connection)


def verify_file(connection: Connection) -> Iterator[Finding]:
    """What the database's own check finds, and whether it still refuses changes."""
    for line in backend_of(connection).check_file(connection):
        yield Finding("", 0, line)
    present = backend_of(connection).protections(connection, GUARDS)
    for guard in GUARDS:
        if guard not in present:
            yield Finding("", 0, f"the trigger {guard} is missing, which refuses changes")


def verify_logs(
    connection: Connection, checks: Sequence[LogCheck], progress: Progress, every: bool = False
) -> Iterator[Finding]:
    """What is wrong with the events of logs, and with these logs' own rows.

    The rows are read in the order of the table, which no index can feign. `every` reads those of
    no log too.
    """
    by_log = {check.log.id: check for check in checks}
    query = select(events).order_by(events.c.position)
    if not every:
        query = query.where(events.c.log.in_(by_log))
    try:
        total = sum(check.last or 0 for check in checks)
        for row in progress(rows_up_to_damage(connection, query), total, "events"):
            check = by_log.get(row.log)
            if check:
                yield from check.take(row)
            else:
                what = f"event {row.seq} at position {row.position} is of no log that is here"
                yield Finding("", 0, what)
    except DBAPIError as error:
        yield Finding("", 0, f"no event behind this can be read: {error.orig}")
    for check in by_log.values():
        yield from check.close()
        yield from verify_observations(connection, check)


def verify_observations(connection: Connection, check: LogCheck) -> Iterator[Finding]:
    """What is wrong with what a log's recording saw. One that came last can go unnoticed."""
    query = select(observations).where(observations.c.log == check.log.id)
    number = 0
    try:
        for row in connection.execute(query.order_by(observations.c.number)):
            number += 1
            if not intact(row, observations):
                yield check.finding(row.after, "an observation after it was changed")
            elif row.number != number:
                yield check.finding(row.after, "an observation before another is missing")
                number = row.number
    except DBAPIError as error:
        yield check.finding(0, f"its observations can't be read: {error.orig}")


def verify_recordings(connection: Connection) -> Iterator[Finding]:
    """What is wrong with recordings that are no logs yet. The end of one can go unnoticed."""
    try:
        for row in connection.execute(select(recordings).order_by(recordings.c.id)).all():
            if not intact(row, recordings):
                yield Finding("", 0, f"the name of the recording {row.name} was changed")
            yield from verify_messages(connection, row)
    except DBAPIError as error:
        yield Finding("", 0, f"recordings that are no logs yet can't be read: {error.orig}")


def verify_messages(connection: Connection, recording: Row[Any]) -> Iterator[Finding]:
    """What is wrong with the messages of a recording."""
    query = select(messages).where(messages.c.recording == recording.id)
    query = query.order_by(messages.c.number).execution_options(yield_per=CHUNK)
    number = 0
    for row in connection.execute(query):
        number += 1
        of = f"of the recording {recording.name}"
        if not intact(row, messages):
            yield Finding("", 0, f"message {row.number} {of} was changed")
        elif row.number != number:
            yield Finding("", 0, f"a message before message {row.number} {of} is missing")
            number = row.number


def rows_up_to_damage(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    """The rows by position, and the failure of the database after the last that it can read.

    They are read a chunk at a time; of one that fails, the rows before the failure singly.
    """
    last = 0
    try:
        for row in connection.execute(query.execution_options(yield_per=CHUNK)):
            last = row.position
            yield row
    except DBAPIError:
        rest = query.where(events.c.position > last)
        yield from connection.execute(rest.execution_options(yield_per=1))


def verify_removals(connection: Connection, checks: Iterable[LogCheck]) -> Iterator[Finding]:
    """Positions that no log accounts for: the database remembers those that it gave out."""
    before = 0
    for check in checks:
        if check.start is not None and check.start > before:
            yield removed(before + 1, check.start)
        before = (check.start or before) + check.seq
    last = backend_of(connection).numbers_given_out(connection, "events")
    if not isinstance(last, int):
        yield Finding("", 0, "the highest position that was given out was changed")
    elif last > before:
        yield removed(before + 1, last)
    elif last < before:
        yield Finding("", 0, f"position {before} is there, and only {last} were given out")


def removed(first: int, last: int) -> Finding:
    """A gap in the positions."""
    return Finding("", 0, f"the events at positions {first} to {last} are missing with their log")


def intact(row: Row[Any], table: Table) -> bool:
    """Whether a row has the checksum of its columns, and in each the type that it has."""
    stored: object = row.checksum
    values = row._asdict()
    typed = all(isinstance(values[name], types) for name, types in TYPES[table])
    return typed and checksum(table, values) == stored


def continued(ends: Iterable[str], payload: Any) -> set[str]:
    """The fingerprints that a log can have after this payload, as it is stored."""
    if not isinstance(payload, str):
        return set()
    return {link(end, payload.encode()) for end in ends if isinstance(end, str)}
