"""The builtins that read and write image files, and those on ranges of places in them.

A set of places is a list of [start, end], the end excluded.
"""

from typing import Any

from replay.language.limits import Meter, whole
from replay.language.operators import integer, kind_of, string
from replay.state.disk import Disk
from replay.state.ranges import Ranges, common, rounded, union, without
from replay.state.working_disk import WorkDisk

LOOK, CHANGE = 4, 16
"""The steps of looking at what an image holds, and of changing an image or a name, beside those for
the parts of it."""


class Files:
    """The disk of the event that runs. Inodes are given by number; work on them counts."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._left = Disk()
        self._disk = WorkDisk(self._left)
        self._is_changed = False

    def start(self, disk: Disk) -> None:
        """Starts an event with this disk, which often is the one that the last event left."""
        if disk is not self._left:
            self._disk = WorkDisk(disk)
            self._left = disk
        self._is_changed = False

    def frozen(self) -> Disk:
        """The disk as it is now."""
        if self._is_changed:
            self._left = self._disk.frozen()
        return self._left

    @property
    def _changing(self) -> WorkDisk:
        """The disk, which is not as it was any more; that counts."""
        self._meter.tick(CHANGE)
        self._is_changed = True
        return self._disk

    def create(self, name: Any, format: Any, size: Any, file: Any, file_format: Any) -> int:
        """Makes or truncates a file; its inode, or -errno."""
        backing = (string(file), string(file_format))
        place = self._name(name)
        whole = f"{self._disk.home}/{place}"
        # All directories that it lies in are looked for.
        self._meter.tick(len(whole) * whole.count("/") >> 10)
        return self._changing.create(place, string(format), integer(size), *backing)

    def open(self, name: Any) -> int:
        """The inode of that name, or -errno."""
        return self._disk.open(self._name(name))

    def unlink(self, name: Any) -> int:
        """Takes the name from the directory; 0, or -errno."""
        return self._changing.unlink(self._name(name))

    def realpath(self, name: Any) -> str:
        """The absolute path of a file that is there, or ""."""
        return self._disk.realpath(self._name(name))

    def temporary(self) -> str:
        """The next name of a temporary file."""
        return self._changing.temporary()

    def format(self, inode: Any) -> str:
        """The image's format."""
        return self._disk.inode(inode).format

    def size(self, inode: Any) -> int:
        """The image's size in bytes."""
        return self._disk.inode(inode).size

    def backing_file(self, inode: Any) -> str:
        """The backing file that the header names, or ""."""
        return self._disk.inode(inode).backing_file or ""

    def backing_format(self, inode: Any) -> str:
        """The format of the backing file that the header names, or ""."""
        return self._disk.inode(inode).backing_format or ""

    def set_backing(self, inode: Any, file: Any, file_format: Any) -> None:
        """Rewrites the header."""
        self._changing.set_backing(inode, string(file), string(file_format))

    def resize(self, inode: Any, size: Any) -> None:
        """Changes the size in bytes."""
        self._changing.resize(inode, integer(size))

    def clear(self, inode: Any) -> None:
        """Deallocates everything."""
        self._changing.clear(inode)

    def read(self, chain: Any, offset: Any, length: Any) -> int | str:
        """The byte that fills the range, or "mixed"."""
        return self._disk.read(self._chain(chain), integer(offset), integer(length))

    def write(self, chain: Any, offset: Any, length: Any, pattern: Any) -> None:
        """Fills the range of chain[0]."""
        place = (integer(offset), integer(length))
        self._changing.write(self._chain(chain), *place, integer(pattern))

    def extents(self, inode: Any, ranges: Any) -> list[list[int]]:
        """The parts of the ranges that the image itself holds."""
        places = _ranges(ranges, self._meter)
        self._meter.tick(LOOK + self._disk.weight(inode))
        return _lists(self._disk.extents(inode, places))

    def copy(self, source: Any, target: Any, ranges: Any) -> None:
        """Writes what `source` shows in the ranges into target[0]."""
        chains = (self._chain(source), self._chain(target))
        places = _ranges(ranges, self._meter)
        self._meter.tick(CHANGE * len(places))
        self._changing.copy(*chains, places)

    def _name(self, name: Any) -> str:
        """The name of a file; what it takes to make it absolute counts."""
        text = string(name)
        self._meter.tick(len(self._disk.home) + len(text) >> 5)
        return text

    def _chain(self, chain: Any) -> list[int]:
        """The inodes of a chain; what it takes to look at them counts."""
        if not isinstance(chain, list):
            raise TypeError(f"{kind_of(chain)} where a list of inodes is needed")
        inodes = [integer(inode) for inode in chain]
        self._meter.tick(LOOK + len(inodes) + self._disk.weight(*inodes))
        return inodes


class RangeSets:
    """The functions on ranges; how many there are counts."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def union(self, some: Any, others: Any) -> list[list[int]]:
        """What the two cover together."""
        return _lists(union([*self._ranges(some), *self._ranges(others)]))

    def common(self, some: Any, others: Any) -> list[list[int]]:
        """What lies in both."""
        return _lists(common(self._ranges(some), self._ranges(others)))

    def without(self, some: Any, others: Any) -> list[list[int]]:
        """What lies in the first and not in the second."""
        return _lists(without(self._ranges(some), self._ranges(others)))

    def rounded(self, some: Any, unit: Any) -> list[list[int]]:
        """The ranges widened to whole units."""
        widened = rounded(self._ranges(some), integer(unit))
        return _lists([(whole(start), whole(end)) for start, end in widened])

    def _ranges(self, value: Any) -> Ranges:
        return _ranges(value, self._meter)


def _ranges(value: Any, meter: Meter) -> Ranges:
    """The ranges that a list of pairs says, in order, touching ones joined; their number counts.

    Raises TypeError for what is no list of pairs of numbers.
    """
    if not isinstance(value, list):
        raise TypeError(f"{kind_of(value)} where a list of ranges is needed")
    meter.tick(2 + len(value) + (len(value) >> 1))
    ranges = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            raise TypeError(f"{kind_of(value)} where a list of ranges is needed")
        start, end = pair
        if type(start) is not int or type(end) is not int:
            start, end = integer(start), integer(end)
        ranges.append((start, end))
    return union(ranges)


def _lists(ranges: Ranges) -> list[list[int]]:
    return [[start, end] for start, end in ranges]
