"""Where the store knows its databases: in one module each, and nowhere else."""

import re
from pathlib import Path

import pytest

from replay.errors import ReplayError
from replay.store.databases.backend import backend_of
from replay.store.event_store import open_store
from replay.store.url import without_password

ROOT = Path(__file__).parents[2]
STORE = ROOT / "replay" / "store"
PECULIAR = {
    "sqlite": r"sqlite|pragma|trigger \w+ before|begin immediate|text_factory",
    "postgresql": r"postgres|psycopg|plpgsql|advisory|\bpg_|\bcopy \{|search_path",
}
"""What stands in the own words of a database, by the module that has them."""


@pytest.mark.parametrize("module", PECULIAR)
def test_no_other_module_of_the_store_or_its_history_names_a_database(module):
    peculiar = re.compile(PECULIAR[module], re.IGNORECASE)
    others = {*STORE.glob("*.py"), *(ROOT / "migrations").rglob("*.py")}
    assert len(others) > 8
    assert {str(f.relative_to(ROOT)) for f in others if peculiar.search(f.read_text())} == set()
    assert len(peculiar.findall((STORE / "databases" / f"{module}.py").read_text())) > 10


@pytest.mark.parametrize(
    ("where", "module"),
    [
        ("replay.db", "sqlite"),
        (Path("postgresql:"), "postgresql"),
        ("sqlite:///x.db", "sqlite"),
        ("nosuchkind://x", "sqlite"),
        ("postgresql://host/x", "postgresql"),
        ("postgres://host/x", "postgresql"),
    ],
)
def test_a_url_says_which_database_is_meant(where, module):
    assert backend_of(where).__name__ == f"replay.store.databases.{module}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@host/x",
        "postgresql://me:s3cret@@/s3cret@host:port/x",
        "postgresql://me:s3cret@[::1/x",
        "postgresql://host/x?user=me&password=s3cret",
        "postgresql://host/x?sslpassword=s3cret&sslmode=require",
        "mysql://me:s3cret@host/x",
    ],
)
def test_a_password_is_in_no_error(url):
    assert "s3cret" not in without_password(url)
    with pytest.raises(ReplayError) as error:
        open_store(url)
    assert "s3cret" not in str(error.value)
