"""The builtins that read and write image files."""

from typing import Any

from replay.language.limits import Meter
from replay.language.operators import integer, kind_of, string
from replay.state.disk import Disk
from replay.state.extents import SECTOR
from replay.state.working_disk import WorkDisk


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
        """The disk, which is not as it was any more."""
        self._is_changed = True
        return self._disk

    def create(self, name: Any, format: Any, size: Any, file: Any, file_format: Any) -> int:
        """Makes or truncates a file; its inode, or -errno."""
        self._meter.tick(8 + self._disk.names)
        backing = (string(file), string(file_format))
        return self._changing.create(string(name), string(format), integer(size), *backing)

    def open(self, name: Any) -> int:
        """The inode of that name, or -errno."""
        return self._disk.open(string(name))

    def unlink(self, name: Any) -> int:
        """Takes the name from the directory; 0, or -errno."""
        return self._changing.unlink(string(name))

    def realpath(self, name: Any) -> str:
        """The absolute path of a file that is there, or ""."""
        return self._disk.realpath(string(name))

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

    def is_allocated(self, chain: Any, offset: Any, length: Any) -> bool:
        """Whether any sector of the range is allocated in any of the inodes."""
        return self._disk.is_allocated(self._chain(chain), integer(offset), integer(length))

    def allocated_size(self, inode: Any) -> int:
        """Bytes in allocated clusters."""
        self._meter.tick(self._disk.weight(inode))
        return self._disk.allocated_size(inode)

    def extents(self, inode: Any) -> list[list[int]]:
        """The offset and length in bytes of what the image holds itself, in order."""
        extents = self._disk.inode(inode).extents
        self._meter.tick(len(extents))
        return [[e.start * SECTOR, (e.end - e.start) * SECTOR] for e in extents]

    def copy(
        self, source: Any, among: Any, target: Any, offset: Any, length: Any, granularity: Any
    ) -> None:
        """Writes what `source` shows into target[0], where any of `among` has it allocated."""
        chains = [self._chain(chain) for chain in (source, among, target)]
        place = (integer(offset), integer(length), integer(granularity))
        self._changing.copy(chains[0], chains[1], chains[2], *place)

    def _chain(self, chain: Any) -> list[int]:
        """The inodes of a chain; what it takes to look at them counts."""
        if not isinstance(chain, list):
            raise TypeError(f"{kind_of(chain)} where a list of inodes is needed")
        inodes = [integer(inode) for inode in chain]
        self._meter.tick(len(inodes) + self._disk.weight(*inodes))
        return inodes
