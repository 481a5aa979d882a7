"""Loading a patch series from a directory in quilt's layout."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from replay.errors import BadInput
from replay.files import is_file, is_text, must_lead_inside, read_text
from replay.series.patch import Patch, parse_patch
from replay.series.tree import SourceFile, Tree, apply, source_file

FILES_LIMIT = 200
PATCHES_LIMIT = 1000
SIZE_LIMIT = 4 << 20
"""Bytes that all files of base may have together, and all patches. Checking takes some seconds."""


@dataclass(frozen=True, eq=False)
class Series:
    """The patches in order; `trees[n]` is base with the first n of them, `trees[0]` base."""

    patches: tuple[Patch, ...]
    trees: tuple[Tree, ...]

    @cached_property
    def digests(self) -> frozenset[str]:
        """The digests of all its trees."""
        return frozenset(tree.digest for tree in self.trees)

    @property
    def base(self) -> Tree:
        """The tree before the first patch."""
        return self.trees[0]


def read_series(directory: Path) -> Series:
    """The series of `directory`: base/, series and the patches named there.

    Applies every prefix. Raises ReplayError with file and line for what cannot be read, parsed
    or applied.
    """
    base = Tree(_read_base(directory / "base"))
    patches = tuple(
        _read_member(directory, name, strip, where)
        for name, strip, where in series_entries(directory / "series")
    )
    _check_distinct(patches)
    trees = [base]
    for patch in patches:
        trees.append(apply(trees[-1], patch))
    return Series(patches, tuple(trees))


def _read_base(directory: Path) -> tuple[SourceFile, ...]:
    must_lead_inside(directory, directory.parent)
    if not directory.is_dir():
        raise BadInput("no directory base", where=str(directory.parent))
    if _pushed(directory):
        do = "take them off with: quilt pop -a"
        raise BadInput("has patches pushed by quilt", where=str(directory), do=do)
    try:
        files = tuple(_read_source(path, directory) for path in _base_paths(directory))
    except (OSError, RecursionError):
        raise BadInput("has directories that cannot be read", where=str(directory)) from None
    if not files:
        raise BadInput("holds no .py file", where=str(directory))
    if len(files) > FILES_LIMIT:
        raise BadInput(f"holds more than {FILES_LIMIT} files", where=str(directory))
    if sum(len(file.text) for file in files) > SIZE_LIMIT:
        raise BadInput(f"is larger than {SIZE_LIMIT >> 20} MiB", where=str(directory))
    return tuple(sorted(files, key=lambda file: file.name))


def _pushed(directory: Path) -> bool:
    applied = directory / ".pc" / "applied-patches"
    return applied.is_file() and applied.stat().st_size > 0


def _base_paths(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.rglob("*")):
        parts = path.relative_to(directory).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if not hidden and not (path.is_dir() and not path.is_symlink()):
            yield path


def _read_source(path: Path, directory: Path) -> SourceFile:
    if path.is_symlink() or path.suffix != ".py":
        raise BadInput("base holds .py files only", where=str(path), do="move it elsewhere")
    if not is_text(path.name):
        raise BadInput("has a name that is not UTF-8", where=str(path), do="give it another")
    text = read_text(path)
    if "\r" in text:
        raise BadInput("has carriage returns", where=str(path), do="end lines with LF alone")
    return source_file(path.relative_to(directory).as_posix(), text)


def series_entries(path: Path) -> Iterator[tuple[str, int, str]]:
    """Name, -p level and place of each patch that the series file names."""
    names: set[str] = set()
    must_lead_inside(path, path.parent)
    text = "" if path.is_file() and path.stat().st_size == 0 else read_text(path)
    for number, line in enumerate(text.split("\n"), 1):
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if not words:
            continue
        name, where = words[0], f"{path}:{number}"
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BadInput(f"{name} is not below the directory of the series", where=where)
        if name in names:
            raise BadInput(f"names {name} twice", where=where)
        names.add(name)
        yield name, _strip_level(words[1:], where), where
    if len(names) > PATCHES_LIMIT:
        raise BadInput(f"names more than {PATCHES_LIMIT} patches", where=str(path))


def _strip_level(options: list[str], where: str) -> int:
    level = 1
    for option in options:
        match = re.fullmatch(r"-p(\d)", option)
        if match is None:
            do = "only -p0 to -p9 may follow a name"
            raise BadInput(f"the option {option} is not supported", where=where, do=do)
        level = int(match[1])
    return level


def _read_member(directory: Path, name: str, strip: int, where: str) -> Patch:
    path = directory / name
    if not is_file(path):
        raise BadInput(f"names {name}, which is not there", where=where)
    patch = parse_patch(read_text(path, directory), name, strip)
    if not (patch.sha and patch.date and patch.subject):
        do = "begin it with From <40 digits> Mon Sep 17 00:00:00 2001, Date: and Subject:"
        raise BadInput("has no complete header", where=f"{path}:1", do=do)
    return patch


def _check_distinct(patches: tuple[Patch, ...]) -> None:
    """No commit may stand twice, as a patch or in a group."""
    owners: dict[str, str] = {}
    for patch in patches:
        for sha in (patch.sha, *patch.commits):
            if sha in owners:
                what = f"commit {sha} stands in {owners[sha]} too"
                raise BadInput(what, where=patch.name)
            owners[sha] = patch.name
