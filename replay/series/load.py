"""Loading a patch series from a directory in quilt's layout."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from replay.errors import BadInput
from replay.files import must_lead_inside
from replay.series.patch import Patch, parse_patch
from replay.series.tree import SourceFile, Tree, apply, source_file

FILE_LIMIT = 1 << 20
"""Bytes that a source file or a patch may have."""
FILES_LIMIT = 200
PATCHES_LIMIT = 1000


@dataclass(frozen=True)
class Series:
    """The patches in order; `trees[n]` is base with the first n of them, `trees[0]` base."""

    patches: tuple[Patch, ...]
    trees: tuple[Tree, ...]

    def __hash__(self) -> int:
        """Of the last tree, which every patch has a part in."""
        return hash(self.trees[-1])

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


def read_text(path: Path, within: Path | None = None) -> str:
    """The UTF-8 text of a regular file of at most FILE_LIMIT bytes, which no link leads out of
    the directory `within`. Raises ReplayError.
    """
    if within is not None:
        must_lead_inside(path, within)
    try:
        if not is_file(path):
            raise BadInput("no such file", where=str(path))
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(path)) from error
    if len(data) > FILE_LIMIT:
        raise BadInput(f"is larger than {FILE_LIMIT >> 10} KiB", where=str(path))
    if not data or b"\0" in data:
        raise BadInput("is binary" if data else "is empty", where=str(path))
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput("is not UTF-8", where=f"{path}:{line}") from error


def is_file(path: Path) -> bool:
    """True for a regular file; a path that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read_base(directory: Path) -> tuple[SourceFile, ...]:
    must_lead_inside(directory, directory.parent)
    if not directory.is_dir():
        raise BadInput("no directory base", where=str(directory.parent))
    if _pushed(directory):
        do = "take them off with: quilt pop -a"
        raise BadInput("has patches pushed by quilt", where=str(directory), do=do)
    files = tuple(_read_source(path, directory) for path in _base_paths(directory))
    if not files:
        raise BadInput("holds no .py file", where=str(directory))
    if len(files) > FILES_LIMIT:
        raise BadInput(f"holds more than {FILES_LIMIT} files", where=str(directory))
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
