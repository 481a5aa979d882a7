"""Whether a database is whole, asked of SQLite itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from replay.store.event_store import open_store
from replay.store.verify import verify


def log_text(name: str, events: int) -> str:
    """A native log; no two names have the same content."""
    lines = [f'{{"replay_log":1,"name":"{name}","description":"a log of {events}"}}']
    lines += [
        f'{{"kind":"guest","name":"write","device":"{name}","sector":{n},"sectors":8,"pattern":1}}'
        for n in range(events)
    ]
    return "\n".join(lines) + "\n"


def written(directory: Path, count: int, events: int, prefix: str = "log") -> tuple[Path, ...]:
    """Files that hold a log each, called like them."""
    files = tuple(directory / f"{prefix}{number:03}.jsonl" for number in range(count))
    for file in files:
        file.write_text(log_text(file.stem, events))
    return files


def sound(db: Path) -> dict[str, str]:
    """The logs' fingerprints by name, in the order of being stored; fails unless all are whole."""
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if "logs" not in tables:
            return {}
        counted = connection.execute(
            "SELECT log, count(*), min(seq), max(seq) FROM events GROUP BY log"
        ).fetchall()
        logs = connection.execute("SELECT id, name, fingerprint, events FROM logs ORDER BY id")
        stored = {number: (name, digest, events) for number, name, digest, events in logs}
    found = {log: (first, last, events) for log, events, first, last in counted}
    assert found == {log: (1, events, events) for log, (_, _, events) in stored.items()}
    return {name: digest for name, digest, _ in stored.values()}


def unharmed(db: Path) -> dict[str, str]:
    """The same, and no row has changed."""
    with open_store(db) as store:
        assert list(verify(store.database)) == []
    return sound(db)


def answered(out: Path) -> list[str]:
    """The logs that imports have said to be stored, in order."""
    return [line.split()[1].rstrip(":") for line in whole_lines(out) if line.startswith("stored ")]


def whole_lines(out: Path) -> Iterator[str]:
    """The lines of a file that are written to their end."""
    if out.exists():
        yield from (line for line in out.read_text().splitlines(True) if line.endswith("\n"))
