"""Processes that run the command line, to be killed, starved and set against each other.

They are forked from a server that has imported everything, so hundreds of them are cheap.
"""

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Pool, event

from replay.cli import main

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["pytest", "tests.whole.warm"])

NOBODY = 65534
"""A user that owns nothing."""

STEPS = (
    "before_cursor_execute",
    "begin",
    "commit",
    "savepoint",
    "release_savepoint",
    "rollback_savepoint",
    "rollback",
)


def start(function: Callable[..., None], *arguments: Any) -> BaseProcess:
    """A running process that calls the function."""
    process = FORKS.Process(target=function, args=arguments)
    process.start()
    return process


def finish(function: Callable[..., None], *arguments: Any) -> int:
    """The exit status of a process that called the function to its end."""
    process = start(function, *arguments)
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def command(out: Path, *words: str | Path) -> None:
    """Ends the process as `replay WORD...` does; what it says goes to the end of a file."""
    tell(out)
    sys.argv = ["replay", *map(str, words)]
    main()


def imports(out: Path, db: Path, files: Iterable[Path]) -> None:
    """Runs `replay import` on one file after another, up to the first that fails."""
    for file in files:
        try:
            command(out, "--db", db, "import", file)
        except SystemExit as done:
            if done.code:
                raise


def reads(out: Path, db: Path, log: str, toy: Path, until: Path) -> None:
    """Lists, exports, verifies and compares again and again, until a file is there."""
    commands = (["logs"], ["export"], ["verify"], ["diff", "--quiet", log])
    while not until.exists():
        for words in commands:
            try:
                command(out, "--db", db, "--patches", toy, *words)
            except SystemExit as done:
                assert done.code in (None, 0, 1), (words, done.code)


def killed_at(point: int, counted: Path, function: Callable[..., None], *arguments: Any) -> None:
    """Calls the function, and kills the process at the point-th step of any transaction.

    At the end the file says how many steps there were.
    """
    steps = 0

    def step(*_: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == point:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in STEPS:
        event.listen(Engine, name, step)
    event.listen(Pool, "checkin", step)  # what follows a commit
    try:
        function(*arguments)
    finally:
        counted.write_text(str(steps))


def killed_in_write(size: int, function: Callable[..., None], *arguments: Any) -> None:
    """Calls the function, and kills the process within the write that takes a file beyond size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    starved(size, function, *arguments)


def starved(size: int, function: Callable[..., None], *arguments: Any) -> None:
    """Calls the function where no file can grow beyond the size, as if the disk was full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    function(*arguments)


def quota(pages: int, function: Callable[..., None], *arguments: Any) -> None:
    """Calls the function where a database can't grow beyond so many pages."""

    def limit(connection: Any, _: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", limit)
    function(*arguments)


def unprivileged(function: Callable[..., None], *arguments: Any) -> None:
    """Calls the function as a user whom permissions stop, which they don't do to root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    function(*arguments)


def peak(out: Path, function: Callable[..., None], *arguments: Any) -> None:
    """Calls the function; the file then says how much memory the process had at most, in KiB."""
    try:
        function(*arguments)
    finally:
        out.write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def tell(out: Path) -> None:
    """Sends standard output and error to the end of a file."""
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)
