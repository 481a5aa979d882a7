"""Remembering in the user's cache that a series applies and all its trees are in the language.

The cache holds digests, no code and nothing that is made into code: a function that runs is checked
all the same, when it is called first. It may be deleted at any time, and what is damaged in it
counts as nothing.
"""

import sys
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import msgspec

from replay import language, series
from replay.files import file_beside

VERSION = 2
MOST_REMEMBERED = 100
"""Series in the cache; working on patches makes a new one with every change."""


class CheckedSeries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of the cache says: what has this digest was checked by these rules."""

    version: int
    rules: str
    machine: str
    digest: str


def is_checked(digest: str, machine: str) -> bool:
    """Whether the cache says that the series, or the tree, of this digest was checked."""
    entry = _entry(digest, machine)
    try:
        remembered = msgspec.json.decode(_file(entry).read_bytes(), type=CheckedSeries)
    except (OSError, ValueError, msgspec.MsgspecError):
        return False
    return remembered == entry


def remember_checked(digest: str, machine: str) -> None:
    """Puts into the cache that this was checked; without one, does nothing."""
    entry = _entry(digest, machine)
    file = _file(entry)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file_beside(file) as beside:
            beside.write_bytes(msgspec.json.encode(entry))
            beside.replace(file)
        by_age = sorted(file.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in by_age[:-MOST_REMEMBERED]:
            old.unlink(missing_ok=True)


def _entry(digest: str, machine: str) -> CheckedSeries:
    return CheckedSeries(VERSION, _rules(), machine, digest)


def _file(entry: CheckedSeries) -> Path:
    from platformdirs import user_cache_path  # noqa: PLC0415

    name = sha256(msgspec.json.encode(entry)).hexdigest()
    return user_cache_path("replay") / "checked-series" / f"{name[:32]}.json"


# The rules are the source that checks: what another version checked, this one checks again.
@lru_cache
def _rules() -> str:
    digest = sha256(sys.version.encode())
    for room in (language.__file__, series.__file__):
        for file in sorted(Path(room).parent.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()
