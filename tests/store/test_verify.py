"""verify: whatever byte of whatever event row changes, it is found, and where it is."""

import lzma
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from replay.errors import ReplayError
from replay.formats import read as ingest
from replay.store import unfinished as recordings
from replay.store.database import open_database
from replay.store.event_store import EventStore, open_store
from replay.store.rows import CHECKED, checksum
from replay.store.schema import LAST_NUMBER
from replay.store.tables import GUARDS, events, logs
from replay.store.verify import Finding, verify
from tests.whole.children import command, finish
from tests.whole.soundness import written

OTHER = (
    '{"replay_log":1,"name":"log001"}\n'
    '{"kind":"command","channel":"hmp","name":"x","arguments":"\u00fc","time":0.5}\n'
    '{"kind":"await","until":"settled"}\n'
)
RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"
EVENTS = [("log000", 1), ("log000", 2), ("log000", 3), ("log001", 1), ("log001", 2)]
"""The events of the database, in the order of their rows."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A small database: a log of three events, and one of two other kinds."""
    place = tmp_path_factory.mktemp("whole")
    (place / "log001.jsonl").write_text(OTHER)
    with open_store(place / "replay.db") as store:
        for file in (*written(place, 1, 3), place / "log001.jsonl"):
            store.add(ingest.read(file))
    return place / "replay.db"


@pytest.fixture
def db(whole, tmp_path) -> Path:
    """A copy of the database, to be damaged."""
    return Path(shutil.copy(whole, tmp_path / "replay.db"))


def findings(db: Path, *names: str) -> list[Finding]:
    with EventStore(open_database(db, make=False, suspect=True)) as store:
        return list(verify(store.database, names))


def places(found: list[Finding]) -> set[tuple[str, int]]:
    return {(finding.log, finding.seq) for finding in found}


def tamper(db: Path, *statements: str, check: Callable[[sqlite3.Connection], None] = id) -> None:
    """Runs statements behind the back of the triggers, which stand afterwards as before."""
    with closing(sqlite3.connect(db)) as connection, connection:
        kept = [
            connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", [guard]).fetchone()[
                0
            ]
            for guard in GUARDS
        ]
        for guard in GUARDS:
            connection.execute(f"DROP TRIGGER {guard}")
        for statement in statements:
            connection.execute(statement)
        check(connection)
        for trigger in kept:
            connection.execute(trigger)


def checksums(connection: sqlite3.Connection) -> None:
    """Gives every event the checksum of its columns, as one would who wants to hide something."""
    names = CHECKED[events]
    for values in connection.execute(f"SELECT {', '.join(names)} FROM events").fetchall():
        row = dict(zip(names, values, strict=True))
        connection.execute(
            "UPDATE events SET checksum = ? WHERE position = ?",
            [checksum(events, row), row["position"]],
        )


