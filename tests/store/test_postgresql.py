"""PostgreSQL as the store: rights, passwords, many at a time, and damage."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command as alembic
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from replay.errors import ReplayError, Unavailable
from replay.events.event import Command, Event, LogHeader, Origin
from replay.formats import read as ingest
from replay.formats.read import Recording
from replay.store import unfinished as recordings
from replay.store.backup import backup
from replay.store.database import open_database
from replay.store.event_store import open_store
from replay.store.tables import GUARDS, metadata
from replay.store.values import REVISION
from replay.store.verify import verify
from tests.databases import sql
from tests.postgresql import Server, needed, running_server
from tests.whole.children import command, finish, start
from tests.whole.soundness import written

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
FILES = (
    *sorted((DATA / "native").glob("*.jsonl")),
    DATA / "recordings/05-snapshot-on-none.qmp.jsonl.xz",
)
TABLES = ("logs", "events", "observations", "recordings", "messages")

OWNER = "GRANT ALL ON SCHEMA {schema} TO {role};"
WRITER = """
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT INSERT ON logs, events, observations, recordings, messages TO {role};
GRANT DELETE ON recordings TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
"""
READER = """
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};
"""


@pytest.fixture
def url(postgresql: Server) -> str:
    """A new database with some logs, and a recording that is none yet."""
    url = postgresql.schema()
    with open_store(url) as store:
        for file in FILES:
            store.add(ingest.read(file))
        one = recordings.begin(store.database, "talk")
        recordings.append(store.database, one.id, [b'{"t":1}', b'{"t":2}'])
    return url


def role_in(server: Server, url: str, rights: str) -> str:
    """The URL by which a new role with these rights comes in."""
    schema = url.rpartition("%3D")[2]
    role = f"role_{schema}"
    server.run(f"SET search_path = {schema}; CREATE ROLE {role} LOGIN;")
    server.run(f"SET search_path = {schema}; {rights.format(role=role, schema=schema)}")
    return url.replace("postgres@/", f"{role}@/")


def exported(where: str | Path) -> bytes:
    with open_store(where) as store:
        return b"".join(store.export())


def test_the_same_logs_have_the_same_fingerprints_and_exports_as_in_a_file(url, tmp_path):
    path = tmp_path / "replay.db"
    with open_store(url) as there, open_store(path) as here:
        for file in FILES:
            here.add(ingest.read(file))
        assert here.logs() == there.logs()
        assert list(here.texts()) == list(there.texts())
    assert exported(path) == exported(url)


def test_names_are_sorted_alike_whatever_language_a_database_sorts_by(postgresql, tmp_path):
    names = ["b", "B", "a", "A", "-a", "é", "z", "\U0001f600"]
    url = postgresql.database("ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de'")
    for where in (url, tmp_path / "replay.db"):
        with open_store(where) as store:
            for name in names:
                event = Event(Command("hmp", "x"))
                store.add([Recording(LogHeader(name), iter([event]), Origin("x", 1))])
            assert [log.name for log in store.logs()] == sorted(names)


@pytest.mark.parametrize("text", ["\0", "a\0b\uffff0", "\uffff", "\uffff1\0\uffff0"])
def test_a_text_with_any_character_comes_back(postgresql, text):
    with open_store(postgresql.schema()) as store:
        event = Event(Command("hmp", text), Origin(f"file{text}", 1))
        store.add([Recording(LogHeader("a"), iter([event]), Origin("x", 1))])
        assert store.load("a").events == (event,)
        assert list(verify(store.database)) == []


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_what_is_stored_not_even_the_superuser(url, table, statement):
    if (statement, table) == ("DELETE FROM {}", "recordings"):
        return  # which becomes a log
    column = "checksum"
    text = statement.format(table, column, "'x'") + (" CASCADE" * statement.startswith("TR"))
    before = exported(url)
    for first in ("SELECT 1", "SET LOCAL session_replication_role = replica"):
        with pytest.raises(DBAPIError, match=r"never changed|only with their recording"):
            sql(url, first, text)
    assert exported(url) == before


def test_the_owner_of_the_tables_has_no_right_to_change_them(postgresql):
    url = postgresql.schema()
    owner = role_in(postgresql, url, OWNER)
    with open_store(owner) as store:
        store.add(ingest.read(FILES[-1]))
        one = recordings.begin(store.database, "talk")
        recordings.append(store.database, one.id, [b'{"t":1}'])
    for table in ("logs", "events", "observations"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(DBAPIError, match="permission denied"):
                sql(owner, statement)
        with pytest.raises(DBAPIError, match="permission denied"):
            sql(owner, f"UPDATE {table} SET checksum = ''")
        with pytest.raises(DBAPIError, match="never changed"):  # and having given itself the right
            sql(owner, f"GRANT ALL ON {table} TO CURRENT_USER", f"DELETE FROM {table}")


def test_a_role_that_may_only_add_can_do_all_that_adds_and_no_more(postgresql, url, tmp_path):
    writer = role_in(postgresql, url, WRITER)
    (tmp_path / "x.jsonl").write_bytes(FILES[0].read_bytes())
    with open_store(writer) as store:
        (stored,) = store.add(ingest.read(tmp_path / "x.jsonl"), rename=True)
        one = recordings.begin(store.database, "other")
        recordings.append(store.database, one.id, [b'{"t":1}'])
        (one,) = recordings.unfinished(store.database, "other")
        recordings.drop(store.database, one)
        assert list(verify(store.database)) == []
    assert stored.status == "present"
    for statement in (
        "DELETE FROM messages",
        "UPDATE logs SET name = 'x'",
        "DELETE FROM positions",
        "INSERT INTO positions VALUES (0)",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        'DROP TRIGGER "events_no_DELETE" ON events',
    ):
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            sql(writer, statement)


def test_a_role_that_may_only_read_reads_and_is_told_why_it_stores_nothing(postgresql, url):
    reader = role_in(postgresql, url, READER)
    assert exported(reader) == exported(url)
    with open_store(reader) as store:
        assert list(verify(store.database)) == []
        with pytest.raises(ReplayError, match=r"permission denied .*needs more rights"):
            recordings.begin(store.database, "x")


@pytest.fixture
def secretive(postgresql, url, monkeypatch) -> str:
    """The URL of a role that is let in with a password, which no variable has."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    postgresql.run("DROP ROLE IF EXISTS with_password")
    postgresql.run("CREATE ROLE with_password LOGIN SUPERUSER PASSWORD 's3cret'")
    return url.replace("postgres@/", "with_password@/")


