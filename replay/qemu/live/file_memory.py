"""Remembering what QEMU's tools made of an order and said of a file, by the content of files."""

import hashlib
import itertools
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from replay.state.extents import SECTOR

SMALL = 8 * 2**20
"""Files that take no more bytes of the disk are told apart by content, others by their marks."""

MARKS = 10**18
"""The first time that a file is marked with, in nanoseconds: far enough in the past that none who
writes it sets it."""

MOST_BYTES_MADE = 256 * 2**20
MOST_ANSWERS = 20_000
"""How much is remembered; then all is forgotten. Sequences of a hunt make the same few files."""

T = TypeVar("T")


class FileStamp(NamedTuple):
    """What changes when a file is written or becomes another: its digest, or a large one's mark."""

    path: Path
    size: int
    digest: bytes = b""
    mark: int = 0


class MadeFile(NamedTuple):
    """A file that was made: its length, the data that it has at places, and a digest of both."""

    size: int
    parts: tuple[tuple[int, bytes], ...]
    digest: bytes


class FileMemory:
    """What tools that are slow to start made and said, so that they are asked once.

    A file that is read is marked by a time of its own that is long past. As long as it has that it
    holds what it held, since whoever writes it sets the time, be it in the same tick of the clock.
    """

    def __init__(self) -> None:
        self._answers: dict[tuple[str, tuple[FileStamp, ...]], Any] = {}
        self._made: dict[Hashable, MadeFile] = {}
        self._bytes_made = 0
        self._stamps: dict[tuple[Path, int], FileStamp] = {}
        self._marks = itertools.count(MARKS)

    def of(self, about: str, files: Sequence[Path], read: Callable[[], T]) -> T:
        """What was read of files with the same content, or is read now."""
        key = (about, tuple(map(self._stamp, files)))
        if key in self._answers:
            return cast(T, self._answers[key])
        value = read()
        # A job that was not waited for may have written them meanwhile.
        if all(
            self._stamps.get(_mark(path)) == stamp
            for path, stamp in zip(files, key[1], strict=True)
        ):
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            self._answers[key] = value
        return value

    def _stamp(self, path: Path) -> FileStamp:
        """The stamp of a file, which is computed once as long as nobody writes it."""
        known = self._stamps.get(_mark(path))
        if known is not None:
            return known
        mark = next(self._marks)
        # Somebody else's file, as that of a QEMU that another user runs, is read each time.
        with suppress(PermissionError):
            os.utime(path, ns=(mark, mark))
        # Marked before it is read: what is written later takes the mark away.
        stamp = FileStamp(path, path.stat().st_size, mark=mark)
        if is_small(path):
            content = _content(path)
            stamp = FileStamp(path, content.size, content.digest)
        self._remember(mark, stamp)
        return stamp

    def _remember(self, mark: int, stamp: FileStamp) -> None:
        if len(self._stamps) >= MOST_ANSWERS:
            self._stamps.clear()
        self._stamps[stamp.path, mark] = stamp

    def make(self, path: Path, commands: Hashable, run: Callable[[], None]) -> None:
        """Makes a new file by running commands, or as they made it before.

        Raises what `run` does.
        """
        known = self._made.get(commands)
        if known is not None and not path.exists():
            _write(path, known)
            mark = next(self._marks)
            os.utime(path, ns=(mark, mark))
            self._remember(mark, FileStamp(path, known.size, known.digest))
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


def _mark(path: Path) -> tuple[Path, int]:
    """A file and the time that it has."""
    return path, path.stat().st_mtime_ns


def is_small(path: Path) -> bool:
    """Whether a file is there that takes little of the disk."""
    return path.is_file() and path.stat().st_blocks * SECTOR <= SMALL


def _content(path: Path) -> MadeFile:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        number = file.fileno()
        size = os.fstat(number).st_size
        parts = data_parts(number, size)
        read = tuple((start, os.pread(number, end - start, start)) for start, end in parts)
    for offset, data in read:
        digest.update(offset.to_bytes(8))
        digest.update(data)
    return MadeFile(size, read, digest.digest())


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
