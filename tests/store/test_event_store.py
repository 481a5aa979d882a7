"""The event store, on real databases of each kind."""

import tracemalloc
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError, IntegrityError

from replay.errors import ReplayError
from replay.events.event import Await, Event, Guest, Image, LogHeader, Origin, fingerprint
from replay.formats import read as ingest
from replay.formats.read import Recording
from replay.store.event_store import EventStore, open_store
from replay.store.rows import CHECKED, checksum
from tests.databases import sql, tamper
from tests.events.test_event import events, headers

DATA = Path(__file__).parents[1] / "data/native"
LOG = DATA / "40a_reopen_after_snap.jsonl"
NAME = LOG.stem
EVERYTHING = "SELECT * FROM events JOIN logs ON events.log = logs.id ORDER BY position"
NUMBERS = count()
"""Makes names that no log had before."""
ORIGIN = Origin("some.jsonl", 1)


def logged(name: str, found: Iterable[Event]) -> Recording:
    return Recording(LogHeader(name), iter(found), ORIGIN)


def reads(device: str, count: int) -> Iterator[Event]:
    return (Event(Guest("read", device, sector, 1)) for sector in range(count))


def import_all(store: EventStore, *files: Path) -> list[str]:
    recordings = chain.from_iterable(ingest.read(file) for file in files)
    return [stored.status for stored in store.add(recordings)]


@pytest.fixture
def store(where: str) -> Iterator[EventStore]:
    with open_store(where) as opened:
        yield opened


def test_a_log_comes_back_as_it_was_read(store: EventStore) -> None:
    (stored,) = store.add(ingest.read(LOG))
    read = next(ingest.read(LOG))
    found = list(read.events)
    assert stored == (NAME, fingerprint(found), len(found), "stored")
    log = store.load(NAME)
    assert (log.name, log.header, list(log.events)) == (NAME, read.header, found)
    assert log.fingerprint == stored.fingerprint
    (listed,) = store.logs()
    assert listed == (NAME, read.header.description, stored.fingerprint, len(found))


def test_the_store_is_kept(where: str) -> None:
    for status in ("stored", "present"):
        with open_store(where) as store:
            assert import_all(store, LOG) == [status]


def test_a_file_has_a_url_too(tmp_path: Path) -> None:
    for where in (f"sqlite:///{tmp_path}/replay.db", tmp_path / "replay.db"):
        with open_store(where) as store:
            import_all(store, LOG)
            assert len(store.logs()) == 1


def test_the_same_content_again_is_present_and_changes_nothing(
    store: EventStore, where: str
) -> None:
    (first,) = store.add(ingest.read(LOG))
    before = sql(where, "SELECT * FROM events")
    assert store.add(ingest.read(LOG)) == (first._replace(status="present"),)
    assert sql(where, "SELECT * FROM events") == before
    assert len(store.logs()) == 1


def test_a_name_taken_by_other_content_is_refused_or_makes_way(store: EventStore) -> None:
    store.add([logged("a", reads("d0", 2))])
    with pytest.raises(ReplayError, match=r"some.jsonl:1: the log a is stored .* --log NAME"):
        store.add([logged("a", reads("d1", 2))])
    (stored,) = store.add([logged("a", reads("d1", 2))], rename=True)
    assert stored.status == "renamed"
    assert stored.name == f"a@{stored.fingerprint[:8]}"
    assert store.load(stored.name).header.name == stored.name
    again = store.add([logged("a", reads("d1", 2))], rename=True)
    assert again == (stored._replace(status="present"),)
    assert [log.name for log in store.logs()] == ["a", stored.name]


def test_a_long_name_can_make_way_too(store: EventStore) -> None:
    store.add([logged("a" * 200, reads("d0", 1))])
    (stored,) = store.add([logged("a" * 200, reads("d1", 1))], rename=True)
    assert store.load(stored.name).header.name == stored.name


def test_exports_are_stable_and_import_back(store: EventStore, tmp_path: Path) -> None:
    files = sorted(DATA.glob("*.jsonl"))
    assert set(import_all(store, *reversed(files))) == {"stored"}
    exported = tmp_path / "all.jsonl"
    exported.write_bytes(b"".join(store.export()))
    with open_store(tmp_path / "other.db") as other:
        assert import_all(other, exported) == ["stored"] * len(files)
        assert b"".join(other.export()) == exported.read_bytes()
        assert [log.fingerprint for log in other.logs()] == [
            log.fingerprint for log in store.logs()
        ]
    assert import_all(store, exported) == ["present"] * len(files)