def test_a_password_comes_from_the_environment_a_file_or_the_url(
    postgresql, secretive, url, monkeypatch, tmp_path
):
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    with pytest.raises(ReplayError, match=r"PGPASSWORD or ~/\.pgpass"):
        open_store(secretive)
    passwords = tmp_path / "pgpass"
    passwords.write_text("*:*:*:with_password:s3cret\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    assert exported(secretive) == exported(url)
    monkeypatch.delenv("PGPASSFILE")
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    assert exported(secretive) == exported(url)
    monkeypatch.delenv("PGPASSWORD")
    assert exported(secretive.replace("with_password@", "with_password:s3cret@")) == exported(url)


@pytest.mark.parametrize("password", ["s3cret", "wr0ng"])
def test_no_command_prints_a_password(secretive, tmp_path, password, monkeypatch):
    where = secretive.replace("with_password@", f"with_password:{password}@")
    monkeypatch.setenv("PGPASSWORD", "wr0ng")
    for words in (["migrate"], ["backup", tmp_path / "copy.db"], ["log", "none"], ["verify"]):
        status = finish(command, tmp_path / "out", "--db", where, *words)
        assert (status == 2) == (password == "wr0ng" or words[-1] == "none")
    text = (tmp_path / "out").read_text()
    assert "with_password:***@" in text
    assert not {word for word in ("s3cret", "wr0ng", "Traceback") if word in text}


def test_eight_writers_and_readers_at_a_time_lose_nothing(postgresql, tmp_path):
    url = postgresql.schema()
    files = written(tmp_path, 16, 50)
    writers = [
        start(command, tmp_path / f"out{n}", "--db", url, "import", *files[2 * n : 2 * n + 2])
        for n in range(8)
    ]

    def read(_: int) -> int:
        counts = []
        while any(writer.is_alive() for writer in writers):
            with open_store(url) as store:
                counts.append(len(store.logs()))
                assert list(verify(store.database)) == []
            assert counts == sorted(counts)
        return len(counts)

    with ThreadPoolExecutor(2) as readers:
        assert all(list(readers.map(read, range(2))))
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 8
    with open_store(url) as store:
        assert [log.events for log in store.logs()] == [50] * 16
        assert list(verify(store.database)) == []


def test_a_killed_writer_leaves_nothing_and_lets_the_next_one_in(postgresql, tmp_path):
    url = postgresql.schema()
    (large,) = written(tmp_path, 1, 60_000)
    writer = start(command, tmp_path / "out", "--db", url, "import", large)
    writing = "SELECT count(*) FROM pg_stat_activity WHERE starts_with(query, 'COPY events')"
    while not sql_unlocked(url, writing) and writer.is_alive():
        time.sleep(0.02)
    writer.kill()
    writer.join()
    with open_store(url) as store:
        assert store.logs() == ()
        store.add(ingest.read(FILES[0]))
        assert list(verify(store.database)) == []
    assert sql(url, "SELECT min(position) FROM events") == [(1,)]


def sql_unlocked(url: str, statement: str) -> int:
    """The number that a query gives, which waits for no writer."""
    database = open_database(url)
    with database.engine.connect() as connection:
        number = connection.exec_driver_sql(statement).scalar()
    database.engine.dispose()
    return int(number or 0)


def findings(url: str) -> set[tuple[str, int]]:
    with open_store(url) as store:
        return {(finding.log, finding.seq) for finding in verify(store.database)}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM events WHERE log = 1 AND seq = 2", (FILES[0].stem, 2)),
        ("UPDATE events SET payload = payload || ' ' WHERE position = 3",
         (FILES[0].stem, 3)),
        ("UPDATE events SET recorded = 1 WHERE position = 3", (FILES[0].stem, 3)),
        ("UPDATE logs SET name = 'x' WHERE id = 1", ("x", 0)),
        ("DELETE FROM events WHERE log = 5; DELETE FROM logs WHERE id = 5", ("", 0)),
        ("UPDATE messages SET line = '' WHERE number = 1", ("", 0)),
        ("DELETE FROM messages WHERE number = 1", ("", 0)),
    ],
)  # fmt: skip
def test_what_was_changed_behind_the_stores_back_is_found(url, statement, found):
    assert findings(url) == set()
    off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES]
    on = [
        f'ALTER TABLE {guard.split("_")[0]} ENABLE ALWAYS TRIGGER "{guard}"'
        for guard in (
            *GUARDS,
            *(f"{table}_no_TRUNCATE" for table in ("events", "logs", "observations", "messages")),
        )
    ]
    sql(url, "SET CONSTRAINTS ALL IMMEDIATE", *off, *statement.split(";"), *on)
    with open_store(url) as store:
        assert not [f for f in verify(store.database) if "trigger" in f.what]
    assert found in findings(url)