def cells(db: Path) -> Iterator[tuple[int, int]]:
    """Where in the file each row of an event stands: from its first byte up to the next row's.

    SQLite fills a leaf page from its end; the places of its cells stand behind the page's header.
    """
    data = db.read_bytes()
    with closing(sqlite3.connect(db)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'events'"
        (root,) = connection.execute(query).fetchone()
    leaf = root * size - size
    assert data[leaf] == 13, "a leaf of a table: all rows are on one page"
    count = int.from_bytes(data[leaf + 3 : leaf + 5], "big")
    starts = [
        leaf + int.from_bytes(data[leaf + 8 + 2 * n : leaf + 10 + 2 * n], "big")
        for n in range(count)
    ]
    ends = [leaf + size, *starts]
    yield from zip(starts, ends[: len(starts)], strict=True)


def test_a_whole_database_has_no_findings(db):
    assert findings(db) == []
    assert findings(db, "log001") == []


def test_a_flip_of_any_byte_of_any_event_row_is_found_by_log_and_seq(db):
    whole, missed = db.read_bytes(), []
    with open_store(db) as store:
        database = store.database
    for name, (start, end) in zip(EVENTS, cells(db), strict=True):
        assert end - start > 200
        for place in range(start, end):
            damaged = bytearray(whole)
            damaged[place] ^= 0xFF
            db.write_bytes(damaged)
            found = list(verify(database))
            database.engine.dispose()
            if name not in covered(found):
                missed.append((name, place - start))
    assert missed == []


def covered(found: list[Finding]) -> set[tuple[str, int]]:
    """The events that findings are about, all of a range."""
    ranges = [re.match(r"events (\d+) to (\d+) are missing", finding.what) for finding in found]
    return places(found) | {
        (finding.log, seq)
        for finding, match in zip(found, ranges, strict=True)
        if match
        for seq in range(int(match[1]), int(match[2]) + 1)
    }


MOVE = "UPDATE events SET {} WHERE log = {} AND seq = {}"
COPY = (
    "INSERT INTO events SELECT {}, {}, {}, kind, channel, name, payload, origin_file, origin_line,"
    " recorded, schema_version, fingerprint, checksum FROM events WHERE position = {}"
)
SWAP = (
    "UPDATE events SET seq = -seq WHERE log = 1 AND seq IN (2, 3)",
    "UPDATE events SET seq = 5 + seq WHERE log = 1 AND seq < 0",
)


@pytest.mark.parametrize("hide", [id, checksums], ids=["plain", "checksums computed anew"])
@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["DELETE FROM events WHERE log = 1 AND seq = 1"], {("log000", 1)}),
        (["DELETE FROM events WHERE log = 1 AND seq = 2"], {("log000", 2)}),
        (["DELETE FROM events WHERE log = 1 AND seq > 2"], {("log000", 3)}),
        (["DELETE FROM events WHERE log = 1"], {("log000", 1)}),
        (["DELETE FROM events WHERE position = 5"], {("log001", 2)}),
        (SWAP, {("log000", 2), ("log000", 3)}),
        ([COPY.format(9, 1, 4, 1)], {("log000", 4)}),
        ([COPY.format(9, 2, 3, 1)], {("log001", 3)}),
        ([COPY.format(9, 7, 1, 1)], {("", 0)}),
        (["DELETE FROM events", "DELETE FROM logs"], {("", 0)}),
        ([MOVE.format("log = 2, seq = 3", 1, 3)], {("log000", 3), ("log001", 3)}),
        ([MOVE.format("payload = replace(payload, '8', '9')", 1, 2)], {("log000", 2)}),
        (["UPDATE events SET payload = x'00' WHERE position = 2"], {("log000", 2)}),
    ],
)
def test_events_that_are_deleted_moved_copied_or_changed_are_found(db, statements, found, hide):
    tamper(db, *statements, check=hide)
    assert found <= places(findings(db))


@pytest.mark.parametrize(
    "change",
    ["recorded = 1", "origin_line = 7", "origin_file = 'x'", "kind = 'await'", "name = NULL",
     "channel = 'qmp'", "schema_version = 0", "fingerprint = 'x'", "checksum = 'x'"],
)  # fmt: skip
def test_every_column_of_an_event_counts(db, change):
    tamper(db, f"UPDATE events SET {change} WHERE position = 2")
    assert places(findings(db)) == {("log000", 2)}


@pytest.mark.parametrize(
    "change",
    ["name = 'renamed'", "header = replace(header, 'a log', 'no log')", "fingerprint = 'x'",
     "events = 2", "checksum = 'x'", "header = x'ff'"],
)  # fmt: skip
def test_a_change_of_a_log_s_own_row_is_found(db, change):
    tamper(db, f"UPDATE logs SET {change} WHERE id = 1")
    assert {place[1] for place in places(findings(db))} == {0}


@pytest.mark.parametrize("log", [1, 2])
def test_a_log_that_was_removed_whole_is_found(db, log):
    tamper(db, f"DELETE FROM events WHERE log = {log}", f"DELETE FROM logs WHERE id = {log}")
    (finding,) = findings(db)
    assert "missing with their log" in finding.what


def test_a_log_of_which_only_events_are_left_is_found(db):
    tamper(db, "DELETE FROM logs WHERE id = 2")
    assert len([f for f in findings(db) if "of no log that is here" in f.what]) == 2


def test_events_in_the_place_of_others_are_found_although_their_checksums_are_right(db):
    tamper(
        db,
        "UPDATE events SET payload = (SELECT payload FROM events WHERE position = 1)"
        " WHERE position = 3",
        check=checksums,
    )
    (finding,) = findings(db)
    assert finding == ("log000", 3, "does not go on from the event before it: not of this log")


def test_a_row_that_is_as_written_and_yet_no_event_is_found(db):
    change = "UPDATE events SET schema_version = 99, payload = '{}' WHERE position = 3"
    tamper(db, change, check=checksums)
    assert any("can't be read" in finding.what for finding in findings(db))


