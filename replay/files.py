"""Writing files whole or not at all, staying in a directory, finding bundled directories."""

import fcntl
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from replay.errors import BadInput, ReplayError

PART = ".part"
"""The end of the name of a file that is not yet whole."""


def deliver(chunks: Iterable[bytes], path: Path | None) -> None:
    """Writes the chunks as they come to the file, or to standard output if path is None.

    The file appears under its name when all is written. A reader that stops reading standard
    output early ends the writing quietly. Raises ReplayError if what is told can't be written.
    """
    try:
        if path is None:
            _print(chunks)
        else:
            _replace(path, chunks)
    except OSError as error:
        where = "standard output" if path is None else str(path)
        raise ReplayError(f"cannot be written: {error.strerror}", where=where) from None


def _print(chunks: Iterable[bytes]) -> None:
    try:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more at exit, and must then find somewhere to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise


def _replace(path: Path, chunks: Iterable[bytes]) -> None:
    """Writes beside the file and renames; what is no regular file, as /dev/null, is written to."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            device.writelines(chunks)
        return
    with file_beside(path) as beside:
        with beside.open("wb") as file:
            file.writelines(chunks)
        beside.replace(path)


@contextmanager
def file_beside(path: Path) -> Iterator[Path]:
    """A new empty file in the directory of `path`, to be given its name when it is whole.

    Nobody can have put anything there before: the name can't be guessed, and the file is made
    only if there is none. It is removed at the end, if it was not moved; what a killed process
    left of such files for `path` is removed at the beginning.
    """
    _remove_rests(path)
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}{PART}")
    made = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    try:
        # The lock goes with the process, and so tells a rest from a file that is being written.
        with suppress(OSError):
            fcntl.flock(made, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield beside
    finally:
        beside.unlink(missing_ok=True)
        os.close(made)


def _remove_rests(path: Path) -> None:
    """Removes files beside `path` that no process is writing any more, and that are ours."""
    begin = f".{path.name[:200]}."
    for beside in path.parent.iterdir():
        if beside.name.startswith(begin) and beside.name.endswith(PART):
            with suppress(OSError):
                _remove_rest(beside)


def _remove_rest(rest: Path) -> None:
    opened = os.open(rest, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(opened)
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
            rest.unlink()
    finally:
        os.close(opened)


def must_lead_inside(path: Path, directory: Path) -> None:
    """Raises BadInput if `path`, which stands in the directory, is a link to what is outside.

    A stranger's directory could have what is anywhere on this machine read, and shown, by links.
    """
    try:
        inside = path.resolve().is_relative_to(directory.resolve())
    except (OSError, RuntimeError):  # what can't be resolved, as a link to itself
        inside = False
    if not inside:
        do = "put there what it leads to"
        raise BadInput("is a link that leads out of its directory", where=str(path), do=do)


PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The directory `name`: in an installed package inside it, in a checkout beside it."""
    for directory in (PACKAGE / name, PACKAGE.parent / name):
        if directory.is_dir():
            return directory
    raise ReplayError(f"the directory {name} did not come along", where=str(PACKAGE))
