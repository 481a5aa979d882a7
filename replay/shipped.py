"""Where the directories lie that come along with the program."""

from pathlib import Path

from replay.errors import ReplayError

PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The directory `name`: in an installed package inside it, in a checkout beside it."""
    for directory in (PACKAGE / name, PACKAGE.parent / name):
        if directory.is_dir():
            return directory
    raise ReplayError(f"the directory {name} did not come along", where=str(PACKAGE))
