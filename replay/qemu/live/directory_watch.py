"""Knowing every file that a directory has ever had, however short its life was."""

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CREATED = 0x00000100 | 0x00000080
"""IN_CREATE and IN_MOVED_TO of Linux's inotify."""

OVERFLOW = 0x00004000
"""IN_Q_OVERFLOW: more happened than the kernel keeps for a reader."""

HEADER = struct.Struct("iIII")
AT_ONCE = 65536


class DirectoryWatch:
    """The names that a directory has had since the watch began, or began anew.

    Linux reports each file that is created, so that a file is known although it was gone before
    anything looked. Elsewhere `names` has only what was there when it was asked; `complete` is
    then false, as it is after an overflow.
    """

    def __init__(self, directory: Path, descriptor: int | None) -> None:
        self.complete = descriptor is not None
        self._directory = directory
        self._descriptor = descriptor
        self._names: set[str] = set()

    def restart(self) -> None:
        """Begins anew: only what is there now has been there. Ending a watch takes far longer."""
        self.names()
        self._names.clear()
        self.complete = self._descriptor is not None

    def names(self) -> frozenset[str]:
        """All names that the directory has had so far."""
        if self._descriptor is not None:
            self._names |= set(self._created(self._descriptor))
        self._names |= {path.name for path in self._directory.iterdir()}
        return frozenset(self._names)

    def _created(self, descriptor: int) -> Iterator[str]:
        while True:
            try:
                events = os.read(descriptor, AT_ONCE)
            except BlockingIOError:
                return
            place = 0
            while place < len(events):
                _, mask, _, length = HEADER.unpack_from(events, place)
                place += HEADER.size
                if mask & OVERFLOW:
                    self.complete = False
                if mask & CREATED:
                    yield os.fsdecode(events[place : place + length].rstrip(b"\0"))
                place += length


@contextmanager
def watching(directory: Path) -> Iterator[DirectoryWatch]:
    """A watch on a directory, which ends afterwards."""
    descriptor = _watch(directory)
    try:
        yield DirectoryWatch(directory, descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _watch(directory: Path) -> int | None:
    """The descriptor that tells what is created in a directory; None where there is no inotify."""
    if sys.platform != "linux":
        return None
    system = ctypes.CDLL(None, use_errno=True)
    descriptor = system.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        return None
    if system.inotify_add_watch(descriptor, os.fsencode(directory), CREATED) < 0:
        os.close(descriptor)
        return None
    return int(descriptor)
