"""The runtime: all that compiled code reaches, by names that a model can't write."""

from collections.abc import Callable, Mapping
from typing import Any

from replay.disk import Disk
from replay.extents import SECTOR
from replay.language.builtins import Functions, Methods
from replay.language.limits import Meter
from replay.language.objects import Heap, Shape
from replay.language.operators import Operators, integer, kind_of, string
from replay.language.vocabulary import BUILTINS, METHODS
from replay.state import FrozenMap, Ref, State, Value
from replay.workdisk import WorkDisk

ERRNO = {
    1: "EPERM",
    2: "ENOENT",
    3: "ESRCH",
    4: "EINTR",
    5: "EIO",
    6: "ENXIO",
    7: "E2BIG",
    8: "ENOEXEC",
    9: "EBADF",
    10: "ECHILD",
    11: "EAGAIN",
    12: "ENOMEM",
    13: "EACCES",
    14: "EFAULT",
    15: "ENOTBLK",
    16: "EBUSY",
    17: "EEXIST",
    18: "EXDEV",
    19: "ENODEV",
    20: "ENOTDIR",
    21: "EISDIR",
    22: "EINVAL",
    23: "ENFILE",
    24: "EMFILE",
    25: "ENOTTY",
    26: "ETXTBSY",
    27: "EFBIG",
    28: "ENOSPC",
    29: "ESPIPE",
    30: "EROFS",
    31: "EMLINK",
    32: "EPIPE",
    33: "EDOM",
    34: "ERANGE",
    35: "EDEADLK",
    36: "ENAMETOOLONG",
    37: "ENOLCK",
    38: "ENOSYS",
    39: "ENOTEMPTY",
    40: "ELOOP",
    61: "ENODATA",
    62: "ETIME",
    71: "EPROTO",
    75: "EOVERFLOW",
    95: "ENOTSUP",
    110: "ETIMEDOUT",
    115: "EINPROGRESS",
    123: "ENOMEDIUM",
    125: "ECANCELED",
}
"""The names of Linux's errno, whatever system this runs on."""


class RefusalError(Exception):
    """The model called refuse."""

    def __init__(self, cls: str, desc: str) -> None:
        self.cls = cls
        self.desc = desc
        super().__init__(desc)


class FailureError(Exception):
    """The model called fail."""

    def __init__(self, errno: str) -> None:
        self.errno = errno
        super().__init__(errno)


class ViolationError(Exception):
    """An assertion of the model does not hold."""


