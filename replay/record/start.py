"""The start: a machine whose monitor is given to the proxy instead of to its clients."""

import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from replay.errors import ReplayError
from replay.record.proxy import PATIENCE

MONITOR = "-qmp"
SOCKET = "unix:"


class Diverted(NamedTuple):
    """A command line whose monitor is at `machine`, and where its clients expect it."""

    words: tuple[str, ...]
    clients: Path


def diverted(words: Sequence[str], machine: Path, listen: Path | None) -> Diverted:
    """The command line with its monitor elsewhere.

    Its own `-qmp unix:PATH,server=on` is where clients connect, unless `listen` says another
    place; without any it gets a monitor. Raises ReplayError for a monitor of another sort.
    """
    at = [index for index, word in enumerate(words) if word in (MONITOR, f"-{MONITOR}")]
    if not at:
        if listen is None:
            do = f"give it {MONITOR} {SOCKET}PATH,server=on,wait=off, or say --listen PATH"
            raise ReplayError("the machine has no monitor to record", do=do)
        added = (MONITOR, f"{SOCKET}{machine},server=on,wait=off")
        return Diverted((*words, *added), listen)
    place = at[0] + 1
    value = words[place] if place < len(words) else ""
    path, comma, rest = value.removeprefix(SOCKET).partition(",")
    if not value.startswith(SOCKET) or not path or "server" not in rest.replace("server=off", ""):
        do = f"use {MONITOR} {SOCKET}PATH,server=on"
        raise ReplayError(f"the monitor {value!r} can't be recorded", do=do)
    changed = f"{SOCKET}{machine}{comma}{rest}"
    return Diverted((*words[:place], changed, *words[place + 1 :]), listen or Path(path))


def options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options of a command line with their values, "" for none."""
    for word, value in pairwise((*words, "-")):
        if word.startswith("-") and len(word) > 1:
            yield word.lstrip("-"), "" if value.startswith("-") else value


@contextmanager
def running(words: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The started machine, which has ended afterwards. Raises ReplayError if it can't start."""
    try:
        process = subprocess.Popen(words)
    except OSError as error:
        what = f"cannot be started: {error.strerror}"
        raise ReplayError(what, where=shlex.quote(words[0])) from None
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