def test_a_protection_that_is_gone_or_off_is_found(url):
    for statement in (
        "ALTER TABLE events DISABLE TRIGGER ALL",
        'DROP TRIGGER "logs_no_TRUNCATE" ON logs',
        'ALTER TABLE messages ENABLE TRIGGER "messages_no_UPDATE"',
    ):
        sql(url, statement)
    with open_store(url) as store:
        missing = {f.what.split()[2] for f in verify(store.database) if "trigger" in f.what}
    assert missing == {
        "events_no_UPDATE", "events_no_DELETE", "logs_no_DELETE", "messages_no_UPDATE",
    }  # fmt: skip


def test_rows_that_belong_to_nothing_are_found(url):
    replica = "SET LOCAL session_replication_role = replica"
    lost = "INSERT INTO messages VALUES (99, 1, '{}', 'x')"
    seen = (
        "INSERT INTO observations (log, number, after, name, content, checksum)"
        " VALUES (99, 1, 1, 'x', '{}', 'x')"
    )
    sql(url, replica, lost, seen)
    with open_store(url) as store:
        whats = [finding.what for finding in verify(store.database)]
    assert any("of no log that is here" in what for what in whats)
    assert any("of no recording that is here" in what for what in whats)


def test_a_flipped_byte_in_a_tables_file_is_found(need, tmp_path):
    needed(need)
    with running_server() as server:
        url = server.database()
        with open_store(url) as store:
            store.add(ingest.read(FILES[0]))
        (payload,) = sql(url, "SELECT payload FROM events WHERE seq = 2")[0]
        ((name,),) = sql(url, "SELECT pg_relation_filepath('events')")
        sql(url, "SELECT 1")
        server.stop()
        file = server.place / "data" / name
        data = bytearray(file.read_bytes())
        data[data.index(str(payload).encode()) + 3] ^= 0xFF
        file.write_bytes(data)
        server.start()
        assert (FILES[0].stem, 2) in findings(url)


