"""Loading a patch series from a directory in quilt's layout."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from replay.errors import BadInput
from replay.files import is_file, is_text, must_lead_inside, read_text
from replay.series.patch import Patch, open_patch
from replay.series.tree import SourceFile, Tree, apply, source_file

FILES_LIMIT = 200
PATCHES_LIMIT = 1000
SIZE_LIMIT = 4 << 20
"""Bytes that all files of base may have together, and all patches. Checking takes some seconds."""


@dataclass(frozen=True, eq=False)
class Series:
    """A base and the patches on it, in order. `digest` is of all that it was read from.

    Patches are parsed and applied when something asks for what they make.
    """

    base: Tree
    patches: tuple[Patch, ...]
    digest: str = ""

    @cached_property
    def _made(self) -> list[Tree]:
        """The trees that were asked for, and those before them."""
        return [self.base]

    def tree(self, depth: int) -> Tree:
        """The base with so many patches; raises ReplayError for one that can't be applied."""
        for patch in self.patches[len(self._made) - 1 : depth]:
            self._made.append(apply(self._made[-1], patch))
        return self._made[depth]

    @property
    def trees(self) -> tuple[Tree, ...]:
        """All trees: number n is base with the first n patches."""
        return tuple(self.tree(depth) for depth in range(len(self.patches) + 1))

    def has(self, tree: Tree) -> bool:
        """Whether a tree is like one that was asked for."""
        # Most are the very ones, and then no digest has to be made.
        own = any(tree is made for made in self._made)
        return own or any(tree.digest == made.digest for made in self._made)


def read_series(directory: Path) -> Series:
    """The series of `directory`: base/, series and the patches named there.

    Applies every prefix. Raises ReplayError with file and line for what cannot be read, parsed
    or applied.
    """
    series = open_series(directory)
    for patch in series.patches:
        patch.files  # noqa: B018, looking at them is the check
    series.trees  # noqa: B018, and applying them
    return series


def open_series(directory: Path) -> Series:
    """The same without a look at the diffs, for what was read as a whole before."""
    base = Tree(_read_base(directory / "base"))
    patches = tuple(
        _read_member(directory, name, strip, where)
        for name, strip, where in series_entries(directory / "series")
    )
    _check_distinct(patches)
    return Series(base, patches, _digest(base, patches))


def _digest(base: Tree, patches: Iterable[Patch]) -> str:
    """sha256 hex of the base and of every patch as it was read."""
    digest = hashlib.sha256(base.digest.encode())
    for patch in patches:
        digest.update(f"\n{patch.name} {patch.strip} {len(patch.text)}\n{patch.text}".encode())
    return digest.hexdigest()


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
    patch = open_patch(read_text(path, directory), name, strip)
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
