"""Creating image files, and reading what they hold, with a build's qemu-img and qemu-io."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from replay.engine.view import File
from replay.errors import ReplayError
from replay.qemu.live.allowed_commands import MOST_BYTES, Make
from replay.qemu.live.builds import Build
from replay.qemu.live.file_memory import FileMemory, data_parts
from replay.qemu.live.programs import output
from replay.qemu.live.sandbox import Sandbox
from replay.state.disk import Inode
from replay.state.extents import MIXED, SECTOR, UNREADABLE_DATA, Extent, Extents, merged, sectors

COMMANDS_AT_ONCE = 200
"""How many writes one qemu-io is asked for."""

AT_ONCE = 128 * SECTOR
"""How much of an image is looked at together: mostly it is filled with the same byte."""

UNKNOWN = File("", 0, None, None, unlinked=True, inode=Inode(0, "", 0))
"""A file of which nothing is known but that it was there."""


class Header(msgspec.Struct, frozen=True):
    """What qemu-img says of a file."""

    format: str
    size: int = msgspec.field(name="virtual-size")
    backing_file: str | None = msgspec.field(name="backing-filename", default=None)
    backing_format: str | None = msgspec.field(name="backing-filename-format", default=None)


class ChainFile(NamedTuple):
    """A file of a backing chain, and its format."""

    path: Path
    format: str


class Images:
    """The files of a machine from one look at them to the next.

    QEMU's tools insist on a backing format. Where the log has none, one is lent to the file, and
    left out as long as it stands there.
    """

    def __init__(self, build: Build, places: Sandbox, memory: FileMemory | None = None) -> None:
        """`memory` is what the build's tools have made and said so far, if that was kept."""
        self._build = build
        self._places = places
        self._memory = memory or FileMemory()
        self._lent: dict[str, str] = {}
        self._formats: dict[str, str] = {}
        self._last: dict[str, File] = {}

    def make(self, order: Make) -> None:
        """Makes an image file with its data. Raises ReplayError with what the tool says."""
        commands = tuple(map(tuple, self.commands(order)))
        self._memory.make(Path(order.path), commands, lambda: self._run(commands))

    def _run(self, commands: Iterable[Sequence[str]]) -> None:
        for command in commands:
            output(command, self._places.images, self._build.environment)

    def commands(self, order: Make) -> Iterator[list[str]]:
        """The commands that make an image file."""
        image, path = order.image, order.path
        backing: list[str] = []
        self._formats[path] = image.format
        if order.backing is not None:
            below = str(self._places.images / order.backing)
            format = image.backing_format or self._formats.get(below, "raw")
            backing = ["-u", "-b", order.backing, "-F", format]
            if image.backing_format is None:
                self._lent[self._places.outside(path)] = format
        size = str(image.size)
        yield [*self._build.img, "create", "-q", "-f", image.format, *backing, path, size]
        writes = [f"write -P {run.pattern} {run.offset} {run.length}" for run in image.data]
        for start in range(0, len(writes), COMMANDS_AT_ONCE):
            several = [word for w in writes[start : start + COMMANDS_AT_ONCE] for word in ("-c", w)]
            yield [*self._build.io, "-f", image.format, *several, path]

    def files(self, names: Iterable[str] = ()) -> dict[str, File]:
        """The files there are and those that are gone, by the log's names.

        `names` are those of files that there have been. Written but not flushed data of a
        running machine are not in them.
        """
        paths = sorted(self._places.images.iterdir())
        there = {self._places.outside(str(path)): self._file(path) for path in paths}
        self._last |= there
        ever = {*self._last, *(self._places.outside(str(self._places.images / n)) for n in names)}
        gone = {
            name: msgspec.structs.replace(self._last.get(name, UNKNOWN), unlinked=True)
            for name in ever - there.keys()
        }
        return dict(sorted({**there, **gone}.items()))

    def _file(self, path: Path) -> File:
        """A file's header, and what a reader of it sees, through what its header names below it."""
        header = self._header(path)
        if header is None:
            return msgspec.structs.replace(UNKNOWN, unlinked=False)
        name = self._places.outside(str(path))
        backing, lent = header.backing_file, self._lent.get(name)
        fields = (
            header.format,
            header.size,
            self._places.outside(backing) if backing else None,
            None if header.backing_format == lent else header.backing_format,
        )
        inode = Inode(0, *fields, extents=self._shown(path))
        return File(*fields, unlinked=False, inode=inode)

    def _shown(self, path: Path) -> Extents:
        """What a reader of a file sees, through what its header names below it, without zeros."""
        layers = self._chain(path)
        if layers is None:
            return UNREADABLE_DATA
        paths = [layer.path for layer in layers]
        return self._memory.of("data", paths, lambda: self._data(layers))

    def _chain(self, path: Path) -> list[ChainFile] | None:
        """A file and those below it; None if it cannot be opened by what headers say."""
        layers: list[ChainFile] = []
        declared = None
        while path not in [layer.path for layer in layers]:
            header = self._header(path) if path.is_file() else None
            if header is None or declared not in (None, header.format):
                return None
            layers.append(ChainFile(path, header.format))
            if header.backing_file is None:
                return layers
            path, declared = path.parent / header.backing_file, header.backing_format
        return None

    def _header(self, path: Path) -> Header | None:
        return self._memory.of("header", [path], lambda: self._info(path))

    def _info(self, path: Path) -> Header | None:
        words = [*self._build.img, "info", "-U", "--output=json", str(path)]
        try:
            return msgspec.json.decode(
                output(words, environment=self._build.environment), type=Header
            )
        except (ReplayError, msgspec.DecodeError):
            return None

    def _data(self, layers: Sequence[ChainFile]) -> Extents:
        copy = self._places.root / "copy"
        words = ("convert", "-U", "-q", "-O", "raw", _json_name(layers), str(copy))
        try:
            output([*self._build.img, *words], environment=self._build.environment)
            return runs_in(copy)
        except (ReplayError, OSError):
            return UNREADABLE_DATA
        finally:
            copy.unlink(missing_ok=True)


