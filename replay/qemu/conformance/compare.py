"""Comparing one replay with the recorded steps of its log."""

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct

from replay.engine.trace import ModelStep, ModelTrace, Outcome, disk_left
from replay.engine.view import Node, View, view
from replay.events.event import Await
from replay.qemu.conformance.expected import RecordedLog, RecordedReply, RecordedStep, read_after
from replay.qemu.conformance.fields import field_rules
from replay.state.disk import final_files, is_temporary
from replay.state.extents import SECTOR, sectors

NAMES = ("filename", "backing_file")
"""Fields that hold file names, of which only the last component counts."""

GAVE_UP = "E timeout"
"""The content of a file that the tool did not get through, which says nothing of the file."""


class Disagreement(Struct, frozen=True):
    """One place where a replay and a recording differ; `path` and `field` may be empty.

    `path` is a node's path, "files" or "final_files.NAME"; without a path `field` is "reply" or
    "died".
    """

    seq: int
    path: str
    field: str
    expected: Any
    got: Any


class Agreement(Struct, frozen=True):
    """How one log agreed in one tree: steps, those that agreed, and the first disagreement.

    `recorded` is what was seen at the step of that disagreement, or the files that were left.
    """

    log: str
    tree: str
    steps: int
    agreed: int
    first: Disagreement | None = None
    recorded: RecordedStep | Mapping[str, Any] | None = None


def compare(trace: ModelTrace, recorded: RecordedLog) -> Agreement:
    """How a replay agrees with what was recorded of its log.

    Raises ReplayError if the log's header does not list the recorded steps.
    """
    comparison = _Comparison(trace)
    seqs = read_after(trace.log, recorded)
    firsts: list[tuple[Disagreement, Any]] = []
    for (before, seq), step in zip(pairwise((0, *seqs)), recorded.steps, strict=True):
        firsts += [(found, step) for found in _first(comparison.step(before, seq, step))]
    agreed = len(seqs) - len(firsts)
    if recorded.final_files is not None:
        files = recorded.final_files
        firsts += [(found, files) for found in _first(comparison.final_files(files))]
    first, seen = firsts[0] if firsts else (None, None)
    return Agreement(trace.log.name, trace.variant.name, len(seqs), agreed, first, seen)


def _first(found: Iterator[Disagreement]) -> list[Disagreement]:
    """The first, if there is one; all are looked at, since what is learned counts later."""
    return list(found)[:1]


class _Comparison:
    """What is remembered from step to step: who was who, and names of temporary files."""

    def __init__(self, trace: ModelTrace) -> None:
        self._trace = trace
        self._rules = field_rules(trace.variant.subject)
        self._ids: Mapping[int, str] = {}
        self._temporaries: dict[str, str] = {}

    def step(self, before: int, seq: int, recorded: RecordedStep) -> Iterator[Disagreement]:
        """Compares what was seen after the event `seq`; after `before` was seen last."""
        steps = self._trace.steps[before:seq]
        expected = _fate(recorded, at_start=before == 0)
        if (got := _fate_of(steps)) != expected:
            yield Disagreement(seq, "", "died", expected, got)
        if recorded.died is None:
            yield from _reply(_answered(self._trace.steps, seq), recorded.reply or RecordedReply())
            seen = view(steps[-1].state, self._trace.variant.subject)
            yield from self._nodes(seq, seen, {node["path"]: node for node in recorded.nodes})
            yield from _listing(seq, seen, recorded.files)

    def _nodes(
        self, seq: int, seen: View, recorded: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Disagreement]:
        yield from _presence(seq, "", recorded, seen.nodes)
        ids: dict[int, str] = {}
        for path, wanted in recorded.items():
            if path in seen.nodes:
                node = seen.nodes[path]
                yield from self._fields(seq, node, wanted)
                if "bds_id" in wanted:
                    yield from self._identity(seq, node, wanted["bds_id"], ids)
        self._ids = ids

    def _identity(
        self, seq: int, node: Node, recorded: str, ids: dict[int, str]
    ) -> Iterator[Disagreement]:
        """A node keeps its recorded id from step to step, and shares it with no other."""
        known = ids.get(node.id, self._ids.get(node.id, recorded))
        if known != recorded:
            yield Disagreement(seq, node.path, "identity", recorded, known)
        elif recorded in ids.values() and node.id not in ids:
            yield Disagreement(seq, node.path, "identity", recorded, "another node")
        ids[node.id] = recorded

    def _fields(self, seq: int, node: Node, recorded: Mapping[str, Any]) -> Iterator[Disagreement]:
        for field, value in recorded.items():
            if field not in ("path", "bds_id") and self._rules.compared(field):
                wanted, got = self._rules.essence(field, value, node.fields.get(field, "absent"))
                if field not in node.fields or not self._same(field, wanted, got):
                    yield Disagreement(seq, node.path, field, wanted, got)

    def final_files(self, recorded: Mapping[str, Mapping[str, Any]]) -> Iterator[Disagreement]:
        """Compares the files that were left at the end."""
        last = self._trace.steps[-1]
        found = final_files(disk_left(self._trace.variant, last.state))
        files = {posixpath.basename(name): content for name, content in found.items()}
        yield from _presence(last.seq, "final_files", recorded, files)
        for name in sorted(recorded.keys() & files.keys()):
            for field, wanted in recorded[name].items():
                got = files[name].get(field)
                if not self._same(field, wanted, got):
                    yield Disagreement(last.seq, f"final_files.{name}", field, wanted, got)

    def _same(self, field: str, wanted: Any, got: Any) -> bool:
        if field == "size" and isinstance(got, int):
            # the tool that read the files tells of whole sectors
            return bool(wanted in (got, sectors(got) * SECTOR))
        if field == "content_runs_KiB" and wanted == GAVE_UP:
            return True
        if field in NAMES:
            return self._same_name(_last(wanted or ""), _last(got or ""))
        # of a text that tells why a file could not be read, only that there is one
        unreadable = field == "content_runs_KiB" and isinstance(wanted, str)
        return isinstance(got, str) if unreadable else bool(wanted == got)

    def _same_name(self, wanted: str, got: str) -> bool:
        """Names of temporary files agree up to one renaming per log."""
        if not is_temporary(wanted) or not is_temporary(got):
            return wanted == got
        if wanted not in self._temporaries and got in self._temporaries.values():
            return False
        return self._temporaries.setdefault(wanted, got) == got


