"""Reading files within limits, writing them whole or not at all, finding bundled directories."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from replay.errors import ReplayError


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
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.writelines(chunks)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The directory `name`: in an installed package inside it, in a checkout beside it."""
    for directory in (PACKAGE / name, PACKAGE.parent / name):
        if directory.is_dir():
            return directory
    raise ReplayError(f"the directory {name} did not come along", where=str(PACKAGE))
