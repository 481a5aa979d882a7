"""Running a command that has a stranger's code in a child process that can do little else."""

import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from replay.cli.terminal import print_note
from replay.errors import ReplayError
from replay.files import shipped

OUTPUTS = ("-o", "--output", "--continue", "--write-baseline", "--parquet")
"""Options that name a file that is written to."""
WITHOUT_STORE = ("variants", "show", "annotate")
"""Commands that run or show code and look at no log."""
IN_PROCESSES = ("check", "conform", "cover", "diff", "hunt")
"""Commands that may work in several processes, which share semaphores."""
WITH_PROGRAMS = ("am", "builds", "checkout", "record")
"""Commands that start git or QEMU, and run no model."""
SHARED_MEMORY = Path("/dev/shm")
REAL_PROGRAM = re.compile(r"(?:.*\.\.)?qemu(?:[:.].*)?")
"""A word for a real QEMU, which has to be started."""

_walled: list[int] = []
"""The process that the wall is around."""


def is_walled() -> bool:
    """Whether this process is a child that the wall is around."""
    return os.getpid() in _walled


def has_stranger(words: Sequence[str], patches: Path | None, named: Iterable[str]) -> bool:
    """Whether words of a command, its subject or variants of one's own bring code along.

    That is a subject that is not the shipped one, a patch file, or a file of checks.
    """
    if patches is not None and patches.resolve() != shipped("patches").resolve():
        return True
    if any(word.partition("=")[0] == "--checks" for word in words):
        return True
    if list(words[:1]) == ["touched"] and any(Path(word).is_file() for word in words[1:2]):
        return True
    return any(_is_there(part) for word in (*words, *named) for part in word.split("+")[1:])


def starts_program(words: Sequence[str], named: Iterable[str]) -> bool:
    """Whether a real QEMU takes part, or git is asked."""
    if words[:1] and words[0] in WITH_PROGRAMS:
        return True
    if list(words[:1]) == ["touched"] and not any(map(_is_there, words[1:2])):
        return True
    return any(REAL_PROGRAM.fullmatch(word) for word in (*words, *named))


def has_scheduler(words: Iterable[str]) -> bool:
    """Whether others are to do the work, who have to be reached."""
    return any(word.partition("=")[0] == "--scheduler" for word in words)


def raise_wall(
    words: Sequence[str], db: str, patches: Path | None, named: Iterable[str], asked: bool
) -> None:
    """Goes on in a child that can read what the words name, and write to the store and outputs.

    The parent waits and ends as the child does. `asked`: what can't be held is told.
    """
    sys.stdout.flush()
    ready, said = os.pipe()
    number = os.fork()
    if number:
        os.close(ready)
        _wait(number, said, None if words[:1] and words[0] in WITHOUT_STORE else db)
    _walled.append(os.getpid())
    os.close(said)
    os.read(ready, 1)
    os.close(ready)
    # It takes long to import, and few commands have a stranger's code.
    from replay.cli.wall.kernel import isolate  # noqa: PLC0415

    missing = isolate(_readable(words, patches, named), _writable(words, db))
    for sentence in missing if asked else ():
        print_note(f"replay: {sentence}")


def _wait(child: int, said: int, db: str | None) -> NoReturn:
    """Keeps the store open while the child works, so that the files beside it are there."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: _tell(child, number))
    # Commands that only run code need no store, and it takes long to import.
    from replay.store.database import open_database  # noqa: PLC0415
    from replay.store.databases.backend import backend_of  # noqa: PLC0415

    try:
        database = open_database(db) if db is not None else None
    except ReplayError:
        database = None  # the child will meet and tell it
    held = database.engine.connect() if database else None
    if held is not None:
        backend_of(held).schema(held)
    os.write(said, b"x")
    os.close(said)
    _, status = os.waitpid(child, 0)
    if held is not None and database is not None:
        held.close()
        database.engine.dispose()
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        print_note(f"replay: ended by {signal.Signals(-code).name}")
    sys.exit(code if code >= 0 else 2)


def _tell(child: int, number: int) -> None:
    """Hands a signal on; the terminal has sent its own to both."""
    if number == signal.SIGTERM:
        os.kill(child, number)


def _readable(words: Iterable[str], patches: Path | None, named: Iterable[str]) -> Iterator[Path]:
    """The subject, and every file or directory that a word names."""
    yield patches or shipped("patches")
    yield shipped("migrations")
    for word in (*words, *named):
        for part in {word, *re.split(r"[+=]", word), *re.split(r"[+=:]|\.\.(?!/)", word)}:
            if _is_there(part):
                yield Path(part)


def _writable(words: Sequence[str], db: str) -> Iterator[Path]:
    """The files of the store, and the directories of outputs."""
    from replay.store.databases.backend import backend_of  # noqa: PLC0415

    file = backend_of(db).file_named(db)
    if file is not None:
        yield from (file.with_name(f"{file.name}{end}") for end in ("", "-wal", "-shm"))
    for word, following in zip(words, [*words[1:], ""], strict=True):
        option, _, value = word.partition("=")
        if option in OUTPUTS:
            yield Path(value or following).absolute().parent
        elif word.startswith("-o"):
            yield Path(word[2:]).absolute().parent
    if words[:1] and words[0] in IN_PROCESSES:
        yield SHARED_MEMORY


def _is_there(word: str) -> bool:
    try:
        return bool(word) and Path(word).exists()
    except (OSError, ValueError):
        return False
