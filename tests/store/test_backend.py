"""Where the store knows its database: in two modules, and nowhere else."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STORE = ROOT / "replay" / "store"
BACKEND, DRIVER = STORE / "backend.py", STORE / "driver.py"
PECULIAR = re.compile(
    r"sqlite|pragma|trigger \w+ before|begin immediate|text_factory", re.IGNORECASE
)
"""What stands in SQLite's own words."""


def test_no_other_module_of_the_store_or_its_history_names_sqlite():
    own = {BACKEND, DRIVER}
    others = {*STORE.glob("*.py"), *(ROOT / "migrations").rglob("*.py")} - own
    assert len(others) > 8
    assert {str(f.relative_to(ROOT)) for f in others if PECULIAR.search(f.read_text())} == set()
    assert len(PECULIAR.findall(BACKEND.read_text())) > 10
