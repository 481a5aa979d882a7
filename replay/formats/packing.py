"""Opening recorded files, packed or not: each text in them, within limits."""

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import zstandard

from replay.errors import BadInput
from replay.formats.recording import InputLine, display_name
from replay.formats.text_lines import text_lines

STANDARD_INPUT = "-"
"""The path that stands for standard input."""

MAX_UNPACKED = 8 << 30
"""The most that is unpacked of a file, in bytes: no recording that fits a machine is larger."""

MOST_TIMES, FREE = 500, 16 << 20
"""A text packs to a hundredth at best. What unpacks to more times its size than this is made to
hurt, once it has come to so many bytes."""

MOST_MEMBERS = 10_000
"""More files than are packed together by hand; each is opened."""

DEEPEST = 4
"""How often things may be packed into each other: a log in gz in a tar in gz in a zip."""

BUFFER = 1 << 18
"""How much is unpacked at a time, in bytes."""

WINDOW = 1 << 27
"""The most memory that zstd and xz may use to unpack, in bytes; their own programs use as much."""

BROKEN = (
    *(OSError, EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError),
    *(tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError),
)
"""What reading a packed file may raise; zipfile raises the last two for what it can't unpack."""

CHUNK = 1024
"""How much is given to what unpacks at a time, in bytes: it may make 32,000 times as much of it."""

TAR, TAR_AT = b"ustar", 257
"""The mark of a tar and where in it that stands."""


class Decompressor(Protocol):
    """What unpacks one packed piece, as Python's modules offer it."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class ZstdFrame:
    """What unpacks a frame of zstd, which tells no length beforehand."""

    needs_input = True

    def __init__(self) -> None:
        frame = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
        self._frame: Any = frame

    @property
    def eof(self) -> bool:
        """Whether the frame has come to its end."""
        return bool(self._frame.eof)

    @property
    def unused_data(self) -> bytes:
        """What came behind the end."""
        return bytes(self._frame.unused_data)

    def decompress(self, data: bytes, _: int = -1) -> bytes:
        """All that the data unpack to."""
        return bytes(self._frame.decompress(data))


class PackedStream:
    """What was packed, of all pieces in a file. Raises EOFError where the file breaks off."""

    def __init__(self, file: IO[bytes], begin: Callable[[], Decompressor]) -> None:
        self._file = file
        self._begin = begin
        self._piece: Decompressor | None = None
        self._packed = b""
        self._data = b""

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        while not self._data and self._more():
            assert self._piece is not None
            self._data = self._piece.decompress(self._packed, size)
            self._packed = self._piece.unused_data if self._piece.eof else b""
            self._piece = None if self._piece.eof else self._piece
        data, self._data = self._data[:size], self._data[size:]
        return data

    def _more(self) -> bool:
        """Whether there is more to unpack, which is taken from the file if it is needed."""
        if self._piece is not None and not self._piece.needs_input:
            return True
        self._packed = self._packed or self._file.read(CHUNK)
        if self._piece is None:
            # Between pieces may be zeros, up to a round number of bytes.
            while self._packed and not self._packed.strip(b"\0"):
                self._packed = self._file.read(CHUNK)
            self._packed = self._packed.lstrip(b"\0")
            self._piece = self._begin() if self._packed else None
        if not self._packed and self._piece is not None:
            raise EOFError("it ends before the end of what was packed")
        return bool(self._packed)


def unxz() -> Decompressor:
    """What unpacks a piece of xz, which says how much memory that takes."""
    return lzma.LZMADecompressor(memlimit=WINDOW)


COMPRESSIONS: tuple[tuple[bytes, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"\xfd7zXZ\x00", partial(PackedStream, begin=unxz)),
    (b"BZh", partial(PackedStream, begin=bz2.BZ2Decompressor)),
    (b"\x28\xb5\x2f\xfd", partial(PackedStream, begin=ZstdFrame)),
)
"""How a compressed file begins, and what opens it."""

ZIP = b"PK\x03\x04"
UNKNOWN = ((b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!", "rar"), (b"\x04\x22\x4d\x18", "lz4"))
"""How files begin that are packed in a way that is not read, and its name."""


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None: ...


class Source(NamedTuple):
    """A text in a file: what it is called, and its lines that are not blank, read once."""

    name: str
    lines: Iterator[InputLine]


def sources(path: Path) -> Iterator[Source]:
    """The texts in a file: itself, or what is packed in it, one after another.

    Each must be read before the next is asked for. Raises BadInput with the file's name for one
    that cannot be read, and for one that unpacks to far more than any recording has.
    """
    name = display_name(path)
    if str(path) == STANDARD_INPUT:
        counted = Counted(sys.stdin.buffer)
        stream = BufferedReader(counted, BUFFER)
        yield from unpacked("stdin", stream, Budget("stdin", lambda: counted.size), 0, ())
        return
    with readable(name):
        file = path.open("rb")
        yield from unpacked(name, file, Budget(name, file.tell), 0, (file,))


def read_lines(path: Path) -> Iterator[InputLine]:
    """The lines of all texts in a file that are not blank, numbered from 1 in each."""
    for source in sources(path):
        yield from source.lines


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Makes a failure to open or read the file a BadInput."""
    try:
        yield
    except BROKEN as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise BadInput(reason or f"cannot be read: {error}", where=name) from None
    except ValueError:
        raise BadInput("not a file name", where=name) from None