class Runtime:
    """The meter, the objects and the disk of the event that runs."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._meter = Meter()
        self.heap = Heap(shapes, self._meter)
        self._disk = WorkDisk(Disk())

    def names(self) -> dict[str, Callable[..., Any]]:
        """What compiled code calls, by name."""
        meter, heap = self._meter, self.heap
        operators, functions, methods = Operators(meter), Functions(meter), Methods(meter)
        own: dict[str, Callable[..., Any]] = {
            "enter": meter.enter,
            "leave": meter.leave,
            "tick": meter.tick,
        }
        own |= {"new": heap.new, "free": heap.free, "swap": heap.swap, "walk": heap.walk}
        own |= {"refuse": refuse, "fail": fail, "violated": violated}
        own |= {name: getattr(operators, name) for name in vars(Operators) if name[0] != "_"}
        own |= {name[:-1]: getattr(functions, name) for name in vars(Functions) if name[0] != "_"}
        own |= {f"of_{name}": getattr(methods, name) for name in METHODS}
        own |= {name: getattr(self, name) for name in BUILTINS if name.startswith("disk_")}
        return {f"__{name}": value for name, value in own.items()}

    def start(self, state: State) -> None:
        """Starts an event."""
        self._meter.reset()
        self.heap.thaw(state.objects, state.next_id, state.machine)
        self._disk = WorkDisk(state.disk)

    def frozen(self, keep_class: str) -> State:
        """The state after the event; raises what `Heap.freeze` does."""
        self._meter.reset()
        objects = self.heap.freeze(keep_class)
        return State(objects, self.heap.machine, self.heap.next_id, self._disk.frozen())

    def halted(self) -> State:
        """The state after a crash: only the disk is left, as it is now."""
        return State((), None, self.heap.next_id, self._disk.frozen())

    def result(self, value: Any) -> Value:
        """The frozen value that a handler returned; raises TypeError if an object is in it."""
        frozen = self.heap.frozen(value)
        if _refers(frozen):
            raise TypeError("a handler returned an object")
        return frozen

    def disk_create(self, name: Any, format: Any, size: Any, file: Any, file_format: Any) -> int:
        """Makes or truncates a file; its inode, or -errno."""
        self._meter.tick(self._disk.names)
        backing = (string(file), string(file_format))
        return self._disk.create(string(name), string(format), integer(size), *backing)

    def disk_open(self, name: Any) -> int:
        """The inode of that name, or -errno."""
        return self._disk.open(string(name))

    def disk_unlink(self, name: Any) -> int:
        """Takes the name from the directory; 0, or -errno."""
        return self._disk.unlink(string(name))

    def disk_realpath(self, name: Any) -> str:
        """The absolute path of a file that is there, or ""."""
        return self._disk.realpath(string(name))

    def disk_temporary(self) -> str:
        """The next name of a temporary file."""
        return self._disk.temporary()

    def disk_format(self, inode: Any) -> str:
        """The image's format."""
        return self._disk.inode(inode).format

    def disk_size(self, inode: Any) -> int:
        """The image's size in bytes."""
        return self._disk.inode(inode).size

    def disk_backing_file(self, inode: Any) -> str:
        """The backing file that the header names, or ""."""
        return self._disk.inode(inode).backing_file or ""

    def disk_backing_format(self, inode: Any) -> str:
        """The format of the backing file that the header names, or ""."""
        return self._disk.inode(inode).backing_format or ""

    def disk_set_backing(self, inode: Any, file: Any, file_format: Any) -> None:
        """Rewrites the header."""
        self._disk.set_backing(inode, string(file), string(file_format))

    def disk_resize(self, inode: Any, size: Any) -> None:
        """Changes the size in bytes."""
        self._disk.resize(inode, integer(size))

    def disk_clear(self, inode: Any) -> None:
        """Deallocates everything."""
        self._disk.clear(inode)

    def disk_read(self, chain: Any, offset: Any, length: Any) -> int | str:
        """The byte that fills the range, or "mixed"."""
        return self._disk.read(self._chain(chain), integer(offset), integer(length))

    def disk_write(self, chain: Any, offset: Any, length: Any, pattern: Any) -> None:
        """Fills the range of chain[0]."""
        place = (integer(offset), integer(length))
        self._disk.write(self._chain(chain), *place, integer(pattern))

    def disk_is_allocated(self, chain: Any, offset: Any, length: Any) -> bool:
        """Whether any sector of the range is allocated in any of the inodes."""
        return self._disk.is_allocated(self._chain(chain), integer(offset), integer(length))

    def disk_allocated_size(self, inode: Any) -> int:
        """Bytes in allocated clusters."""
        self._meter.tick(self._disk.weight(inode))
        return self._disk.allocated_size(inode)

    def disk_extents(self, inode: Any) -> list[list[int]]:
        """The offset and length in bytes of what the image holds itself, in order."""
        found = self._disk.inode(inode).extents
        self._meter.tick(len(found))
        return [[e.start * SECTOR, (e.end - e.start) * SECTOR] for e in found]

    def disk_copy(
        self, source: Any, among: Any, target: Any, offset: Any, length: Any, granularity: Any
    ) -> None:
        """Writes what `source` shows into target[0], where any of `among` has it allocated."""
        chains = [self._chain(chain) for chain in (source, among, target)]
        place = (integer(offset), integer(length), integer(granularity))
        self._disk.copy(chains[0], chains[1], chains[2], *place)

    def _chain(self, chain: Any) -> list[int]:
        """The inodes of a chain; what it takes to look at them counts."""
        if not isinstance(chain, list):
            raise TypeError(f"{kind_of(chain)} where a list of inodes is needed")
        inodes = [integer(inode) for inode in chain]
        self._meter.tick(len(inodes) + self._disk.weight(*inodes))
        return inodes


def refuse(cls: Any, desc: Any) -> None:
    """Ends the event as refused."""
    raise RefusalError(string(cls), string(desc))


def fail(errno: Any) -> None:
    """Ends the event as failed with a negative errno; raises ValueError for one that is not."""
    number = -integer(errno)
    if number <= 0:
        raise ValueError(f"fail of {errno}, which is no negative errno")
    raise FailureError(ERRNO.get(number, f"E{number}"))


def violated(desc: str) -> None:
    """An assertion does not hold."""
    raise ViolationError(desc)


def _refers(value: Value) -> bool:
    """Whether a Ref is in the value."""
    if isinstance(value, FrozenMap):
        return any(_refers(item) for _, item in value.pairs)
    if isinstance(value, tuple):
        return any(_refers(item) for item in value)
    return isinstance(value, Ref)