def test_all_findings_are_printed_and_the_status_is_1(db, tmp_path):
    tamper(
        db,
        "DELETE FROM events WHERE position = 2",
        "UPDATE events SET recorded = 1 WHERE position = 5",
    )
    assert finish(command, tmp_path / "out", "--db", db, "verify") == 1
    assert (tmp_path / "out").read_text() == (
        "log log000, event 2: is missing\n"
        "log log001, event 2: was changed: its checksum is another\n"
        "2 findings: go back to a backup, or import the recordings into a new database\n"
    )


def test_named_logs_alone_are_verified_and_a_whole_one_is_told_with_what_that_means(db, tmp_path):
    tamper(db, "DELETE FROM events WHERE position = 5")
    assert finish(command, tmp_path / "out", "--db", db, "verify", "log000") == 0
    with open_store(db) as store:
        assert store.logs(["log000"])[0].fingerprint[:12] in (tmp_path / "out").read_text()
    assert (
        "nothing found in 1 log with 3 events.\nThat rules out accidents"
        in (tmp_path / "out").read_text()
    )
    assert places(findings(db, "log001")) == {("log001", 2)}
    with pytest.raises(ReplayError, match="no log 'none'"):
        findings(db, "none")


def test_a_guard_that_is_gone_is_found(db):
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("DROP TRIGGER events_no_UPDATE")
    (finding,) = findings(db)
    assert "the trigger events_no_UPDATE is missing" in finding.what


def test_a_broken_index_is_found(db):
    """A row is there that the index does not know: only SQLite's own check can see that."""
    with closing(sqlite3.connect(db)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_events_1'"
        ((root,),) = connection.execute(query)
        ((size,),) = connection.execute("PRAGMA page_size")
    data = bytearray(db.read_bytes())
    data[root * size - 1] ^= 0x01
    db.write_bytes(data)
    assert any("index" in finding.what for finding in findings(db))


@pytest.fixture
def observed(tmp_path) -> Path:
    """A database with one log, whose recording saw something of the machine."""
    recording = RECORDINGS / "05-snapshot-on-none.qmp.jsonl.xz"
    (tmp_path / "seen.qmp").write_bytes(lzma.decompress(recording.read_bytes()))
    with open_store(tmp_path / "seen.db") as store:
        store.add(ingest.read(tmp_path / "seen.qmp"))
    return tmp_path / "seen.db"


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE observations SET content = '{}' WHERE number = 2", "observation after it was ch"),
        ("DELETE FROM observations WHERE number = 2", "an observation before another is missing"),
        ("UPDATE observations SET log = 9 WHERE number = 2", "is of no log that is here"),
    ],
)
def test_observations_that_were_changed_removed_or_moved_are_found(observed, statement, told):
    assert findings(observed) == []
    tamper(observed, statement)
    assert any(told in finding.what for finding in findings(observed))


@pytest.fixture
def broken_off(db) -> Path:
    """A database with a recording that is no log yet, beside its logs."""
    with open_store(db) as store:
        one = recordings.begin(store.database, "talk")
        recordings.append(store.database, one.id, [b'{"t":1}', b'{"t":2}', b'{"t":3}'])
    return db


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE messages SET line = '{}' WHERE number = 2", "message 2 of the recording talk was"),
        ("UPDATE messages SET line = x'ff' WHERE number = 2", "message 2 of the recording talk w"),
        ("DELETE FROM messages WHERE number = 1", "a message before message 2 of the recording"),
        ("UPDATE messages SET number = 4 WHERE number = 2", "before message 3 of the recording"),
        ("UPDATE messages SET recording = 9 WHERE number = 3", "is of no recording that is here"),
        ("UPDATE recordings SET name = 'x'", "the name of the recording x was changed"),
    ],
)
def test_messages_that_were_changed_removed_or_moved_are_found(broken_off, statement, told):
    assert findings(broken_off) == []
    tamper(broken_off, statement)
    assert any(told in finding.what for finding in findings(broken_off))


def test_a_header_that_is_as_written_and_yet_none_is_found(db):
    def hide(connection: sqlite3.Connection) -> None:
        names = CHECKED[logs]
        ((*values,),) = connection.execute(f"SELECT {', '.join(names)} FROM logs WHERE id = 1")
        digest = checksum(logs, dict(zip(names, values, strict=True)))
        connection.execute("UPDATE logs SET checksum = ? WHERE id = 1", [digest])

    tamper(db, "UPDATE logs SET header = '{}' WHERE id = 1", check=hide)
    (finding,) = findings(db)
    assert finding[:2] == ("log000", 0)
    assert "its header can't be read" in finding.what
    with open_store(db) as store, pytest.raises(ReplayError, match="the database is damaged"):
        store.load("log000")