def _last(name: str) -> str:
    """The last component of a file name; of a json: name a text that tells it, sorted."""
    if not name.startswith("json:"):
        return posixpath.basename(name)
    try:
        options = json.loads(name.removeprefix("json:"), object_hook=_with_last)
    except ValueError:
        return name
    return json.dumps(options, sort_keys=True)


def _with_last(options: dict[str, Any]) -> dict[str, Any]:
    if isinstance(file := options.get("filename"), str):
        return options | {"filename": posixpath.basename(file)}
    return options


def _fate(recorded: RecordedStep, at_start: bool) -> str:
    """What became of the process: a start can be refused, later it dies of an assertion."""
    if recorded.died is None:
        return "alive"
    return "refused" if at_start else "crashed"


def _fate_of(steps: Sequence[ModelStep]) -> str:
    """What became of the machine in these steps."""
    if steps[-1].state.machine is not None:
        return "alive"
    return next(step.outcome.status for step in steps if step.state.machine is None)


def _answered(steps: Sequence[ModelStep], seq: int) -> ModelStep:
    """The step whose reply was recorded: the command before the awaits, if it ends in some."""
    while seq > 1 and isinstance(steps[seq - 1].event.payload, Await):
        seq -= 1
    return steps[seq - 1]


def _reply(step: ModelStep, recorded: RecordedReply) -> Iterator[Disagreement]:
    expected, got = _essence_of(recorded), _essence(step.outcome, recorded)
    if expected != got:
        yield Disagreement(step.seq, "", "reply", expected, got)


def _essence_of(reply: RecordedReply) -> Any:
    """What must agree: an error's class or errno, that there is a text, a read's pattern."""
    if reply.error is None:
        return _pattern(reply.value)
    return _told(reply.error)


def _essence(outcome: Outcome, reply: RecordedReply) -> Any:
    """The same of an outcome; of a refusal that was recorded as a text, only that it is one."""
    if outcome.status == "refused" and "text" in (reply.error or {}):
        return _told(reply.error or {})
    if outcome.error is not None:
        return _told(outcome.error)
    # a value counts where one was recorded
    recorded = _pattern(reply.value)
    return recorded if recorded == "returned" else _pattern(outcome.value)


def _told(error: Mapping[str, Any]) -> str:
    return f"error {error.get('class') or error.get('errno') or 'text'}"


def _pattern(value: Any) -> Any:
    return value.get("pattern", "returned") if isinstance(value, Mapping) else "returned"


def _listing(seq: int, seen: View, recorded: Iterable[str]) -> Iterator[Disagreement]:
    files = {posixpath.basename(name) for name, file in seen.files.items() if not file.unlinked}
    yield from _presence(seq, "files", set(map(posixpath.basename, recorded)), files)


def _presence(
    seq: int, path: str, recorded: Iterable[str], got: Iterable[str]
) -> Iterator[Disagreement]:
    """The names that only one side has; without a path they are paths themselves."""
    expected, found = set(recorded), set(got)
    for name in sorted(expected ^ found):
        place = (path, name) if path else (name, "")
        sides = ("present", "absent") if name in expected else ("absent", "present")
        yield Disagreement(seq, *place, *sides)