def test_a_renamed_log_is_exported_under_the_name_it_has(store: EventStore, tmp_path: Path) -> None:
    store.add([logged("a", reads("d0", 1)), logged("b", reads("d0", 1))])
    (stored,) = store.add([logged("a", reads("d1", 1))], rename=True)
    exported = tmp_path / "two.jsonl"
    exported.write_bytes(b"".join(store.export([stored.name, "a"])))
    assert [recording.header.name for recording in ingest.read(exported)] == [stored.name, "a"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(headers, st.lists(events, min_size=1, max_size=5))
def test_any_events_survive_the_store_and_the_native_form(
    store: EventStore, tmp_path: Path, header: LogHeader, found: list[Event]
) -> None:
    header = msgspec.structs.replace(header, name=f"{next(NUMBERS)} {header.name}"[:200])
    path = tmp_path / "exported.jsonl"
    (stored,) = store.add([Recording(header, iter(found), ORIGIN)], rename=True)
    log = store.load(stored.name)
    assert (log.header, list(log.events)) == (
        msgspec.structs.replace(header, name=stored.name),
        found,
    )
    path.write_bytes(b"".join(store.export([stored.name])))
    assert store.add(ingest.read(path)) == (stored._replace(status="present"),)


def test_a_failure_midway_stores_nothing(store: EventStore, where: str, tmp_path: Path) -> None:
    def breaks_off() -> Iterator[Event]:
        yield from reads("d0", 2500)
        raise ReplayError("here it ends")

    with pytest.raises(ReplayError, match="here it ends"):
        store.add([logged("whole", reads("d0", 1)), logged("broken", breaks_off())])
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(LOG.read_bytes() + b"{\n")
    with pytest.raises(ReplayError, match=r"bad\.jsonl:"):
        import_all(store, DATA / "01a_open_qcow2.jsonl", bad)
    assert store.logs() == ()
    assert sql(where, "SELECT count(*) FROM events") == [(0,)]
    store.add([logged("later", reads("d0", 1))])
    assert sql(where, "SELECT position FROM events") == [(1,)]


def test_a_log_without_events_is_refused(store: EventStore) -> None:
    with pytest.raises(ReplayError, match="the log a is empty"):
        store.add([logged("a", ())])


def test_an_unknown_log_is_refused_with_the_nearest_names(store: EventStore) -> None:
    with pytest.raises(ReplayError, match="see replay logs"):
        store.load(NAME)
    import_all(store, LOG, DATA / "01a_open_qcow2.jsonl")
    with pytest.raises(ReplayError, match=f"the nearest are {NAME}$"):
        store.load("40a_reopen_after_snapshot")
    with pytest.raises(ReplayError, match="no log 'none'"):
        list(store.export([NAME, "none"]))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET recorded = 1",
        "DELETE FROM events WHERE seq = 1",
        "INSERT INTO events SELECT 99, log, seq, kind, channel, name, payload, origin_file,"
        " origin_line, recorded, schema_version, fingerprint, checksum FROM events WHERE seq = 1",
        "UPDATE logs SET header = '{}'",
        "DELETE FROM logs",
        "INSERT INTO logs SELECT 99, name, header, fingerprint, events, checksum FROM logs",
    ],
)
def test_the_database_itself_refuses_to_change_what_is_stored(
    store: EventStore, where: str, statement: str
) -> None:
    import_all(store, LOG)
    before = sql(where, EVERYTHING)
    with pytest.raises(IntegrityError, match=r"never changed|UNIQUE|unique"):
        sql(where, statement)
    assert sql(where, EVERYTHING) == before


@pytest.mark.parametrize("table", CHECKED, ids=str)
def test_every_column_is_in_the_checksum(store: EventStore, where: str, table: Table) -> None:
    import_all(store, LOG)
    columns = CHECKED[table]
    for *values, stored in sql(where, f"SELECT {', '.join(columns)}, checksum FROM {table}"):
        row = dict(zip(columns, values, strict=True))
        assert checksum(table, row) == stored
        for column in columns:
            assert checksum(table, {**row, column: "other"}) != stored


def test_positions_go_on_over_all_logs(store: EventStore, where: str) -> None:
    store.add([logged("a", reads("d0", 3))])
    store.add([logged("b", reads("d1", 2)), logged("c", reads("d2", 2))])
    rows = sql(where, "SELECT position, log, seq FROM events ORDER BY position")
    assert rows == [(1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 1), (5, 2, 2), (6, 3, 1), (7, 3, 2)]


def test_a_large_log_takes_little_memory(store: EventStore) -> None:
    store.add([logged("small", reads("d0", 3000))])
    tracemalloc.start()
    try:
        store.add([logged("large", reads("d0", 12_000))])
        for _ in store.export(["large"]):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_a_damaged_row_is_an_error_that_names_it(store: EventStore, where: str) -> None:
    store.add([logged("a", reads("d0", 2))])
    tamper(where, "UPDATE events SET payload = '{}' WHERE seq = 2")
    with pytest.raises(ReplayError, match="log a, event 2: the database is damaged"):
        store.load("a")