@pytest.mark.parametrize(
    "change", ["recorded = 'nan'", "recorded = x'00'", "origin_file = x'ff'", "origin_line = 'x'"]
)
def test_a_time_or_place_that_became_something_else_is_told_by_every_reading(db, change):
    tamper(db, f"UPDATE events SET origin_file = 'f', {change} WHERE position = 2")
    with open_store(db) as store, pytest.raises(ReplayError, match=r"log000, event 2: .*damaged"):
        store.load("log000")


def test_a_name_that_became_bytes_is_told_by_every_list(db):
    tamper(db, "UPDATE logs SET name = x'00ff' WHERE id = 1")
    with open_store(db) as store:
        for reading in (store.logs, lambda: [*store.export()]):
            with pytest.raises(ReplayError, match="damaged: a log's name"):
                list(reading())


def test_a_text_that_became_bytes_is_told_by_every_reading(db):
    tamper(db, "UPDATE events SET payload = x'7b7d' WHERE position = 2")
    with open_store(db) as store, pytest.raises(ReplayError, match=r"log000, event 2: .*damaged"):
        store.load("log000")


HANGS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"


def test_a_log_that_was_removed_before_later_imports_is_found(db, tmp_path):
    tamper(db, "DELETE FROM events WHERE log = 2", "DELETE FROM logs WHERE id = 2")
    with open_store(db) as store:
        for file in written(tmp_path, 2, 4, "later"):
            store.add(ingest.read(file))
    (finding,) = findings(db)
    assert finding.what == "the events at positions 4 to 5 are missing with their log"


def table_with(part: str) -> str:
    """A statement that rewrites the table of events with something more in it."""
    return (
        "UPDATE sqlite_master SET sql = replace(sql, 'checksum TEXT NOT NULL',"
        f" 'checksum TEXT NOT NULL {part}') WHERE name = 'events'"
    )


ADDED = [
    (f"CREATE VIEW hang AS {HANGS}", "the view hang"),
    (f"CREATE TRIGGER t AFTER INSERT ON events BEGIN {HANGS}; END", "the trigger t"),
    (
        f"DROP TRIGGER logs_no_UPDATE; CREATE TRIGGER logs_no_UPDATE AFTER INSERT ON logs"
        f" BEGIN {HANGS}; END",
        "the trigger logs_no_UPDATE",
    ),
    ("CREATE INDEX i ON events (hex(zeroblob(1)))", "the index i"),
    (table_with("CHECK (hex(zeroblob(1)))"), "the computed part of the table events"),
    (
        f"DROP TABLE messages; CREATE VIEW messages AS {HANGS}",
        "the view messages",
    ),
]


@pytest.mark.parametrize(("statements", "named"), ADDED)
def test_what_was_added_and_could_run_is_named_and_nothing_is_read(db, statements, named):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.executescript(statements)
    (finding,) = findings(db)
    assert finding.what == f"{named} was added, which could run: nothing else was read"
    with pytest.raises(ReplayError, match="somebody added to the database what could run"):
        open_store(db)


@pytest.mark.parametrize(
    "change",
    ["seq = 'abc'", "seq = x'ff'", "log = x'ff'", "recorded = x'ff'", "payload = 7", "kind = x'61'",
     "position = 9223372036854775807", "position = -9223372036854775808"],
)  # fmt: skip
def test_rows_in_types_and_at_positions_that_no_import_writes_are_findings(db, change):
    def hide(connection: sqlite3.Connection) -> None:
        connection.create_function("digest", -1, digest)
        connection.execute(f"UPDATE events SET checksum = digest({', '.join(CHECKED[events])})")

    tamper(db, f"UPDATE events SET {change} WHERE position = 2", check=hide)
    assert findings(db)


def digest(*values: object) -> str:
    return checksum(events, dict(zip(CHECKED[events], values, strict=True)))


@pytest.mark.parametrize(
    ("number", "told"),
    [("9223372036854775807", "are missing with their log"), ("'abc'", "was changed"),
     ("x'ff'", "was changed"), ("1", "position 5 is there, and only 1 were given out")],
)  # fmt: skip
def test_a_change_of_the_numbers_given_out_is_found(db, number, told):
    tamper(db, f"UPDATE sqlite_sequence SET seq = {number} WHERE name = 'events'")
    (finding,) = findings(db)
    assert told in finding.what


