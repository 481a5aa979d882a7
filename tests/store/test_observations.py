"""What recordings saw is kept beside the events: stored, exported, checked, never changed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError

from replay.errors import ReplayError
from replay.events.event import Event, LogHeader, Observation, Origin, fingerprint
from replay.events.json_form import observation_line, parse_entry
from replay.formats import read as ingest
from replay.formats.read import Recording
from replay.store.database import open_database
from replay.store.event_store import open_store
from replay.store.verify import verify
from tests.databases import sql, tamper

DATA = Path(__file__).parents[1] / "data"
RECORDING = DATA / "recordings/05-snapshot-on-none.qmp.jsonl.xz"
NAME = "05-snapshot-on-none"


@pytest.fixture
def path(where: str) -> str:
    """A database with a recording in it."""
    with open_store(where) as store:
        store.add(ingest.read(RECORDING))
    return where


def test_observations_come_back_at_their_places(path: str) -> None:
    with open_store(path) as store:
        log = store.load(NAME)
    names = [(seen.after, seen.name) for seen in log.observations if seen.after < 4]
    assert names == [
        (3, "query-version"),
        *((3, name) for name in STATE),
        (3, "info block -v"),
        *((3, name) for name in STATE),
    ]
    assert log.observations[-1].after == 7
    assert log.observations[1].answer[0]["device"] == "drive0"
    assert log.observations[1].origin is not None


STATE = ("query-block", "query-named-block-nodes", "x-debug-query-block-graph")


def test_a_log_has_the_same_fingerprint_with_and_without_observations(path: str) -> None:
    with open_store(path) as store:
        log = store.load(NAME)
        assert log.observations
        assert log.fingerprint == fingerprint(log.events)
        (again,) = store.add([Recording(LogHeader(NAME), iter(log.events), Origin("x", 1))])
        assert again.status == "present"


def test_an_exported_log_brings_its_observations_along(path: str, tmp_path: Path) -> None:
    exported = tmp_path / "exported.jsonl"
    with open_store(path) as store, open_store(tmp_path / "other.db") as other:
        exported.write_bytes(b"".join(store.export()))
        other.add(ingest.read(exported))
        before, after = store.load(NAME), other.load(NAME)
        assert list(other.export()) == list(store.export())
    assert after.fingerprint == before.fingerprint
    assert [(s.after, s.name, s.answer, s.recorded) for s in after.observations] == [
        (s.after, s.name, s.answer, s.recorded) for s in before.observations
    ]


def test_what_was_seen_before_the_first_event_has_the_place_0(tmp_path: Path) -> None:
    event = parse_entry(b'{"kind":"await","until":"settled"}', None)
    assert isinstance(event, Event)
    seen = [Observation("a", 1), event, Observation("b", 2)]
    with open_store(tmp_path / "replay.db") as store:
        store.add([Recording(LogHeader("x"), iter(seen), Origin("x", 1))])
        assert [(s.after, s.name) for s in store.load("x").observations] == [(0, "a"), (1, "b")]
        assert b'"name":"a"' in list(store.export())[1]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"kind":"observation","answer":1}', "missing required field `name`"),
        (b'{"kind":"observation","name":"a"}', "missing required field `answer`"),
        (b'{"kind":"observation","name":"a","answer":1,"after":3}', "unknown field 'after'"),
        (b'{"kind":"observation","name":"a","answer":99999999999999999999}', "64 bits"),
        (b'{"kind":"observation","name":"a","answer":1,"arguments":[]}', "Expected `object`"),
    ],
)
def test_a_line_that_is_no_observation_is_refused(line: bytes, reason: str) -> None:
    with pytest.raises(ReplayError, match=f"f:7: not an observation: .*{reason}"):
        parse_entry(line, Origin("f", 7))


def test_an_observation_is_the_same_after_a_trip_through_its_line() -> None:
    seen = Observation("query-x", [{"b": 1, "a": None}], {"flat": True}, recorded=1.5)
    assert parse_entry(observation_line(seen), None) == seen


@pytest.mark.parametrize(
    "change", ["UPDATE observations SET after = 0", "DELETE FROM observations WHERE number = 1"]
)
def test_the_database_refuses_to_change_observations(path: str, change: str) -> None:
    with pytest.raises(IntegrityError, match="observations are never changed"):
        sql(path, change)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE observations SET after = 1 WHERE number = 5", "was changed"),
        ("UPDATE observations SET content = '' WHERE number = 5", "was changed"),
        ("DELETE FROM observations WHERE number = 5", "is missing"),
        ("UPDATE observations SET number = 99 WHERE number = 5", "was changed"),
    ],
)
def test_verify_finds_changed_and_missing_observations(path: str, change: str, found: str) -> None:
    tamper(path, change)
    database = open_database(path)
    findings = [finding for finding in verify(database, [NAME]) if found in finding.what]
    database.engine.dispose()
    assert findings
    assert findings[0].log == NAME


def migrated(monkeypatch: pytest.MonkeyPatch, path: str | Path) -> Callable[[str], None]:
    monkeypatch.setenv("REPLAY_DB", str(path))
    config = Config(toml_file=str(DATA.parents[1] / "pyproject.toml"))
    return lambda revision: (
        command.downgrade(config, revision)
        if revision == "0002"
        else command.upgrade(config, "head")
    )


def test_a_database_goes_down_and_up_again_without_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.db"
    shutil.copy(DATA / "databases/0001.sqlite", path)
    open_database(path).engine.dispose()
    before = sql(path, "SELECT * FROM events ORDER BY position")
    migrate = migrated(monkeypatch, path)
    migrate("0002")
    assert sql(path, "SELECT version_num FROM alembic_version") == [("0002",)]
    migrate("0003")
    assert sql(path, "SELECT * FROM events ORDER BY position") == before != []


def test_a_database_with_observations_does_not_go_down(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = sql(path, "SELECT count(*) FROM observations")
    with pytest.raises(ReplayError, match="holds observations, which are never deleted"):
        migrated(monkeypatch, path)("0002")
    assert sql(path, "SELECT count(*) FROM observations") == count


def test_places_in_a_log_are_counted_from_one(path: str) -> None:
    assert sql(path, "SELECT min(seq) FROM events") == [(1,)]
    assert sql(path, "SELECT min(number) FROM observations") == [(1,)]
