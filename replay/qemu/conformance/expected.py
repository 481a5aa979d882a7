"""Reading a directory of logs with the states that were read out of real QEMU.

The directory has `logs/NAME.jsonl`, each one log in the native form whose header lists the
`steps`, the seqs after which states were read, and `expected/TREE.jsonl.xz`, a line a log.
TREE is a variant expression that can stand in a file's name, as `7e3d98dd31~1`.
"""

import lzma
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from replay.errors import ReplayError
from replay.events.event import Log, fingerprint
from replay.formats.read import read

SUFFIX = ".jsonl.xz"
T = TypeVar("T")


class RecordedReply(Struct, frozen=True, omit_defaults=True, rename={"value": "return"}):
    """What a command was answered."""

    value: Any = None
    error: Mapping[str, Any] | None = None


class RecordedStep(Struct, frozen=True, omit_defaults=True):
    """What was seen after an event: the reply, the nodes, the names of the files.

    `died` is there if the process ended, with its status. `wait_result` and `notices` are told,
    not compared.
    """

    reply: RecordedReply | None = None
    nodes: tuple[Mapping[str, Any], ...] = ()
    files: tuple[str, ...] = ()
    died: Any = None
    wait_result: Any = None
    notices: Any = None

    def __post_init__(self) -> None:
        if not all(isinstance(node.get("path"), str) for node in self.nodes):
            raise ValueError("a node has no path")


class RecordedLog(Struct, frozen=True):
    """What was seen of one log in a tree, and of the files that it left."""

    scenario: str
    steps: tuple[RecordedStep, ...]
    final_files: Mapping[str, Mapping[str, Any]] | None = None


class RecordedLine(Struct, frozen=True):
    """A recorded log that is still text, and its place."""

    text: bytes
    where: str

    def parsed(self) -> RecordedLog:
        """What the text says. Raises ReplayError with file, line and reason."""
        return _decode(self.text, RecordedLog, self.where)


class Recordings(Struct, frozen=True):
    """A directory of logs and of what was recorded of them, and the names of its trees."""

    directory: Path
    trees: tuple[str, ...]

    def file(self, tree: str) -> Path:
        """The file with what was recorded in a tree."""
        return self.directory / "expected" / f"{tree}{SUFFIX}"

    def lines(self, tree: str) -> dict[str, RecordedLine]:
        """What was recorded in a tree, by the log's name; ReplayError if it can't be read."""
        file = self.file(tree)
        by_log: dict[str, RecordedLine] = {}
        for number, text in enumerate(_unpacked(file).splitlines(), 1):
            line = RecordedLine(text, f"{file}:{number}")
            log = _decode(text, _Head, line.where).scenario
            if by_log.setdefault(log, line) is not line:
                raise ReplayError(f"{log} is there twice", where=line.where)
        if not by_log:
            raise ReplayError("nothing was recorded", where=str(file))
        return by_log

    def log(self, name: str, where: str) -> Log:
        """The log of that name; ReplayError, at the place `where`, if it is not there."""
        file = self.directory / "logs" / f"{name}.jsonl"
        if not file.is_file():
            raise ReplayError(f"there is no log {file}", where=where, do="bring it along")
        recordings = read(file, "native", name)
        return next(
            Log(name, recording.header, events, fingerprint(events))
            for recording in recordings
            for events in [tuple(recording.events)]
        )


class _Head(Struct, frozen=True):
    """The little of a recorded log that is needed to place it."""

    scenario: str


def open_recordings(directory: Path) -> Recordings:
    """The recordings in a directory; ReplayError if it has none."""
    for part in (directory, directory / "logs", directory / "expected"):
        if not part.is_dir():
            raise ReplayError("is not there", where=str(part), do="it needs logs/ and expected/")
    files = sorted((directory / "expected").glob(f"*{SUFFIX}"))
    if not files:
        raise ReplayError(f"has no file TREE{SUFFIX}", where=str(directory / "expected"))
    return Recordings(directory, tuple(file.name.removesuffix(SUFFIX) for file in files))


def read_after(log: Log, recorded: RecordedLog) -> Sequence[int]:
    """The seq of the event after which each recorded step was seen, as the log's header says.

    Raises ReplayError unless it lists as many as were recorded; fewer only where the last died.
    """
    listed = log.header.extra.get("steps")
    if not isinstance(listed, list) or not all(isinstance(seq, int) for seq in listed):
        raise ReplayError("the header has no list of steps", where=log.name)
    if any(not 0 < seq <= len(log.events) for seq in listed) or sorted(set(listed)) != listed:
        raise ReplayError("the header's steps are not events in their order", where=log.name)
    steps = recorded.steps
    whole = len(steps) == len(listed) or (0 < len(steps) < len(listed) and steps[-1].died)
    if not whole:
        what = f"{len(steps)} steps were recorded, but the header lists {len(listed)}"
        raise ReplayError(what, where=log.name)
    return listed[: len(steps)]


def _unpacked(file: Path) -> bytes:
    try:
        return lzma.decompress(file.read_bytes())
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise ReplayError(f"cannot be read: {error}", where=str(file)) from None


def _decode(text: bytes, type: type[T], where: str) -> T:
    try:
        return msgspec.json.decode(text, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReplayError(f"is no recorded log: {error}", where=where) from None
