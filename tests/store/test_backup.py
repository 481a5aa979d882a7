"""Backups: whole or not there, and never in the place of something else."""

import signal
from pathlib import Path

import pytest

from replay.errors import ReplayError
from replay.formats import read as ingest
from replay.store.backup import backup
from replay.store.event_store import open_store
from tests.whole.children import command, finish, killed_in_write, starved
from tests.whole.soundness import unharmed, written

ROOM = 40_000
"""Bytes that suffice to open the database, but not for a copy of it."""


@pytest.fixture
def db(tmp_path) -> Path:
    """A database with two logs."""
    path = tmp_path / "replay.db"
    with open_store(path) as store:
        for file in written(tmp_path, 2, 300):
            store.add(ingest.read(file))
    return path


def test_a_backup_is_the_database(db, tmp_path):
    out = tmp_path / "out"
    assert finish(command, out, "--db", db, "backup", tmp_path / "copy.db") == 0
    assert "is copied to" in out.read_text()
    assert unharmed(tmp_path / "copy.db") == unharmed(db)
    with open_store(db) as one, open_store(tmp_path / "copy.db") as other:
        assert b"".join(one.export()) == b"".join(other.export())


def test_a_file_that_is_there_is_not_overwritten(db, tmp_path):
    there = tmp_path / "there"
    there.write_text("something dear")
    with open_store(db) as store, pytest.raises(ReplayError, match="exists already"):
        backup(store.database, there)
    assert there.read_text() == "something dear"


def test_a_backup_that_fails_leaves_nothing_behind(db, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    with open_store(db) as store, pytest.raises(ReplayError, match="backup can't be made"):
        backup(store.database, place / "none" / "copy.db")
    out = tmp_path / "out"
    assert finish(starved, ROOM, command, out, "--db", db, "backup", place / "copy.db") == 2
    assert "copy.db: the backup can't be made" in out.read_text()
    assert list(place.iterdir()) == []
    assert len(unharmed(db)) == 2


def test_a_killed_backup_has_not_taken_the_name(db, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    words = (tmp_path / "out", "--db", db, "backup", place / "copy.db")
    assert finish(killed_in_write, ROOM, command, *words) == -signal.SIGXFSZ
    assert not (place / "copy.db").exists()
    assert finish(command, *words) == 0
    assert len(unharmed(place / "copy.db")) == 2
