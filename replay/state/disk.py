"""The image files of a machine: names, headers, backing chains and contents.

A file is an inode; the directory names inodes. An inode without a name stays, because the
machine may still have it open.
"""

import json
import posixpath
from dataclasses import dataclass
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


def listing(disk: Disk) -> dict[str, dict[str, Any]]:
    """Names in the directory and names that are gone, with the header of what they mean."""
    inodes = {inode.number: inode for inode in disk.inodes}
    names = {name: (number, False) for name, number in disk.directory}
    names |= {name: (number, True) for name, number in disk.gone}
    return {
        name: {**header(inodes[number]), "unlinked": unlinked}
        for name, (number, unlinked) in sorted(names.items())
        if not is_temporary(name)
    }


def header(inode: Inode) -> dict[str, Any]:
    """Format, size, backing_file and backing_format, None for none."""
    fields = ("format", "size", "backing_file", "backing_format")
    return {field: getattr(inode, field) for field in fields}


def final_files(disk: Disk) -> dict[str, dict[str, Any]]:
    """What a machine started from each file would read.

    Keys as in a listing without unlinked, and content_runs_KiB, which is a text where the file
    could not be read.
    """
    return {
        name: _content(disk, number) for name, number in disk.directory if not is_temporary(name)
    }


def _content(disk: Disk, number: int) -> dict[str, Any]:
    inode = next(inode for inode in disk.inodes if inode.number == number)
    chain = backing_chain(disk, number)
    if isinstance(chain, str):
        return {**header(inode), "content_runs_KiB": chain}
    pieces = shown([inode.layer for inode in chain], 0, sectors(inode.size))
    return {**header(inode), "content_runs_KiB": steps(pieces, inode.size)}


def content(inode: Inode) -> dict[str, Any]:
    """What a file itself shows, as content_runs_KiB."""
    if inode.extents == UNREADABLE_DATA:
        return {"content_runs_KiB": "it cannot be read"}
    pieces = shown([inode.layer._replace(whole=True)], 0, sectors(inode.size))
    return {"content_runs_KiB": steps(pieces, inode.size)}


def backing_chain(disk: Disk, number: int) -> list[Inode] | str:
    """An inode with a name and those that headers name below it, or why that can't be opened."""
    inodes = {inode.number: inode for inode in disk.inodes}
    directory = dict(disk.directory)
    name = next(name for name, inode in disk.directory if inode == number)
    chain = [inodes[number]]
    while chain[-1].backing_file and chain[-1].format != "raw":
        above, backing_format = name, named_format(chain[-1])
        name = joined(posixpath.dirname(above), named_file(chain[-1].backing_file))
        if name not in directory:
            return f"{name}, the backing file of {above}, does not exist"
        inode = inodes[directory[name]]
        if backing_format not in (None, inode.format):
            return f"{name} is {inode.format}, but {above} says that it is {backing_format}"
        if inode in chain:
            return f"the backing chain comes back to {name}"
        chain.append(inode)
    return chain


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
