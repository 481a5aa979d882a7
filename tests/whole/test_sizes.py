"""Sizes: a recording is read in a stream, and no question to the database reads all of it."""

from pathlib import Path

import pytest
from sqlalchemy import event

from replay.store.event_store import EventStore, open_store
from tests.whole.children import command, finish, peak

SMALL, LARGE = 15, 50
"""Megabytes of recordings that are imported."""

SLACK = 16 * 1024
"""KiB that a large recording may take more than a small one."""


def recording(path: Path, megabytes: int) -> Path:
    """A native log of this size, of events of 10 kB each."""
    text = "x" * 10_000
    line = f'{{"kind":"command","channel":"qmp","name":"x","arguments":{{"text":"{text}"}}}}\n'
    with path.open("w") as file:
        file.write(f'{{"replay_log":1,"name":"{path.stem}"}}\n')
        for _ in range(megabytes * 100):
            file.write(line)
    return path


def memory(tmp_path: Path, *words: str | Path) -> int:
    """KiB that the command took at most."""
    assert finish(peak, tmp_path / "peak", command, tmp_path / "out", *words) == 0
    return int((tmp_path / "peak").read_text())


def test_memory_does_not_grow_with_the_recording(tmp_path):
    db = tmp_path / "replay.db"
    took = {}
    for size in (SMALL, LARGE):
        file = recording(tmp_path / f"of{size}.jsonl", size)
        took[size] = [
            memory(tmp_path, "--db", db, "import", file),
            memory(tmp_path, "--db", db, "import", file),  # is stored already
            memory(tmp_path, "--db", db, "export", file.stem, "-o", tmp_path / "exported"),
            memory(tmp_path, "--db", db, "verify", file.stem),
        ]
        assert (tmp_path / "exported").stat().st_size > size * 1_000_000
    for small, large in zip(took[SMALL], took[LARGE], strict=True):
        assert large < small + SLACK


def test_a_line_without_end_is_refused_early(tmp_path):
    """The file has 10 GB; what is read of it is what a line may have."""
    file = tmp_path / "endless.jsonl"
    with file.open("wb") as opened:
        opened.write(b'{"replay_log":1,"name":"endless"}\n')
        opened.truncate(10_000_000_000)
    words = (tmp_path / "out", "--db", tmp_path / "replay.db", "import", file)
    assert finish(peak, tmp_path / "peak", command, *words) == 2
    assert "endless.jsonl:2: a line longer than 100000000 bytes" in (tmp_path / "out").read_text()
    assert int((tmp_path / "peak").read_text()) < 500_000


@pytest.fixture
def store(tmp_path) -> EventStore:
    """A store with two logs, open."""
    files = [recording(tmp_path / f"{name}.jsonl", 1) for name in ("a", "b")]
    assert finish(command, tmp_path / "out", "--db", tmp_path / "replay.db", "import", *files) == 0
    with open_store(tmp_path / "replay.db") as opened:
        yield opened


def test_logs_are_listed_and_found_without_reading_others(store):
    """What SQLite plans for every question that listing, finding and loading ask it."""
    asked: list[tuple[str, tuple[object, ...]]] = []
    with store.database.engine.connect() as connection:

        def note(_c, _cursor, statement, parameters, *_):
            asked.append((statement, parameters))

        event.listen(store.database.engine, "before_cursor_execute", note)
        store.logs()
        store.holds("b")
        store.logs(["b"])
        store.load("b")
        event.remove(store.database.engine, "before_cursor_execute", note)
        plans = {
            detail
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for *_, detail in connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
        }
    assert plans == {
        "SCAN logs USING INDEX sqlite_autoindex_logs_1",
        "SEARCH logs USING INDEX sqlite_autoindex_logs_1 (name=?)",
        "SEARCH events USING INDEX sqlite_autoindex_events_1 (log=?)",
        "SEARCH observations USING INDEX sqlite_autoindex_observations_1 (log=?)",
    }
