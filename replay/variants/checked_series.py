"""Remembering in the user's cache that all trees of a series were found to be in the language.

The cache holds digests, no code and nothing that is made into code: a tree that runs is checked
all the same. It may be deleted at any time, and what is damaged in it counts as nothing.
"""

import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import msgspec

from replay import language
from replay.files import file_beside
from replay.series import Tree

VERSION = 1
MOST_REMEMBERED = 100
"""Series in the cache; working on patches makes a new one with every change."""


class CheckedSeries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of the cache says: these trees were checked by these rules."""

    version: int
    rules: str
    machine: str
    trees: tuple[str, ...]


def is_checked(trees: Iterable[Tree], machine: str) -> bool:
    """Whether the cache says of exactly these trees that they are in the language."""
    entry = _entry(trees, machine)
    try:
        remembered = msgspec.json.decode(_file(entry).read_bytes(), type=CheckedSeries)
    except (OSError, ValueError, msgspec.MsgspecError):
        return False
    return remembered == entry


def remember_checked(trees: Iterable[Tree], machine: str) -> None:
    """Puts into the cache that these trees are in the language; without one, does nothing."""
    entry = _entry(trees, machine)
    file = _file(entry)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file_beside(file) as beside:
            beside.write_bytes(msgspec.json.encode(entry))
            beside.replace(file)
        by_age = sorted(file.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in by_age[:-MOST_REMEMBERED]:
            old.unlink(missing_ok=True)


def _entry(trees: Iterable[Tree], machine: str) -> CheckedSeries:
    return CheckedSeries(VERSION, _rules(), machine, tuple(tree.digest for tree in trees))


def _file(entry: CheckedSeries) -> Path:
    from platformdirs import user_cache_path  # noqa: PLC0415

    name = sha256(msgspec.json.encode(entry)).hexdigest()
    return user_cache_path("replay") / "checked-series" / f"{name[:32]}.json"


# The rules are the language's own source: what another version checked, this one checks again.
@lru_cache
def _rules() -> str:
    digest = sha256(sys.version.encode())
    for file in sorted(Path(language.__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
