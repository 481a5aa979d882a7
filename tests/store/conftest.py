"""What tests of the store share: a database of each kind."""

from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The path or URL of a new database, of each kind in turn."""
    if request.param == "sqlite":
        return str(tmp_path / "replay.db")
    return str(request.getfixturevalue("postgresql").schema())