class Budget:
    """How much may still be unpacked of a file: less than a limit, and not too many times it.

    `packed` tells how many bytes of the file were read.
    """

    def __init__(self, name: str, packed: Callable[[], int]) -> None:
        self._name = name
        self._packed = packed
        self._unpacked = 0

    def spend(self, size: int) -> None:
        """Counts bytes that were unpacked; raises BadInput if they are too many."""
        self._unpacked += size
        if self._unpacked > MAX_UNPACKED:
            what = f"it unpacks to more than {MAX_UNPACKED >> 30} GiB"
        elif self._unpacked > FREE and self._unpacked > MOST_TIMES * self._packed():
            what = f"it unpacks to more than {MOST_TIMES} times its size"
        else:
            return
        raise BadInput(what, where=self._name, do="unpack it first, if it is what it seems")


class Counted(io.RawIOBase):
    """A stream that tells how many bytes were read of it, in `size`."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.size = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads into a buffer and returns how much came: at once what there is."""
        data = self._stream.read1(len(buffer))
        buffer[: len(data)] = data
        self.size += len(data)
        return len(data)


class Unpacked(io.RawIOBase):
    """A stream that is unpacked, within a budget."""

    def __init__(self, stream: Any, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads into a buffer and returns how much came."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._budget.spend(len(data))
        return len(data)


def peekable(stream: Any) -> BufferedReader:
    """A stream that can be looked into before it is read."""
    return stream if isinstance(stream, BufferedReader) else BufferedReader(stream, BUFFER)


def unpacked(
    name: str, file: IO[bytes], budget: Budget, depth: int, owned: tuple[Closable, ...]
) -> Iterator[Source]:
    """The texts in a stream, which may be packed itself.

    Who reads a text to its end, or lets go of it, closes what is `owned`; it may outlive this.
    """
    content = peekable(file)
    start = content.peek(TAR_AT + len(TAR))[: TAR_AT + len(TAR)]
    if depth > DEEPEST:
        raise BadInput(f"it is packed more than {DEEPEST} times", where=name, do="unpack it first")
    for magic, kind in UNKNOWN:
        if start.startswith(magic):
            what = f"it is packed with {kind}, which is not read"
            raise BadInput(what, where=name, do="unpack it first")
    opener = next((opener for magic, opener in COMPRESSIONS if start.startswith(magic)), None)
    if opener is not None:
        inner = BufferedReader(Unpacked(opener(content), budget), BUFFER)
        yield from unpacked(name, inner, budget, depth + 1, (*owned, inner))
    elif start.startswith(ZIP) or start[TAR_AT:] == TAR:
        members = zip_members if start.startswith(ZIP) else tar_members
        with closing_all(owned):
            yield from members(name, content, budget, depth + 1)
    else:
        yield Source(name, lines_of(name, content, owned))


@contextmanager
def closing_all(owned: Iterable[Closable]) -> Iterator[None]:
    """Closes streams at the end of a block, the innermost first."""
    with ExitStack() as stack:
        for stream in owned:
            stack.callback(stream.close)
        yield


def lines_of(name: str, content: BufferedReader, owned: Iterable[Closable]) -> Iterator[InputLine]:
    """The lines of a text, behind the last of which what is `owned` is closed.

    Raises BadInput where they can't be read.
    """
    with readable(name), closing_all(owned):
        yield from text_lines(name, content)


def tar_members(name: str, file: BufferedReader, budget: Budget, depth: int) -> Iterator[Source]:
    """The texts in a tar, in their order; what is no file is passed over, none is written."""
    with tarfile.open(fileobj=file, mode="r|", tarinfo=tarfile.TarInfo) as archive:
        for number, member in enumerate(archive):
            check_members(name, number)
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None and member.size:
                yield from unpacked(member_name(name, member.name), stream, budget, depth, ())


def zip_members(name: str, file: BufferedReader, budget: Budget, depth: int) -> Iterator[Source]:
    """The texts in a zip, in their order."""
    # A zip is read from its end; one that is packed in something else is unpacked into memory.
    whole = file if isinstance(file.raw, io.FileIO) else io.BytesIO(file.read())
    with zipfile.ZipFile(whole) as archive:
        for number, member in enumerate(archive.infolist()):
            check_members(name, number)
            if member.is_dir() or not member.file_size:
                continue
            with archive.open(member) as stream:
                content = BufferedReader(Unpacked(stream, budget), BUFFER)
                yield from unpacked(member_name(name, member.filename), content, budget, depth, ())


def member_name(archive: str, name: str) -> str:
    """What a file in an archive is called; its name there is only shown."""
    return f"{archive}/{''.join(char if char.isprintable() else '?' for char in name)}"


def check_members(name: str, number: int) -> None:
    """Raises BadInput for an archive of too many files."""
    if number >= MOST_MEMBERS:
        raise BadInput(f"more than {MOST_MEMBERS} files in it", where=name, do="unpack it first")