@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET position = 9223372036854775807 WHERE position = 5",
     "UPDATE logs SET id = 9223372036854775807 WHERE id = 2",
     "UPDATE sqlite_sequence SET seq = 9223372036854775807",
     f"UPDATE sqlite_sequence SET seq = {LAST_NUMBER} WHERE name = 'events'",
     "UPDATE sqlite_sequence SET seq = 'abc'"],
)  # fmt: skip
def test_nothing_is_stored_behind_damaged_numbers(db, tmp_path, statement):
    tamper(db, statement)
    with open_store(db) as store, pytest.raises(ReplayError, match=r"numbers .* are damaged"):
        store.add(ingest.read(written(tmp_path, 1, 3, "later")[0]))


def test_what_is_wrong_with_the_file_alone_is_told_of_no_event(db):
    whole = bytearray(db.read_bytes())
    size = int.from_bytes(whole[16:18])
    pages = len(whole) // size + 1
    whole[28:32] = pages.to_bytes(4)
    db.write_bytes(whole + bytes(size))
    (finding,) = findings(db)
    assert (finding.log, finding.seq) == ("", 0)
    assert "never used" in finding.what


def test_damage_to_the_page_with_the_schema_ends_in_findings_or_in_the_failure_of_the_database(db):
    whole = db.read_bytes()
    for start in range(0, 4096, 64):
        for change in (bytes(64), b"\xff" * 64):
            db.write_bytes(whole[:start] + change + whole[start + 64 :])
            try:
                found = findings(db)
            except ReplayError:
                continue
            assert found or same_rows(whole, db), start


def same_rows(whole: bytes, db: Path) -> bool:
    """Whether a damaged database reads as the whole one does, all that it says of itself included.

    Some bytes of a page are of no use.
    """
    original = db.with_name("whole.db")
    original.write_bytes(whole)
    dumps = []
    for file in (original, db):
        with closing(sqlite3.connect(file)) as connection:
            dumps.append("\n".join(connection.iterdump()))
    return dumps[0] == dumps[1]


@pytest.mark.parametrize("content", [None, b""])
def test_no_database_is_made_to_be_verified_or_copied(tmp_path, content):
    db = tmp_path / "none.db"
    if content is not None:
        db.write_bytes(content)
    for words in (["verify"], ["backup", tmp_path / "copy.db"]):
        assert finish(command, tmp_path / "out", "--db", db, *words) == 2
        assert "no database is there" in (tmp_path / "out").read_text()
    assert not db.exists() if content is None else db.read_bytes() == content
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    "change",
    ["payload = replace(payload, '8', '9')", "payload = x'00'", "schema_version = 'x'",
     "schema_version = 0", "seq = 9"],
)  # fmt: skip
def test_a_log_of_which_an_event_changed_is_not_loaded(db, change, tmp_path):
    tamper(db, f"UPDATE events SET {change} WHERE position = 2")
    with open_store(db) as store, pytest.raises(ReplayError, match="database is damaged: "):
        store.load("log000")
    assert finish(command, tmp_path / "out", "--db", db, "run", "log000") == 2
    assert "the database is damaged: " in (tmp_path / "out").read_text()


def test_no_log_goes_under_the_fingerprint_of_another(db, tmp_path):
    tamper(db, "UPDATE logs SET fingerprint = (SELECT fingerprint FROM logs WHERE id = 2)")
    assert finish(command, tmp_path / "out", "--db", db, "run", "log000") == 2
    assert "log000: the database is damaged: its events are not" in (tmp_path / "out").read_text()


@pytest.mark.parametrize("change", ["fingerprint = x'00'", "header = x'00'", "events = 'x'"])
def test_a_list_of_logs_tells_which_row_is_none_any_more(db, change, tmp_path):
    tamper(db, f"UPDATE logs SET {change} WHERE id = 1")
    assert finish(command, tmp_path / "out", "--db", db, "logs") == 2
    assert "log log000: the database is damaged: " in (tmp_path / "out").read_text()


def test_a_recording_whose_name_is_none_any_more_is_told(db, tmp_path):
    with open_store(db) as store:
        recordings.begin(store.database, "half")
    tamper(db, "UPDATE recordings SET name = x'00'")
    assert finish(command, tmp_path / "out", "--db", db, "logs") == 2
    assert "a recording's name has become something else" in (tmp_path / "out").read_text()
