"""The image files of a machine: names, headers, backing chains and contents.

A file is an inode; the directory names inodes. An inode without a name stays, because the
machine may still have it open.
"""

import json
import posixpath
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Any

from replay.state.extents import UNREADABLE_DATA, Extents, Layer, sectors, shown, steps
from replay.state.interned import Interned

FORMATS = frozenset({"qcow", "qcow2", "qed", "raw", "vdi", "vmdk", "vpc"})
"""What a header can say of its backing file; any other name says nothing, and one looks."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Inode(metaclass=Interned):
    """An image file: its header, size in bytes, and what it holds itself.

    What a file of the format raw does not hold are holes, which are zero; its extents cover whole
    blocks of the file system. Those of all other formats cover whole clusters.
    """

    number: int
    format: str
    size: int
    backing_file: str | None = None
    backing_format: str | None = None
    extents: Extents = ()

    def _key(self) -> tuple[Any, ...]:
        header = (self.number, self.format, self.size, self.backing_file, self.backing_format)
        return (*header, self.extents)

    @property
    def layer(self) -> Layer:
        """The file as a layer of a chain."""
        return Layer(self.extents, sectors(self.size), self.format == "raw")


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Disk(metaclass=Interned):
    """All files: inodes by number, names sorted, names that are gone and what they last meant.

    `temporaries` counts the names of temporary files that were given out. `home` is the directory
    of the first image, where relative names are looked up.
    """

    inodes: tuple[Inode, ...] = ()
    directory: tuple[tuple[str, int], ...] = ()
    gone: tuple[tuple[str, int], ...] = ()
    temporaries: int = 0
    home: str = ""

    def _key(self) -> tuple[Any, ...]:
        return (self.inodes, self.directory, self.gone, self.temporaries, self.home)


def is_temporary(name: str) -> bool:
    """Whether a name is that of a temporary file."""
    return name.startswith("<tmp")


def listing(disk: Disk) -> list[tuple[str, Inode, bool]]:
    """Names in the directory and names that are gone, what each means, and whether it is gone."""
    inodes = {inode.number: inode for inode in disk.inodes}
    there = [(name, number, False) for name, number in disk.directory]
    gone = [(name, number, True) for name, number in disk.gone]
    return [
        (name, inodes[number], unlinked)
        for name, number, unlinked in sorted(there + gone)
        if not is_temporary(name)
    ]


def header(inode: Inode) -> dict[str, Any]:
    """Format, size, backing_file and backing_format, None for none."""
    fields = ("format", "size", "backing_file", "backing_format")
    return {field: getattr(inode, field) for field in fields}


MOST_RUNS = 200_000
"""So many runs of data are told of all files together; each file shows those of all below it."""

UNTOLD = f"it is not told: the files show more than {MOST_RUNS} runs"


def final_files(disk: Disk) -> dict[str, dict[str, Any]]:
    """What a machine started from each file would read.

    Keys as in a header, and content_runs_KiB, which is a text where the file
    could not be read, or more is in all files than is told.
    """
    chains = Chains(disk)
    told = 0
    files = {}
    for name, number in disk.directory:
        if not is_temporary(name):
            pieces = chains.shown(number) if told <= MOST_RUNS else UNTOLD
            told += 0 if isinstance(pieces, str) else len(pieces)
            files[name] = _content(chains.inode(number), pieces)
    return files


def _content(inode: Inode, pieces: Extents | str) -> dict[str, Any]:
    """What a file shows, with its header."""
    if isinstance(pieces, str):
        return {**header(inode), "content_runs_KiB": pieces}
    return {**header(inode), "content_runs_KiB": steps(pieces, inode.size)}


def content(inode: Inode) -> dict[str, Any]:
    """What a file itself shows, as content_runs_KiB."""
    if inode.extents == UNREADABLE_DATA:
        return {"content_runs_KiB": "it cannot be read"}
    pieces = shown([inode.layer._replace(whole=True)], 0, sectors(inode.size))
    return {"content_runs_KiB": steps(pieces, inode.size)}


def backing_chain(disk: Disk, number: int) -> list[Inode] | str:
    """An inode with a name and those that headers name below it, or why that can't be opened."""
    return Chains(disk).of(number)


