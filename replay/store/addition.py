"""Adding recordings to a store: small ones together, a long one a chunk at a time."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Literal, NamedTuple, Protocol

from sqlalchemy import Connection, Table, func, select

from replay.errors import StoreError
from replay.events.event import LogEntry, LogHeader, Origin
from replay.store.databases.backend import backend_of
from replay.store.rows import INSERTED, EntryRow, EntryRows, LogEnd, entry_rows, log_row
from replay.store.schema import LAST_NUMBER
from replay.store.tables import events, logs, observations
from replay.store.values import candidates

CHUNK = 1000
"""How many entries are written at a time, so that a long log needs little memory."""


class Incoming(Protocol):
    """A log on its way into the store; its entries are consumed once."""

    @property
    def header(self) -> LogHeader: ...
    @property
    def entries(self) -> Iterator[LogEntry]: ...
    @property
    def origin(self) -> Origin: ...


class AddedLog(NamedTuple):
    """What became of a recording: the name and fingerprint of its log, and how many events.

    stored: it is new. renamed: it is new, its own name was taken by other content. present:
    nothing was done, the log of this name has the same content.
    """

    name: str
    fingerprint: str
    events: int
    status: Literal["stored", "present", "renamed"]


class _Small(NamedTuple):
    """A recording whose entries are few enough to be held, and its rows with these numbers."""

    recording: Incoming
    entries: tuple[LogEntry, ...]
    log: int
    position: int
    rows: EntryRows

    @property
    def names(self) -> tuple[str, str]:
        """Those that its log may get."""
        return candidates(self.recording.header.name, self.rows.end.fingerprint)


class _Rest(NamedTuple):
    """A recording of which some entries were read."""

    header: LogHeader
    entries: Iterator[LogEntry]
    origin: Origin


def add_all(
    connection: Connection, recordings: Iterable[Incoming], rename: bool
) -> Iterator[AddedLog]:
    """Stores recordings one after another, small ones together: each question takes its time."""
    small: list[tuple[Incoming, tuple[LogEntry, ...]]] = []
    for recording in recordings:
        entries = iter(recording.entries)
        first = tuple(islice(entries, CHUNK))
        if len(first) < CHUNK:
            small.append((recording, first))
            if sum(len(held) for _, held in small) < CHUNK:
                continue
        yield from _add_small(connection, small, rename)
        small = []
        if len(first) == CHUNK:
            rest = _Rest(recording.header, chain(first, entries), recording.origin)
            yield add(connection, rest, rename)
    yield from _add_small(connection, small, rename)


def _add_small(
    connection: Connection,
    recordings: Iterable[tuple[Incoming, tuple[LogEntry, ...]]],
    rename: bool,
) -> list[AddedLog]:
    """Stores recordings that are held, with one question and one statement for each table."""
    small: list[_Small] = []
    log = position = 0
    for recording, entries in recordings:
        log = log or next_number(connection, logs.c.id)
        position = position or next_number(connection, events.c.position)
        small.append(_with_rows(recording, entries, log, position))
        log, position = log + 1, position + small[-1].rows.end.events
    if not small:
        return []
    taken = _fingerprints(connection, {name for it in small for name in it.names})
    log, position = small[0].log, small[0].position
    rows: dict[Table, list[EntryRow]] = {events: [], observations: [], logs: []}
    added = []
    for it in small:
        header, end = it.recording.header, it.rows.end
        name, status = place(taken, it.recording, end.fingerprint, rename)
        if status != "present":
            taken[name] = end.fingerprint
            if log != it.log:  # one before it is there already, and leaves no gap
                it = _with_rows(it.recording, it.entries, log, position)
            rows[events] += it.rows.events
            rows[observations] += it.rows.observations
            rows[logs].append(tuple(log_row(log, name, header, end).values()))
            log, position = log + 1, position + end.events
        added.append(AddedLog(name, end.fingerprint, end.events, status))
    for table, own_rows in rows.items():
        if own_rows:
            backend_of(connection).insert_rows(connection, table.name, INSERTED[table], own_rows)
    return added


def _with_rows(
    recording: Incoming, entries: tuple[LogEntry, ...], log: int, position: int
) -> _Small:
    """A recording with its rows. Raises StoreError if it has no event."""
    rows = entry_rows(entries, log, position, LogEnd())
    if not rows.end.events:
        raise _empty(recording)
    return _Small(recording, entries, log, position, rows)


def _fingerprints(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """The fingerprints of the stored logs among these names."""
    query = select(logs.c.name, logs.c.fingerprint).where(logs.c.name.in_(sorted(names)))
    return {row.name: row.fingerprint for row in connection.execute(query)}


def add(connection: Connection, recording: Incoming, rename: bool) -> AddedLog:
    """Stores one recording. Its entries are written as they come, and taken back if present.

    A failure is left to the transaction around: on a full disk all is undone already.
    """
    savepoint = connection.begin_nested()
    log = next_number(connection, logs.c.id)
    end = add_entries(connection, log, recording)
    taken = _fingerprints(connection, candidates(recording.header.name, end.fingerprint))
    name, status = place(taken, recording, end.fingerprint, rename)
    if status == "present":
        savepoint.rollback()
    else:
        row = log_row(log, name, recording.header, end)
        backend_of(connection).insert_rows(connection, logs.name, [*row], [tuple(row.values())])
        savepoint.commit()
    return AddedLog(name, end.fingerprint, end.events, status)


def next_number(connection: Connection, column: Any) -> int:
    """The number after the highest that is there or was given out.

    The transaction holds the only right to write. A log that was removed by hand leaves a gap so.
    """
    there = connection.scalar(select(func.coalesce(func.max(column), 0)))
    given_out = backend_of(connection).numbers_given_out(connection, column.table.name)
    if not isinstance(given_out, int) or max(there, given_out) >= LAST_NUMBER:
        raise StoreError(
            "the numbers of the database are damaged",
            do="replay verify tells more; go back to a backup",
        )
    return max(int(there), given_out) + 1


def add_entries(connection: Connection, log: int, recording: Incoming) -> LogEnd:
    """Writes the events and observations; returns the end of the log."""
    position, end = next_number(connection, events.c.position), LogEnd()
    while chunk := list(islice(recording.entries, CHUNK)):
        rows = entry_rows(chunk, log, position, end)
        for table, own in ((events, rows.events), (observations, rows.observations)):
            if own:
                backend_of(connection).insert_rows(connection, table.name, INSERTED[table], own)
        end = rows.end
    if not end.events:
        raise _empty(recording)
    return end


def _empty(recording: Incoming) -> StoreError:
    return StoreError(f"the log {recording.header.name} is empty", where=str(recording.origin))


def place(
    taken: Mapping[str, str], recording: Incoming, fingerprint: str, rename: bool
) -> tuple[str, Literal["stored", "present", "renamed"]]:
    """The name under which the log stands or may be stored, and which of the two it is."""
    own, alias = candidates(recording.header.name, fingerprint)
    for candidate in (own, alias) if rename else (own,):
        stored = taken.get(candidate)
        if stored == fingerprint:
            return candidate, "present"
        if stored is None:
            return candidate, "stored" if candidate == own else "renamed"
    raise StoreError(
        f"the log {candidate} is stored already with other content",
        where=str(recording.origin),
        do="give this one another name with --log NAME",
    )
