"""Where the store knows its database: in one module, and nowhere else."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BACKEND = ROOT / "replay" / "store" / "backend.py"
PECULIAR = re.compile(
    r"sqlite|pragma|trigger \w+ before|begin immediate|text_factory", re.IGNORECASE
)
"""What stands in SQLite's own words."""


def test_no_other_module_of_the_store_or_its_history_names_sqlite():
    others = {*BACKEND.parent.glob("*.py"), *(ROOT / "migrations").rglob("*.py")} - {BACKEND}
    assert len(others) > 8
    assert {str(f.relative_to(ROOT)) for f in others if PECULIAR.search(f.read_text())} == set()
    assert len(PECULIAR.findall(BACKEND.read_text())) > 10
