"""The tables' history, walked up and down over kept databases: nothing is lost on the way."""

import shutil
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from replay.errors import ReplayError
from replay.formats import read as ingest
from replay.store import unfinished as recordings
from replay.store.database import open_database
from replay.store.event_store import open_store
from replay.store.tables import metadata
from replay.store.values import REVISION
from tests.whole.children import command as command_line
from tests.whole.children import finish, killed_at
from tests.whole.soundness import unharmed

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "data" / "databases"
"""A database as each released revision made it, called like the revision."""

KNOWN = {
    "01a_open_qcow2": "b148cac1a8d1239180a660b09fbe95accd2fc6be98a5142cb689abcba7b1d117",
    "02d_snap3_qcow2": "bdbe53a4dc64f23bb07a933a2d37e6efa64ca842c139ef4119fe47be53bafa0d",
    "40a_reopen_after_snap": "a58e2f8b1c4e0e8e17324dd44bd2d96c10e82d3cfad4b81a4fc6c095169df6c9",
    "01a_open_qcow2@701b40a1": "701b40a128463df7b21f99d6b27a1f3fed88507c4a36900d1b2a78223fb7e2c9",
}
"""What all of them hold, among other logs."""

BROKEN_OFF = "c65d248ebaa109d16549d938714f71973225aaf479529bbdb6d6aaa7cd960ed4"
"""The log of the recording that goes on in the one of revision 0004."""


def history() -> list[str]:
    """All revisions, from the first on."""
    scripts = ScriptDirectory.from_config(config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def config() -> Config:
    return Config(toml_file=str(ROOT / "pyproject.toml"))


def dump(path: Path) -> tuple[dict[str, str], dict[str, list[tuple[object, ...]]]]:
    """The schema, white space apart, and the rows of every table."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        schema = {name: "".join(sql.split()) for name, sql in connection.execute(query)}
        tables = [name for name, sql in schema.items() if sql.startswith("CREATETABLE")]
        return schema, {
            table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables
        }


@pytest.fixture(params=history())
def kept(request, tmp_path, monkeypatch) -> Path:
    """A copy of the database kept from a revision; alembic's commands are about it."""
    path = Path(shutil.copy(KEPT / f"{request.param}.sqlite", tmp_path / f"{request.param}.db"))
    monkeypatch.setenv("REPLAY_DB", str(path))
    return path


def test_a_database_is_kept_of_every_revision():
    assert sorted(path.stem for path in KEPT.iterdir()) == sorted(history())
    assert history()[-1] == REVISION


def test_a_kept_database_is_upgraded_with_all_that_it_holds(kept):
    _, before = dump(kept)
    database = open_database(kept)
    assert database.revision == kept.stem
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.engine.dispose()
    assert unharmed(kept).items() >= KNOWN.items()
    _, after = dump(kept)
    assert after["events"] == before["events"]
    assert [row[:5] for row in after["logs"]] == [row[:5] for row in before["logs"]]


def test_an_upgraded_database_has_the_schema_of_a_new_one(kept, tmp_path):
    for path in (kept, tmp_path / "new.db"):
        open_database(path).engine.dispose()
    columns = [
        {name: sorted(sql.split(",")) for name, sql in dump(path)[0].items()}
        for path in (kept, tmp_path / "new.db")
    ]
    assert columns[0] == columns[1]


def test_a_kept_database_exports_what_was_imported(kept):
    with open_store(kept) as store:
        lines = list(store.export(["40a_reopen_after_snap"]))
    native = ROOT / "tests" / "data" / "native" / "40a_reopen_after_snap.jsonl"
    assert len(lines) == len(native.read_bytes().splitlines())


def test_every_step_goes_up_and_down_with_data(kept):
    """Down to the revision that a database was kept from, and up again."""
    before = dump(kept)
    open_database(kept).engine.dispose()
    command.downgrade(config(), kept.stem)
    assert dump(kept) == before
    open_database(kept).engine.dispose()
    assert unharmed(kept).items() >= KNOWN.items()


def test_every_step_goes_up_and_down_from_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("REPLAY_DB", str(tmp_path / "new.db"))
    for revision in history():
        command.upgrade(config(), revision)
        before = dump(tmp_path / "new.db")
        command.downgrade(config(), "base")
        assert dump(tmp_path / "new.db")[0].keys() == {"alembic_version", "sqlite_sequence"}
        command.upgrade(config(), revision)
        assert dump(tmp_path / "new.db")[0] == before[0]
    assert unharmed(tmp_path / "new.db") == {}


def test_a_downgrade_that_would_delete_is_refused_and_changes_nothing(kept):
    before = dump(kept)
    with pytest.raises(ReplayError, match="never deleted"):
        command.downgrade(config(), "base")
    assert dump(kept) == before


def test_a_recording_that_is_no_log_yet_outlives_a_downgrade_and_can_then_become_one(
    tmp_path, monkeypatch
):
    path = Path(shutil.copy(KEPT / "0004.sqlite", tmp_path / "kept.db"))
    monkeypatch.setenv("REPLAY_DB", str(path))
    before = dump(path)
    with pytest.raises(ReplayError, match=r"no logs yet.*never deleted"):
        command.downgrade(config(), "0003")
    assert dump(path) == before
    with open_store(path) as store:
        (one,) = recordings.unfinished(store.database)
        made = ingest.read_traffic(one.name, recordings.traffic(store.database, one))
        assert recordings.finish(store.database, one, made).events == 3
    command.downgrade(config(), "0003")
    assert unharmed(path).items() >= {**KNOWN, "broken-off": BROKEN_OFF}.items()


def test_an_interrupted_upgrade_leaves_the_old_schema_or_the_new_one(tmp_path):
    first = history()[0]
    old = dump(KEPT / f"{first}.sqlite")
    new = Path(shutil.copy(KEPT / f"{first}.sqlite", tmp_path / "new.db"))
    open_database(new).engine.dispose()
    states = []
    for point in count(1):
        db = Path(shutil.copy(KEPT / f"{first}.sqlite", tmp_path / "replay.db"))
        counted = tmp_path / "steps"
        words = (command_line, tmp_path / "out", "--db", db, "migrate")
        status = finish(killed_at, point, counted, *words)
        states.append([old, dump(new)].index(dump(db)))
        assert unharmed(db).items() >= KNOWN.items()
        db.unlink()
        if counted.exists():
            assert status == 0
            break
        assert status == -9
    assert states == sorted(states)
    assert set(states) == {0, 1}
