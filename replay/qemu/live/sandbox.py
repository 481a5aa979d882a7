"""The private directory that a log's files live in, and the names they have in the log."""

import os
import posixpath
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from replay.errors import ReplayError
from replay.events.event import SECTOR, Event, Image

LONGEST_NAME = 200
"""The longest name of a file, in bytes; a file system takes a few more."""

TEMPORARY = re.compile(r"<tmp(\d+)>")


GENERATED = re.compile(r"#block\d+")
"""A name that QEMU gives to a node, with digits that are random."""


class Sandbox:
    """The private directory of a machine, and what its files are called in the log.

    A file of the log may lie in `home`, the directory of its first image, and nowhere else. It
    then lies in `images`. Temporary files, which QEMU makes in `temporary`, are called <tmp0>,
    <tmp1>... in the order of being met.
    """

    def __init__(self, home: str, root: Path, images: Path | None = None) -> None:
        """`images` is where the files are, if not in a directory of the private one."""
        self.home = home
        self.root = root
        self.images = root / "images" if images is None else images
        self.temporary = root / "tmp"
        self._met: list[str] = []

    def make(self) -> None:
        """Makes the directories."""
        self.images.mkdir()
        self.temporary.mkdir()

    def empty(self) -> None:
        """Takes away all files of a log."""
        for directory in (self.images, self.temporary):
            for path in directory.iterdir():
                path.unlink()

    def used(self) -> int:
        """How many bytes its files take on the disk."""
        used = 0
        for directory in (self.images, self.temporary):
            with os.scandir(directory) as files:
                for file in files:
                    # It may be gone since it was listed.
                    with suppress(FileNotFoundError):
                        used += file.stat(follow_symlinks=False).st_blocks * SECTOR
        return used

    def used_unnamed(self, process: int) -> int:
        """How many bytes files take that a process has open and that have no name any more.

        QEMU unlinks each temporary overlay as soon as it is open. 0 where there is no /proc.
        """
        used = 0
        device = self.temporary.stat().st_dev
        with suppress(OSError), os.scandir(f"/proc/{process}/fd") as files:
            for file in files:
                with suppress(OSError):
                    open_file = file.stat()
                    if not open_file.st_nlink and open_file.st_dev == device:
                        used += open_file.st_blocks * SECTOR
        return used

    def inside(self, name: str) -> str:
        """The path of a file of the log. Raises ReplayError for a name that may be another's."""
        if match := TEMPORARY.fullmatch(name):
            return self._temporary(int(match[1]), name)
        within = f"{self.home}/"
        rest = name.removeprefix(within) if self.home else name
        harmless(rest)
        if rest.startswith("-"):
            raise ReplayError(f"{name!r} may be taken for an option")
        return str(self.images / rest)

    def text(self, value: str) -> str:
        """A text of an argument: a name in the log's directory as a path, others unchanged.

        Raises ReplayError for one that could be read as a path or an address elsewhere.
        """
        if TEMPORARY.fullmatch(value) or (self.home and value.startswith(f"{self.home}/")):
            return self.inside(value)
        if value:
            harmless(value)
        return value

    def outside(self, path: str) -> str:
        """What the log calls the file at a path of this machine."""
        if path.startswith("json:"):
            return self.with_log_names(path)
        path = path.removesuffix(" (deleted)")
        folder, name = posixpath.split(path)
        if folder == str(self.images):
            return posixpath.join(self.home, name)
        if folder != str(self.temporary):
            return path
        if path not in self._met:
            self._met.append(path)
        return f"<tmp{self._met.index(path)}>"

    def with_log_names(self, text: str) -> str:
        """A message of QEMU with the log's names in it."""
        within = re.escape(f"{self.temporary}/")
        text = GENERATED.sub("#block", text)
        text = re.sub(rf"{within}[\w-]+(?:\.[\w-]+)*", lambda match: self.outside(match[0]), text)
        return text.replace(f"{self.images}/", f"{self.home}/" if self.home else "").strip()

    def _temporary(self, index: int, name: str) -> str:
        if index >= len(self._met):
            raise ReplayError(f"there is no file {name} yet")
        return self._met[index]


def home(events: Iterable[Event]) -> str:
    """The directory of the first image of a log, "" if its names have none."""
    payloads = (event.payload for event in events)
    first = next((payload.name for payload in payloads if isinstance(payload, Image)), "")
    return posixpath.dirname(first)


def harmless(text: str) -> None:
    """Raises ReplayError unless the text is no more than a name in a directory."""
    if "/" in text:
        raise ReplayError(f"{text!r} leads out of the directory of the log's images")
    if ":" in text:
        raise ReplayError(f"{text!r} may name a protocol")
    if text in ("", ".", "..") or len(text.encode(errors="replace")) > LONGEST_NAME:
        raise ReplayError(f"{text!r} cannot name a file")
    if not text.isprintable():
        raise ReplayError(f"{text!r} has characters that are not printable")