class Chains:
    """The backing chains of a disk. What lies below a file is looked up once."""

    def __init__(self, disk: Disk) -> None:
        self._inodes = {inode.number: inode for inode in disk.inodes}
        self._directory = dict(disk.directory)
        self._names = {number: name for name, number in disk.directory}
        self._below: dict[int, int | str | None] = {}
        self._shown: dict[int, Extents] = {}

    def inode(self, number: int) -> Inode:
        """The inode of a number."""
        return self._inodes[number]

    def of(self, number: int) -> list[Inode] | str:
        """An inode with a name and those below it, or why that can't be opened."""
        chain = {number: self._inodes[number]}
        below = self._next(number)
        while isinstance(below, int):
            if below in chain:
                return f"the backing chain comes back to {self._names[below]}"
            chain[below] = self._inodes[below]
            below = self._next(below)
        return [*chain.values()] if below is None else below

    def shown(self, number: int) -> Extents | str:
        """What a reader of the whole file sees, without gaps, or why it can't be opened."""
        chain = self.of(number)
        if isinstance(chain, str):
            return chain
        new = [*takewhile(lambda inode: inode.number not in self._shown, chain)]
        below = [self._whole(inode) for inode in chain[len(new) : len(new) + 1]]
        for inode in reversed(new):
            self._shown[inode.number] = shown([inode.layer, *below], 0, sectors(inode.size))
            below = [self._whole(inode)]
        return self._shown[number]

    def _whole(self, inode: Inode) -> Layer:
        """A file and all that lies below it, which was shown before, as one layer."""
        return inode.layer._replace(extents=self._shown[inode.number], whole=True)

    def _next(self, number: int) -> int | str | None:
        """The inode below another, None if it needs none, or why that can't be opened."""
        if number not in self._below:
            self._below[number] = self._looked_up(number)
        return self._below[number]

    def _looked_up(self, number: int) -> int | str | None:
        inode, above = self._inodes[number], self._names[number]
        if not inode.backing_file or inode.format == "raw":
            return None
        name = joined(posixpath.dirname(above), named_file(inode.backing_file))
        if name not in self._directory:
            return f"{name}, the backing file of {above}, does not exist"
        below, format = self._inodes[self._directory[name]], named_format(inode)
        if format not in (None, below.format):
            return f"{name} is {below.format}, but {above} says that it is {format}"
        return below.number


# Many files may lie on one chain, and each that has data looks at what is below.
@lru_cache(maxsize=64)
def one_layer(chain: tuple[Inode, ...]) -> Layer:
    """All files of a chain, top first, as one layer that shows what they show."""
    top = chain[0].layer
    pieces = shown([inode.layer for inode in chain], 0, top.sectors)
    return top._replace(extents=pieces, whole=True)


def named_format(inode: Inode) -> str | None:
    """The format of the backing file, as far as the header can say it.

    That of qed can only say that it is raw; a bare file is raw too.
    """
    if inode.backing_format in ("raw", "file"):
        return "raw"
    known = inode.format != "qed" and inode.backing_format in FORMATS
    return inode.backing_format if known else None


def named_file(name: str) -> str:
    """The file that a name means: of a json: name, the one that its options tell."""
    if not name.startswith("json:"):
        return name
    try:
        options = json.loads(name.removeprefix("json:"))
    except (ValueError, RecursionError):
        return name
    while isinstance(options, dict):
        if isinstance(file := options.get("filename"), str):
            return file
        options = options.get("file")
    return name


def joined(directory: str, name: str) -> str:
    """A name as it is looked up from a directory: absolute if the directory is; "" stays."""
    return posixpath.normpath(posixpath.join(directory, name)) if name else ""