def test_the_server_may_restart_between_two_writes(need):
    needed(need)
    with running_server() as server, open_store(server.database()) as store:
        store.add(ingest.read(FILES[0]))
        server.stop()
        with pytest.raises(ReplayError, match="see whether the server runs"):
            store.logs()
        server.start()
        store.add(ingest.read(FILES[1]))
        assert len(store.logs()) == 2


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_text_is_refused(postgresql, encoding):
    url = postgresql.database(f"ENCODING '{encoding}' LOCALE 'C'")
    with pytest.raises(ReplayError, match=f"encoding {encoding}; .*createdb --encoding=UTF8"):
        open_store(url)


def test_without_the_driver_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Unavailable, match=r"pip install 'replay\[postgresql\]'"):
        open_store("postgresql://host/x")


def test_the_migrations_make_the_tables_and_go_down_and_up(postgresql, monkeypatch):
    url = postgresql.schema()
    database = open_database(url)
    assert database.revision is None
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    database.engine.dispose()
    assert [difference[1].name for difference in differences] == ["positions"]
    monkeypatch.setenv("REPLAY_DB", url)
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    for revision in ("0003", "0002", "0001", "base"):
        alembic.downgrade(config, revision)
    assert open_database(url).revision is None
    with open_store(url) as store:
        assert store.database.revision == REVISION
        store.add(ingest.read(FILES[0]))
        assert list(verify(store.database)) == []
    with pytest.raises(ReplayError, match="events, which are never deleted"):
        alembic.downgrade(config, "base")


def test_a_backup_is_a_file_with_the_same_rows(url, tmp_path):
    with open_store(url) as store:
        backup(store.database, tmp_path / "copy.db")
        with pytest.raises(ReplayError, match="exists already"):
            backup(store.database, tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
    assert exported(tmp_path / "copy.db") == exported(url)
    with open_store(tmp_path / "copy.db") as copy:
        assert list(verify(copy.database)) == []
        (one,) = recordings.unfinished(copy.database)
        assert list(recordings.traffic(copy.database, one)) == [b'{"t":1}\n', b'{"t":2}\n']
    for table, key in (("events", "position"), ("logs", "id"), ("messages", "number")):
        query = f"SELECT * FROM {table} ORDER BY {key}"
        assert sql(tmp_path / "copy.db", query) == sql(url, query)
    assert finish(command, tmp_path / "out", "--db", tmp_path / "copy.db", "verify") == 0
