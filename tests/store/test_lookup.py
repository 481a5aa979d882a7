"""Logs are looked up as the store loads them, and not at all where it has to be opened."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from replay.errors import ReplayError
from replay.events.event import Event, Guest, Log
from replay.formats.read import read
from replay.store.databases.driver import open_for_reading
from replay.store.event_store import open_store
from replay.store.lookup import open_lookup
from tests import traces
from tests.examples import PATCHES


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    """A database with the examples, and a recording with observations."""
    place = tmp_path_factory.mktemp("stored")
    logs = traces.unpack_logs(place) / "logs"
    with open_store(place / "replay.db") as store:
        for file in (*(PATCHES / "examples").glob("*.jsonl"), *sorted(logs.iterdir())[:20]):
            store.add(read(file))
    return place / "replay.db"


def test_every_log_is_as_the_store_loads_it(path):
    with open_store(path) as store, open_lookup(str(path)) as lookup:
        assert lookup is not None
        names = [info.name for info in store.logs()]
        assert len(names) > 20
        assert [lookup.load(name) for name in names] == [store.load(name) for name in names]
        assert lookup.load("nothing") is None
        assert lookup.load("\ud800") is None


def test_a_copy_is_the_log_of_that_content_under_the_name_that_it_would_have(tmp_path):
    here = tmp_path / "replay.db"
    one, other = (Log.of("log", [Event(Guest("read", "d", n, 1))]) for n in (0, 1))
    with open_store(here) as store:
        added = [store.add([Recorded(log)], rename=True)[0] for log in (one, other)]
    with open_lookup(str(here)) as lookup:
        assert lookup is not None
        found = [lookup.copy_of(log) for log in (one, other)]
        assert [log and log.name for log in found] == [log.name for log in added]
        assert lookup.copy_of(replace(one, name="third")) is None
        assert lookup.copy_of(Log.of("log", [Event(Guest("read", "d", 2, 1))])) is None


class Recorded:
    """A log on its way into the store."""

    def __init__(self, log: Log) -> None:
        self.header, self.entries, self.origin = log.header, log.entries(), None


@pytest.mark.parametrize("statement", ["UPDATE alembic_version SET version_num = '0001'", ""])
def test_another_database_is_left_to_the_store(statement, tmp_path):
    file = tmp_path / "replay.db"
    with open_store(file) if statement else closing(sqlite3.connect(file)):
        pass
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement or "CREATE TABLE things (name TEXT)")
    with open_lookup(str(file)) as lookup:
        assert lookup is None


@pytest.mark.parametrize("where", ["sqlite://", "sqlite:///replay.db", "nothing.db"])
def test_what_is_no_path_of_a_file_is_left_to_the_store_and_not_made(where, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_lookup(where) as lookup:
        assert lookup is None
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_log_is_left_to_the_store(tmp_path):
    file = tmp_path / "replay.db"
    with open_store(file) as store:
        store.add([Recorded(Log.of("log", [Event(Guest("read", "d", 0, 1))]))])
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TRIGGER events_no_UPDATE")
        connection.execute("UPDATE events SET payload = '{}'")
    with open_lookup(str(file)) as lookup:
        assert lookup is not None
        assert lookup.load("log") is None


def test_what_is_looked_up_is_of_one_moment_while_others_write(path, tmp_path):
    here = Path(shutil.copy(path, tmp_path / "replay.db"))
    with closing(open_for_reading(str(here))) as connection:
        count = "SELECT count(*) FROM logs"
        before = connection.execute(count).fetchall()
        event = '{"kind":"await","until":"settled"}'
        (tmp_path / "later.jsonl").write_text(f'{{"replay_log":1,"name":"later"}}\n{event}\n')
        with open_store(here) as store:
            store.add(read(tmp_path / "later.jsonl"))
        assert connection.execute(count).fetchall() == before
    with closing(open_for_reading(str(here))) as connection:
        assert connection.execute(count).fetchall() != before


@pytest.mark.parametrize("name", ["", " ", "\t\n", "a\0b"])
def test_what_is_no_name_makes_no_database(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReplayError, match="is empty or no name"):
        open_store(name)
    assert [*tmp_path.iterdir()] == []
