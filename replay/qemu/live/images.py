"""Creating and reading image files with qemu-img and qemu-io."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from replay.engine.view import File
from replay.errors import ReplayError
from replay.qemu.live.allowed_commands import Make
from replay.qemu.live.programs import Programs, output
from replay.qemu.live.sandbox import Sandbox
from replay.state.disk import Inode

COMMANDS_AT_ONCE = 200
"""How many writes one qemu-io is asked for."""


UNKNOWN = File("", 0, None, None, unlinked=True, inode=Inode(0, "", 0))
"""A file of which no more is known than that it was there."""


class Header(msgspec.Struct, frozen=True):
    """What qemu-img tells of a file."""

    format: str
    size: int = msgspec.field(name="virtual-size")
    backing_file: str | None = msgspec.field(name="backing-filename", default=None)
    backing_format: str | None = msgspec.field(name="backing-filename-format", default=None)


class Images:
    """The files of a machine as they are seen from time to time.

    QEMU's tools insist on a backing format. Where the log has none, one is lent to the file, and
    told as none as long as it stands there.
    """

    def __init__(self, programs: Programs, places: Sandbox) -> None:
        self._lent: dict[str, str] = {}
        self._programs = programs
        self._places = places
        self._formats: dict[str, str] = {}
        self._seen: dict[str, tuple[Any, File]] = {}
        self._gone: dict[str, File] = {}

    def make(self, wanted: Make) -> None:
        """Makes an image file with its data. Raises ReplayError with what the tool says."""
        for command in self.commands(wanted):
            output(command, self._places.images)

    def commands(self, wanted: Make) -> Iterator[list[str]]:
        """The commands that make an image file."""
        image, path = wanted.image, wanted.path
        backing: list[str] = []
        self._formats[path] = image.format
        if wanted.backing is not None:
            below = str(self._places.images / wanted.backing)
            known = image.backing_format or self._formats.get(below, "raw")
            backing = ["-u", "-b", wanted.backing, "-F", known]
            if image.backing_format is None:
                self._lent[self._places.outside(path)] = known
        size = str(image.size)
        yield [self._programs.img, "create", "-q", "-f", image.format, *backing, path, size]
        writes = [f"write -P {run.pattern} {run.offset} {run.length}" for run in image.data]
        for start in range(0, len(writes), COMMANDS_AT_ONCE):
            options = [word for w in writes[start : start + COMMANDS_AT_ONCE] for word in ("-c", w)]
            yield [self._programs.io, "-f", image.format, *options, path]

    def files(self, known: Iterable[str] = ()) -> dict[str, File]:
        """The files there are and those that are gone, by the log's names.

        `known` are names of which it is known otherwise that there were such files.
        """
        paths = {self._places.outside(str(path)): path for path in self._places.images.iterdir()}
        there = {name: self._file(name, path) for name, path in paths.items()}
        for name, file in self._seen.items():
            self._gone.setdefault(name, file[1])
        for name in known:
            self._gone.setdefault(name, UNKNOWN)
        lost = {name: file for name, file in self._gone.items() if name not in there}
        gone = {name: msgspec.structs.replace(f, unlinked=True) for name, f in lost.items()}
        return dict(sorted({**there, **gone}.items()))

    def _file(self, name: str, path: Path) -> File:
        """What the header says; the tool is asked again only when the file has changed."""
        stat = path.stat()
        mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if name not in self._seen or self._seen[name][0] != mark:
            self._seen[name] = (mark, self._read(name, path))
        return self._seen[name][1]

    def _read(self, name: str, path: Path) -> File:
        try:
            answer = output([self._programs.img, "info", "-U", "--output=json", str(path)])
            header = msgspec.json.decode(answer, type=Header)
        except (ReplayError, msgspec.DecodeError):
            return msgspec.structs.replace(UNKNOWN, unlinked=False)
        backing = header.backing_file
        lent = self._lent.get(name)
        fields = (
            header.format,
            header.size,
            self._places.outside(backing) if backing else None,
            None if header.backing_format == lent else header.backing_format,
        )
        return File(*fields, unlinked=False, inode=Inode(0, *fields))


def unlinked(pid: int, places: Sandbox) -> Iterator[str]:
    """The log's names of files that the process has open and that have no name any more."""
    with suppress(FileNotFoundError, PermissionError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                target = str(descriptor.readlink())
                if target.startswith(f"{places.images}/") and target.endswith(" (deleted)"):
                    yield places.outside(target)
