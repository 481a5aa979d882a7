"""Starting a QEMU whose monitor goes through the proxy."""

import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from replay.errors import ReplayError
from replay.formats.start.command_line import pairs
from replay.qemu.recorder.proxy import PATIENCE

MONITORS = ("qmp", "qmp-pretty")
SOCKET = re.compile(r"(unix:|socket,(?:.*,)?path=)((?:[^,]|,,)+)(.*,server(?!=off).*)")
"""A socket on which a machine listens, with its path."""


class Diverted(NamedTuple):
    """A command line whose monitor is at `machine`, and where its clients expect it."""

    words: tuple[str, ...]
    clients: Path


def diverted(words: Sequence[str], machine: Path, listen: Path | None) -> Diverted:
    """The command line with its monitor elsewhere.

    Its own `-qmp unix:PATH,server=on`, or the socket of its `-mon`, is where clients connect,
    unless `listen` says another place; without any it gets a monitor. Raises ReplayError for a
    monitor of another sort.
    """
    place = monitor(words)
    if place is None:
        if listen is None:
            do = "give it -qmp unix:PATH,server=on,wait=off, or say --listen PATH"
            raise ReplayError("the machine has no monitor to record", do=do)
        return Diverted((*words, "-qmp", f"unix:{machine},server=on,wait=off"), listen)
    value = words[place] if place < len(words) else ""
    match = SOCKET.fullmatch(value)
    if match is None:
        do = "use -qmp unix:PATH,server=on"
        raise ReplayError(f"the monitor {value!r} can't be recorded", do=do)
    start, path, rest = match.groups()
    changed = f"{start}{machine}{rest}"
    clients = listen or Path(path.replace(",,", ","))
    return Diverted((*words[:place], changed, *words[place + 1 :]), clients)


def monitor(words: Sequence[str]) -> int | None:
    """The place of the word that says where the first monitor is, None if there is none."""
    for place, (word, value) in enumerate(pairwise((*words, "")), 1):
        if not word.startswith("-"):
            continue
        if word.lstrip("-") in MONITORS:
            return place
        options = pairs(value)
        if word.lstrip("-") == "mon" and options.get("mode") == "control":
            return device(words, options.get("chardev") or next(iter(options)))
    return None


def device(words: Sequence[str], name: str) -> int:
    """The place of the word that describes a character device; len(words) if none does."""
    for place, (word, value) in enumerate(pairwise(words), 1):
        if word in ("-chardev", "--chardev") and pairs(value).get("id") == name:
            return place
    return len(words)


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
