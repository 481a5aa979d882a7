"""A mutable copy of the disk that the model changes while one event runs."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from errno import ENOENT
from functools import cached_property, lru_cache

from replay.state.disk import Disk, Inode, backing_chain, is_temporary, joined, one_layer
from replay.state.extents import (
    SECTOR,
    Extent,
    Extents,
    Layer,
    blocks,
    clusters,
    cut,
    merged,
    overlaid,
    sectors,
    shown,
)
from replay.state.ranges import Ranges, common, union, without

FEW_LOOKS = 2000
"""So many times a layer is looked at sooner than all layers of a chain are made one."""


class WorkDisk:
    """A disk while an event changes it. Inodes are given by number, failures as -errno.

    A number that no inode has raises KeyError, a length or size below zero ValueError.
    """

    def __init__(self, disk: Disk) -> None:
        self._inodes = {inode.number: inode for inode in disk.inodes}
        self._directory = dict(disk.directory)
        self._gone = dict(disk.gone)
        self._temporaries = disk.temporaries
        self.home = disk.home
        """The directory of the first image, where relative names are looked up."""

    def frozen(self) -> Disk:
        """The disk as it is now."""
        inodes = tuple(self._inodes[number] for number in sorted(self._inodes))
        directory = tuple(sorted(self._directory.items()))
        gone = tuple(sorted(self._gone.items()))
        return Disk(inodes, directory, gone, self._temporaries, self.home)

    @cached_property
    def _directories(self) -> set[str]:
        """The directories of all names that there are or were."""
        names = (*self._directory, *self._gone)
        return {_parent(name) for name in names if not is_temporary(name)}

    def weight(self, *inodes: int) -> int:
        """How many extents an operation on these inodes has to look at."""
        return sum(len(self._inodes[number].extents) for number in inodes)

    def create(
        self, name: str, format: str, size: int, backing_file: str, backing_format: str
    ) -> int:
        """Makes a file, or truncates the one of that name to the new header; its inode.

        -ENOENT for an empty name and for a directory that does not exist.
        """
        if not self._inodes and posixpath.isabs(name):
            # A relative first name is relative to where the machine runs, as all others are.
            self.home = posixpath.dirname(name)
        place = self._place(name)
        if not name or not self._has_directory(place):
            return -ENOENT
        number = self._directory.get(place, len(self._inodes) + 1)
        header = (backing_file or None, backing_format or None)
        self._inodes[number] = Inode(number, format, _natural(size), *header)
        self._directory[place] = number
        self._gone.pop(place, None)
        if not is_temporary(place):
            self._directories.add(_parent(place))
        return number

    def open(self, name: str) -> int:
        """The inode of that name, or -ENOENT."""
        return self._directory.get(self._place(name), -ENOENT)

    def realpath(self, name: str) -> str:
        """The absolute path of a file that is there, or ""."""
        place = self._place(name)
        return place if place in self._directory else ""

    def unlink(self, name: str) -> int:
        """Takes a name from the directory; 0, or -ENOENT. The inode stays."""
        place = self._place(name)
        if place not in self._directory:
            return -ENOENT
        self._gone[place] = self._directory.pop(place)
        return 0

    def temporary(self) -> str:
        """The next name for a temporary file; the file is not made."""
        self._temporaries += 1
        return f"<tmp{self._temporaries - 1}>"

    def inode(self, number: int) -> Inode:
        """The inode as it is now."""
        return self._inodes[number]

    def set_backing(self, number: int, file: str, format: str) -> None:
        """Rewrites the header's backing file; "" is none."""
        inode = self._inodes[number]
        self._inodes[number] = replace(
            inode, backing_file=file or None, backing_format=format or None
        )

    def resize(self, number: int, size: int) -> None:
        """Changes the size in bytes; what lies beyond it is lost."""
        inode = self._inodes[number]
        end = sectors(_natural(size))
        extents = tuple(cut(inode.extents, 0, end))
        if extents:
            unit = blocks if inode.format == "raw" else clusters
            extents = merged((*extents, Extent(extents[-1].end, unit(0, extents[-1].end)[1], 0)))
        self._inodes[number] = replace(inode, size=size, extents=extents)

    def clear(self, number: int) -> None:
        """Deallocates everything that the inode holds."""
        self._inodes[number] = replace(self._inodes[number], extents=())

    def read(self, chain: Sequence[int], offset: int, length: int) -> int | str:
        """The byte that fills the range as the chain, top first, shows it, else "mixed"."""
        start, end = _range(offset, length)
        pieces = shown(self._layers(chain), start, end)
        return pieces[0].pattern if len(pieces) == 1 else "mixed" if pieces else 0

    def write(self, chain: Sequence[int], offset: int, length: int, pattern: int) -> None:
        """Fills a range of chain[0] up to its size; the chain fills the rest of its clusters."""
        self._put(chain[0], (_filled(offset, length, pattern),), self._layers(chain[1:]))

    def fill(self, number: int, runs: Sequence[tuple[int, int, int]]) -> None:
        """Fills ranges of a file in order, each an offset, a length and a byte.

        What the files below it by their headers show fills the rest of its clusters.
        """
        chain = backing_chain(self.frozen(), number)
        below = [] if isinstance(chain, str) else chain[1:]
        layers = [inode.layer for inode in below]
        if len(runs) * len(below) > FEW_LOOKS:
            layers = [one_layer(tuple(below))]
        layer = self._inodes[number].layer
        for run in runs:
            layer = layer._replace(extents=written(layer, [_filled(*run)], layers))
        self._inodes[number] = replace(self._inodes[number], extents=layer.extents)

    def extents(self, number: int, ranges: Ranges) -> Ranges:
        """The parts of these ranges of bytes that the inode itself holds."""
        extents = self._inodes[number].extents
        near = (cut(extents, *_range(start, end - start)) for start, end in ranges)
        held = union((e.start * SECTOR, e.end * SECTOR) for found in near for e in found)
        return common(held, ranges)

    def copy(self, source: Sequence[int], target: Sequence[int], ranges: Ranges) -> None:
        """Writes what `source` shows in these ranges of bytes into target[0].

        The rest of a cluster that is written in part is filled from the chain of the target.
        """
        layers = self._layers(source)
        places = (_range(start, end - start) for start, end in ranges)
        pieces = [piece for place in places for piece in shown(layers, *place)]
        self._put(target[0], pieces, self._layers(target[1:]))

    def _put(self, number: int, pieces: Iterable[Extent], below: Sequence[Layer]) -> None:
        inode = self._inodes[number]
        self._inodes[number] = replace(inode, extents=written(inode.layer, pieces, below))

    def _layers(self, chain: Sequence[int]) -> list[Layer]:
        return [self._inodes[number].layer for number in chain]

    def _place(self, name: str) -> str:
        return name if is_temporary(name) else joined(self.home, name)

    def _has_directory(self, place: str) -> bool:
        """Whether the directory of a new file is there.

        Of those that hold no image, the ones below a directory that does are missing.
        """
        parent = _parent(place)
        if parent in self._directories or is_temporary(place):
            return True
        return self._directories.isdisjoint(_above(parent))