def test_many_writers_at_a_time_lose_nothing(where: str) -> None:
    def write(number: int) -> str:
        with open_store(where) as store:
            return store.add([logged(f"log{number}", reads("d0", 50))])[0].status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(16))) == ["stored"] * 16
    with open_store(where) as store:
        assert [log.events for log in store.logs()] == [50] * 16


def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_bytes(b"this is no database\n" * 100)
    with pytest.raises(ReplayError, match=r"text\.db: .*file is not a database"):
        open_store(text)
    assert text.read_bytes() == b"this is no database\n" * 100
    cut = tmp_path / "cut.db"
    with open_store(tmp_path / "whole.db") as store:
        import_all(store, LOG)
    cut.write_bytes((tmp_path / "whole.db").read_bytes()[:5000])
    with pytest.raises(ReplayError, match="malformed"):
        open_store(cut)


def test_a_database_of_another_program_is_refused_and_left_alone(where: str) -> None:
    sql(where, "CREATE TABLE bookmarks (url TEXT)")
    before = sql(where, "SELECT * FROM bookmarks")
    with pytest.raises(ReplayError, match="not one of replay"):
        open_store(where)
    assert sql(where, "SELECT * FROM bookmarks") == before
    with pytest.raises(DBAPIError):
        sql(where, "SELECT * FROM logs")


@pytest.mark.parametrize("place", ["", "missing/replay.db", "file/replay.db"])
def test_a_place_where_no_database_can_be_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReplayError, match="unable to open"):
        open_store(tmp_path / place)


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite+nothing:///x", "://", "no such://x"])
def test_a_url_that_is_not_sqlites_is_refused(url: str) -> None:
    with pytest.raises(ReplayError):
        open_store(url)


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(ReplayError, match="say --db FILE"):
        open_store(name)


def test_a_database_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "replay.db"
    with open_store(path) as store:
        import_all(store, LOG)
    with open_store(f"sqlite:///file:{path}?mode=ro&uri=true") as store:
        assert store.load(NAME).name == NAME
        with pytest.raises(ReplayError, match="readonly"):
            store.add([logged("a", [Event(Await("settled"))])])


def test_a_stored_header_keeps_the_keys_that_nobody_knows(store: EventStore) -> None:
    header = LogHeader("a", "what it is", {"steps": [1], "future": {"x": None}})
    store.add([Recording(header, reads("d0", 1), ORIGIN)])
    assert store.load("a").header == header
    line = next(iter(store.export()))
    assert msgspec.json.decode(line)["future"] == {"x": None}


def test_connections_to_files_are_durable_strict_and_patient(tmp_path: Path) -> None:
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    with (
        open_store(tmp_path / "replay.db") as store,
        store.database.engine.connect() as connection,
    ):
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas}
    assert found == pragmas


def test_small_logs_that_are_stored_together_leave_no_gap(store: EventStore, where: str) -> None:
    store.add([logged("b", reads("d1", 2))])
    together = (
        *(("a", "d0", 3), ("b", "d1", 2), ("b", "d2", 2), ("c", "d3", 1200), ("a", "d0", 3)),
        *(("b", "d2", 2), ("d", "d4", 1)),
    )
    added = store.add((logged(n, reads(device, k)) for n, device, k in together), rename=True)
    assert [log.status for log in added] == [
        *("stored", "present", "renamed", "stored", "present", "present", "stored")
    ]
    assert [log.events for log in added] == [count for _, _, count in together]
    positions = [row[0] for row in sql(where, "SELECT position FROM events ORDER BY position")]
    assert positions == [*range(1, 2 + 3 + 2 + 1200 + 1 + 1)]
    assert [row[0] for row in sql(where, "SELECT id FROM logs ORDER BY id")] == [1, 2, 3, 4, 5]
    for log in added:
        loaded = store.load(log.name)
        assert (loaded.fingerprint, fingerprint(loaded.events)) == (log.fingerprint,) * 2


def test_a_shape_is_the_same_for_logs_that_differ_in_what_they_name(store: EventStore) -> None:
    def logs(name: str, count: int) -> Recording:
        return logged(name, (Event(Image(f"/{name}", "qcow2", 1 << 20)), *reads(name, count)))

    store.add([logs("a", 3), logs("b", 3)])
    store.add([logs("c", 4)])
    shapes = store.shapes()
    assert shapes["a"] == shapes["b"] != shapes["c"]