def _json_name(layers: Sequence[ChainFile]) -> str:
    """A chain as QEMU's tools take it, which heeds no locks: the target of a job may be read."""
    options: dict[str, Any] = {}
    for layer in reversed(layers):
        file = {"driver": "file", "filename": str(layer.path), "locking": "off"}
        backing = {"backing": options} if options else {}
        options = {"driver": layer.format, "file": file, **backing}
    return f"json:{msgspec.json.encode(options).decode()}"


def runs_in(path: Path) -> Extents:
    """What a raw file holds: runs of sectors that are filled with one byte, without zeros.

    Raises OSError if it holds more than a log may write.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if os.fstat(file.fileno()).st_blocks * SECTOR > MOST_BYTES:
            raise OSError(f"it holds more than {MOST_BYTES} bytes")
        return merged(piece for piece in _pieces(file.fileno(), size) if piece.pattern != 0)


def _pieces(file: int, size: int) -> Iterator[Extent]:
    """The sectors of the parts of a file that are no holes."""
    for start, place in data_parts(file, size):
        for offset in range(start, place, AT_ONCE):
            data = os.pread(file, min(AT_ONCE, place - offset), offset)
            yield from _uniform(data, offset // SECTOR)


def _uniform(data: bytes, first: int) -> Iterator[Extent]:
    """Data as one piece if they are all the same byte, else sector by sector."""
    step = len(data) if data.count(data[:1]) == len(data) else SECTOR
    for offset in range(0, len(data), max(step, 1)):
        part = data[offset : offset + step]
        pattern = part[0] if part.count(part[:1]) == len(part) else MIXED
        yield Extent(first + offset // SECTOR, first + sectors(offset + len(part)), pattern)
