"""Conform: whether a variant does what a recorded trace of the real program says it did.

A directory of traces has `logs/NAME.jsonl` in the native form, whose header lists the `steps`
after which states were read, and `expected/TREE.jsonl.xz`, a line a log.
"""

import lzma
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from replay.disk import final_files, is_temporary
from replay.errors import ReplayError
from replay.events import Await, Log
from replay.replayer import Step, Trace
from replay.view import Node, View, view

NAMES = ("filename", "backing_file")
"""Node fields that hold file names, of which only the last component is recorded."""


class Disagreement(msgspec.Struct, frozen=True):
    """One place where a trace and the recording differ; `path` and `field` may be empty."""

    log: str
    seq: int
    path: str
    field: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        place = ".".join(part for part in (self.path, self.field) if part)
        return f"{self.log} #{self.seq} {place}: expected {self.expected!r}, got {self.got!r}"


class Expected(msgspec.Struct, frozen=True):
    """What was recorded of one log in one tree."""

    scenario: str
    tree: str
    steps: tuple[Mapping[str, Any], ...]
    final_files: Mapping[str, Any] | None = None


class Score(msgspec.Struct, frozen=True):
    """How one log agreed: steps compared, steps that agreed, the disagreements of the first."""

    log: str
    steps: int
    agreed: int
    first: tuple[Disagreement, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether everything agreed."""
        return not self.first


def read_expected(path: Path) -> Iterator[Expected]:
    """The recordings of one tree. Raises ReplayError with file and line."""
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                yield _expected(line, f"{path}:{number}")
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise ReplayError(f"cannot be read: {error}", where=str(path)) from error


def _expected(line: bytes, where: str) -> Expected:
    try:
        return msgspec.json.decode(line, type=Expected)
    except msgspec.DecodeError as error:
        raise ReplayError(f"is no recorded log: {error}", where=where) from error


def score(trace: Trace, expected: Expected) -> Score:
    """Compares a replay with a recording, step by step."""
    comparison = _Comparison(trace)
    seqs = read_seqs(trace.log, len(expected.steps))
    agreed, first = 0, []
    for seq, recorded in zip(seqs, expected.steps, strict=False):
        found = list(comparison.step(seq, recorded))
        agreed += not found
        first = first or found
    if expected.final_files is not None:
        found = list(comparison.final(expected.final_files))
        first = first or found
    return Score(trace.log.name, len(expected.steps), agreed, tuple(first))


def read_seqs(log: Log, needed: int) -> Sequence[int]:
    """The seqs after which the header says that states were read.

    Raises ReplayError where the header does not list as many as were recorded.
    """
    seqs = log.header.extra.get("steps")
    known = isinstance(seqs, list) and all(isinstance(seq, int) for seq in seqs)
    if not known or len(seqs) < needed or any(not 0 < s <= len(log.events) for s in seqs):
        raise ReplayError("its header does not list the recorded steps", where=log.name)
    return seqs


class _Comparison:
    """What is remembered from step to step: who was who, and names of temporary files."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._recorded_ids: dict[int, str] = {}
        self._temporaries: dict[str, str] = {}

    def step(self, seq: int, recorded: Mapping[str, Any]) -> Iterator[Disagreement]:
        step = self._trace.steps[seq - 1]
        if "died" in recorded:
            if _alive(self._trace.steps[:seq]):
                yield self._at(seq, "", "died", recorded["died"], "alive")
            return
        yield from self._reply(seq, recorded.get("reply", {}))
        seen = view(step.state, self._trace.variant.subject)
        yield from self._nodes(seq, seen, recorded.get("nodes", []))
        yield from self._listing(seq, seen, recorded.get("files", []))

    def _reply(self, seq: int, reply: Mapping[str, Any]) -> Iterator[Disagreement]:
        answered = _answered(self._trace.steps, seq)
        outcome = answered.outcome
        if "text" in reply.get("error", {}):
            # a printed text; what it says is not compared
            if outcome.status != "refused":
                yield self._at(answered.seq, "", "reply", "text", outcome.status)
        elif "error" in reply:
            wanted = _essence(reply["error"])
            got = outcome.status if outcome.error is None else _essence(outcome.error)
            if wanted != got:
                yield self._at(answered.seq, "", "reply", wanted, got)
        elif outcome.status != "returned":
            yield self._at(answered.seq, "", "reply", "returned", outcome.error)
        elif (pattern := _pattern(reply.get("return"))) is not None:
            if _pattern(outcome.value) != pattern:
                yield self._at(answered.seq, "", "reply", pattern, outcome.value)

    def _nodes(
        self, seq: int, seen: View, recorded: Iterable[Mapping[str, Any]]
    ) -> Iterator[Disagreement]:
        wanted = {node["path"]: node for node in recorded}
        for path in sorted(wanted.keys() ^ seen.nodes.keys()):
            yield self._at(seq, path, "", path in wanted, path in seen.nodes)
        ids: dict[int, str] = {}
        for path in wanted:
            if path in seen.nodes:
                node = seen.nodes[path]
                yield from self._fields(seq, node, wanted[path])
                yield from self._identity(seq, node, wanted[path].get("bds_id"), ids)
        self._recorded_ids = ids

    def _identity(
        self, seq: int, node: Node, recorded: str | None, ids: dict[int, str]
    ) -> Iterator[Disagreement]:
        """The same object in successive steps, and in one step, has the same recorded id."""
        if recorded is None:
            return
        known = ids.get(node.id, self._recorded_ids.get(node.id, recorded))
        if known != recorded or any(
            other != node.id and id == recorded for other, id in ids.items()
        ):
            yield self._at(seq, node.path, "identity", recorded, known)
        ids[node.id] = recorded

    def _fields(self, seq: int, node: Node, wanted: Mapping[str, Any]) -> Iterator[Disagreement]:
        for field, value in wanted.items():
            if field in ("path", "bds_id"):
                continue
            if field not in node.fields:
                yield self._at(seq, node.path, field, value, "absent")
            elif not self._same(field, value, node.fields[field]):
                yield self._at(seq, node.path, field, value, node.fields[field])

    def _same(self, field: str, wanted: Any, got: Any) -> bool:
        if field in NAMES:
            return self._same_name(wanted or "", got or "")
        return bool(wanted == got)

    def _same_name(self, wanted: str, got: str) -> bool:
        got = posixpath.basename(got)
        if not is_temporary(wanted) or not is_temporary(got):
            return wanted == got
        if wanted not in self._temporaries and got in self._temporaries.values():
            return False
        return self._temporaries.setdefault(wanted, got) == got

    def _listing(self, seq: int, seen: View, recorded: Iterable[str]) -> Iterator[Disagreement]:
        got = {posixpath.basename(name) for name, file in seen.files.items() if not file.unlinked}
        for name in sorted(got ^ set(recorded)):
            yield self._at(seq, "files", name, name not in got, name in got)

    def final(self, recorded: Mapping[str, Any]) -> Iterator[Disagreement]:
        seq = len(self._trace.steps)
        found = final_files(self._trace.steps[-1].state.disk)
        got = {posixpath.basename(name): content for name, content in found.items()}
        for name in sorted(recorded.keys() ^ got.keys()):
            yield self._at(seq, "final_files", name, name in recorded, name in got)
        for name in sorted(recorded.keys() & got.keys()):
            for key, wanted in recorded[name].items():
                if not self._same_content(key, wanted, got[name].get(key)):
                    yield self._at(seq, f"final_files.{name}", key, wanted, got[name].get(key))

    def _same_content(self, key: str, wanted: Any, got: Any) -> bool:
        if key == "backing_file":
            return self._same_name(wanted or "", got or "")
        # of a text that tells why a file could not be read, only that there is one
        unreadable = key == "content_runs_KiB" and isinstance(wanted, str)
        return isinstance(got, str) if unreadable else bool(wanted == got)

    def _at(self, seq: int, path: str, field: str, expected: Any, got: Any) -> Disagreement:
        return Disagreement(self._trace.log.name, seq, path, field, expected, got)


def _alive(steps: Sequence[Step]) -> bool:
    return all(step.state.machine is not None for step in steps)


def _answered(steps: Sequence[Step], seq: int) -> Step:
    """The step whose reply was recorded: the command before the awaits, if it ends in some."""
    while seq > 1 and isinstance(steps[seq - 1].event.payload, Await):
        seq -= 1
    return steps[seq - 1]


def _essence(error: Mapping[str, Any]) -> str:
    """What must agree of an error: its class or errno; of a printed text, that there is one."""
    return str(error.get("class") or error.get("errno") or "text")


def _pattern(value: Any) -> Any:
    return value.get("pattern") if isinstance(value, Mapping) else None
