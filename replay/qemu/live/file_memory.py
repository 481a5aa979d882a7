"""Remembering what QEMU's tools made of an order and said of a file, by the content of files."""

import hashlib
import os
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from replay.state.extents import SECTOR

SMALL = 8 * 2**20
"""Files that take no more bytes of the disk are told apart by content, others by their times."""

UNSURE = 0.1
"""A file that was written this short before it was read may be written again unnoticed: the times
of files are as coarse as the kernel's clock. In seconds."""

MOST_BYTES_MADE = 256 * 2**20
MOST_ANSWERS = 20_000
"""How much is remembered; then all is forgotten. Sequences of a hunt make the same few files."""

T = TypeVar("T")


class FileStamp(NamedTuple):
    """What changes when a file is written or becomes another: its digest, or time and number."""

    path: Path
    size: int
    digest: bytes = b""
    time: int = 0
    inode: int = 0


class KnownStamp(NamedTuple):
    """A stamp, and whether it is sure that the file is not written again unnoticed."""

    stamp: FileStamp
    is_sure: bool


class MadeFile(NamedTuple):
    """A file that was made: its length, and the data that it has at places."""

    size: int
    parts: tuple[tuple[int, bytes], ...]


class FileMemory:
    """What tools that are slow to start made and said, so that they are asked once."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, tuple[FileStamp, ...]], Any] = {}
        self._made: dict[Hashable, MadeFile] = {}
        self._bytes_made = 0
        self._stamps: dict[tuple[Path, int, int, int], KnownStamp] = {}

    def look(self) -> None:
        """Begins a look at files, during which they stay as they are."""
        self._stamps = {key: known for key, known in self._stamps.items() if known.is_sure}

    def of(self, about: str, files: Sequence[Path], read: Callable[[], T]) -> T:
        """What was read of files with the same content, or is read now."""
        key = (about, tuple(map(self._stamp, files)))
        if key in self._answers:
            return cast(T, self._answers[key])
        start = time.time_ns()
        value = read()
        is_sure = all(each.digest or start - each.time > UNSURE * 1e9 for each in key[1])
        # A job that was not waited for may have written them meanwhile.
        if is_sure and key[1] == tuple(map(stamp, filter(Path.exists, files))):
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            self._answers[key] = value
        return value

    def _stamp(self, path: Path) -> FileStamp:
        """The stamp of a file, which is computed once in a look."""
        stat = path.stat()
        key = (path, stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if key not in self._stamps:
            is_sure = time.time() - stat.st_mtime > UNSURE
            self._stamps[key] = KnownStamp(stamp(path), is_sure)
        return self._stamps[key].stamp

    def make(self, path: Path, commands: Hashable, run: Callable[[], None]) -> None:
        """Makes a new file by running commands, or as they made it before.

        Raises what `run` does.
        """
        known = self._made.get(commands)
        if known is not None and not path.exists():
            _write(path, known)
            return
        was_there = path.exists()
        run()
        if not was_there and is_small(path):
            self._keep(commands, _content(path))

    def _keep(self, commands: Hashable, made: MadeFile) -> None:
        self._bytes_made += sum(len(data) for _, data in made.parts)
        if self._bytes_made > MOST_BYTES_MADE:
            self._made.clear()
            self._bytes_made = 0
        self._made[commands] = made


def is_small(path: Path) -> bool:
    """Whether a file is there that takes little of the disk."""
    return path.is_file() and path.stat().st_blocks * SECTOR <= SMALL


def stamp(path: Path) -> FileStamp:
    """What a file is known by. Raises OSError if it is not there."""
    stat = path.stat()
    if stat.st_blocks * SECTOR > SMALL:
        return FileStamp(path, stat.st_size, time=stat.st_mtime_ns, inode=stat.st_ino)
    digest = hashlib.blake2b(digest_size=16)
    size, parts = _content(path)
    for offset, data in parts:
        digest.update(offset.to_bytes(8))
        digest.update(data)
    return FileStamp(path, size, digest.digest())


def _content(path: Path) -> MadeFile:
    with path.open("rb", buffering=0) as file:
        number = file.fileno()
        size = os.fstat(number).st_size
        parts = data_parts(number, size)
        return MadeFile(
            size, tuple((start, os.pread(number, end - start, start)) for start, end in parts)
        )


def _write(path: Path, made: MadeFile) -> None:
    with path.open("wb", buffering=0) as file:
        file.truncate(made.size)
        for offset, data in made.parts:
            os.pwrite(file.fileno(), data, offset)


def data_parts(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Beginning and end, in bytes, of the parts of an open file that are no holes."""
    place = 0
    while place < size:
        try:
            start = os.lseek(file, place, os.SEEK_DATA) // SECTOR * SECTOR
        except OSError:
            return
        place = os.lseek(file, start, os.SEEK_HOLE)
        yield start, place
