"""The schema's history: what an old, a new and a strange database meet."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from replay import files as shipped
from replay.errors import ReplayError
from replay.store.database import open_database
from replay.store.tables import metadata
from replay.store.values import REVISION

ROOT = Path(__file__).parents[2]


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def test_the_migrations_make_the_tables_that_the_store_uses(tmp_path: Path) -> None:
    database = open_database(tmp_path / "new.db")
    assert database.revision is None
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.engine.dispose()
    found = tables(tmp_path / "new.db")
    assert {"logs", "events", "events_no_UPDATE", "events_no_DELETE"} <= found


def test_the_newest_revision_is_the_one_that_the_program_knows() -> None:
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_a_database_before_its_first_revision_is_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    open_database(path).engine.dispose()
    again = open_database(path)
    assert again.revision == REVISION
    again.engine.dispose()


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    open_database(path).engine.dispose()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(ReplayError, match=r"newer\.db: .*newer than this program.*9999"):
        open_database(path)
    assert path.read_bytes() == before


def test_shipped_directories_are_found_beside_and_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shipped.shipped("migrations") == ROOT / "migrations"
    package = tmp_path / "replay"
    shutil.copytree(ROOT / "migrations", package / "migrations")
    monkeypatch.setattr(shipped, "PACKAGE", package)
    assert shipped.shipped("migrations") == package / "migrations"
    open_database(tmp_path / "new.db").engine.dispose()
    with pytest.raises(ReplayError, match="patches did not come along"):
        shipped.shipped("patches")


OPENING = """
import sys
from replay.store.event_store import open_store

open_store(sys.argv[1]).close()
assert "alembic" not in sys.modules
"""


def test_opening_a_database_of_today_imports_no_alembic(tmp_path: Path) -> None:
    open_database(tmp_path / "new.db").engine.dispose()
    subprocess.run([sys.executable, "-c", OPENING, tmp_path / "new.db"], check=True, cwd=ROOT)