# Events of images come one after the other, and each looks at the names of all before it.
@lru_cache(maxsize=1 << 13)
def _parent(name: str) -> str:
    """The directory that a file is in."""
    return posixpath.dirname(name)


def _above(directory: str) -> Iterator[str]:
    """The directories that a directory lies in, from the inside out."""
    while directory != (directory := posixpath.dirname(directory)):
        yield directory


def written(layer: Layer, pieces: Iterable[Extent], below: Sequence[Layer]) -> Extents:
    """What a file holds when pieces are written to it that may reach beyond its end.

    What the layers show fills the rest of the clusters, or blocks, that are written in part.
    """
    pieces = list(cut(merged(pieces), 0, layer.sectors))
    if not pieces:
        return layer.extents
    filled = union((piece.start, piece.end) for piece in pieces)
    unit = blocks if layer.whole else clusters
    whole = union(unit(start, end) for start, end in filled)
    span = (whole[0][0], whole[-1][1])
    for start, end in without(whole, filled):
        pieces += shown([layer, *below], start, end)
    for start, end in without([span], whole):
        pieces += cut(layer.extents, start, end)
    return overlaid(layer.extents, *span, sorted(pieces))


def _filled(offset: int, length: int, pattern: int) -> Extent:
    """A range of bytes filled with one."""
    if not 0 <= pattern <= 255:
        raise ValueError(f"{pattern} is not a byte")
    return Extent(*_range(offset, length), pattern)


def _natural(size: int) -> int:
    if size < 0:
        raise ValueError(f"a size of {size} bytes")
    return int(size)


def _range(offset: int, length: int) -> tuple[int, int]:
    """The sectors of a range given in bytes."""
    start = _natural(offset) // SECTOR
    return start, max(start, sectors(offset + _natural(length)))
