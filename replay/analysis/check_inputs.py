"""What an invariant can be asked about: nodes, files, guest writes, the machine.

| topic | parameters | path |
|---|---|---|
| a node in a role | node: the object; role: the root's name, then fields | its path |
| a named file | file: its name, header and whether it is unlinked | its name |
| what a guest wrote | write: see below | device and sector |
| the machine | none: it is there as `machine` | machine |

A file has name, unlinked, format, size, backing_file and backing_format; a write has device,
sector, sectors, pattern, reads and commands. `reads` is what the guest would read there now, a
byte or "mixed", None if it can't; `commands` are the names, each once, of the commands that
returned since and name the device.
"""

import re
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from replay.analysis.observed_state import Classes, number, observed_state
from replay.engine.trace import ModelStep, ModelTrace, Trace
from replay.engine.transitions.request import request
from replay.engine.view import View, view
from replay.events.event import Command, Guest
from replay.language import FileAnswers, Query, Returned
from replay.state.disk import Disk, header
from replay.state.objects import FrozenMap, Object, Ref, State, Value, kinds, plain
from replay.variants.variant import Variant


class CheckInput(NamedTuple):
    """Something that a check can be asked about: its path, and values by a parameter's name.

    Inputs with equal keys offer the same.
    """

    path: str
    offered: Mapping[str, Any]
    key: Hashable = ()


KINDS = ({"node", "role"}, {"file"}, {"write"}, set[str]())
"""The parameters that go together."""


class _Write(NamedTuple):
    """Sectors from start up to end that still are as an event wrote them.

    `commands` are the names of those that returned since and name the device, each once.
    """

    device: str
    start: int
    end: int
    pattern: int
    commands: tuple[str, ...] = ()


class CheckedStep(NamedTuple):
    """The number of an event, the state after it, and what can be asked about it.

    `is_complete` says whether all of the state is known.
    """

    seq: int
    state: State
    inputs: tuple[CheckInput, ...]
    is_complete: bool = True


def check_inputs(trace: Trace, classes: Classes) -> Iterator[CheckedStep]:
    """Every event of a trace with the topics after it, the machine's objects being of `classes`."""
    return _replayed(trace) if isinstance(trace, ModelTrace) else _observed(trace, classes)


def _replayed(trace: ModelTrace) -> Iterator[CheckedStep]:
    written: tuple[_Write, ...] = ()
    guest = _Guest(trace.variant)
    for done in trace.steps:
        written = _written(_with_command(written, done), done)
        after = view(done.state, trace.variant.subject)
        writes = written if done.state.machine is not None else ()
        inputs = (
            *_of_machine(after),
            *_of_files(after),
            *_of_writes(writes, done.state, guest),
        )
        yield CheckedStep(done.seq, done.state, inputs)


def _observed(trace: Trace, classes: Classes) -> Iterator[CheckedStep]:
    """What was observed of a machine; what its guest would read now cannot be asked."""
    for index, done in enumerate(trace.steps):
        after = trace.view_at(index) or View(running=False)
        state = observed_state(after, trace.player.subject.config, classes)
        nodes = {path: replace(node, id=number(node.id)) for path, node in after.all_nodes.items()}
        inputs = (*_of_machine(replace(after, nodes=nodes, other={})), *_of_files(after))
        yield CheckedStep(done.seq, state, inputs, is_complete=False)


def _of_machine(after: View) -> Iterator[CheckInput]:
    if after.running:
        yield CheckInput("machine", {})
    for path, node in after.all_nodes.items():
        offered = {"node": Ref(node.id), "role": [*node.role]}
        yield CheckInput(path, offered, (path, node.id))


def _of_files(after: View) -> Iterator[CheckInput]:
    for name, file in after.files.items():
        facts = {"name": name, "unlinked": file.unlinked, **header(file.inode)}
        yield CheckInput(name, {"file": facts}, tuple(facts.values()))


def _of_writes(written: Iterable[_Write], state: State, guest: "_Guest") -> Iterator[CheckInput]:
    for write in written:
        reads = guest.read(write, state)
        offered = {
            "device": write.device,
            "sector": write.start,
            "sectors": write.end - write.start,
            "pattern": write.pattern,
            "reads": reads,
            "commands": [*write.commands],
        }
        yield CheckInput(f"{write.device} sector {write.start}", {"write": offered}, (write, reads))


def _with_command(written: tuple[_Write, ...], done: ModelStep) -> tuple[_Write, ...]:
    """The writes with one more command, if one returned that names their device."""
    event = done.event.payload
    if not written or not isinstance(event, Command) or done.outcome.status != "returned":
        return written
    text = msgspec.json.encode(event.arguments).decode()
    named = {item.device for item in written if _name(item.device).search(text)}
    return tuple(
        item._replace(commands=(*item.commands, event.name))
        if item.device in named and event.name not in item.commands
        else item
        for item in written
    )


@lru_cache(maxsize=1024)
def _name(device: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(device)}(?!\w)")


def _written(before: tuple[_Write, ...], done: ModelStep) -> tuple[_Write, ...]:
    """What guests wrote and nothing overwrote, after one more event."""
    event = done.event.payload
    if not isinstance(event, Guest) or event.pattern is None or done.outcome.status != "returned":
        return before
    new = _Write(event.device, event.sector, event.sector + event.sectors, event.pattern)
    remaining = (part for old in before for part in _rest(old, new))
    return (*remaining, new)


def _rest(old: _Write, new: _Write) -> Iterator[_Write]:
    """The parts of an old write beside a new one."""
    if old.device != new.device:
        yield old
        return
    for start, end in ((old.start, min(old.end, new.start)), (max(old.start, new.end), old.end)):
        if start < end:
            yield old._replace(start=start, end=end)


class _Reading(NamedTuple):
    """What a range reads as, and what was looked at to say so.

    `queries` are None if reading can change files.
    """

    pattern: Any
    objects: Mapping[int, Object]
    queries: tuple[Query, ...] | None


REMEMBERED = 4
"""Readings of a place: a machine often goes to and fro between a few ways to be."""


class _Guest:
    """Reads what a guest would read, and leaves the state as it is.

    What it read lasts as long as the objects that were looked into stay as they are, and files
    answer as they did. That is found out once in a state.
    """

    def __init__(self, variant: Variant) -> None:
        self._program = variant.program
        self._config = variant.subject.config
        self._fields = self._fields_read()
        self._state: State | None = None
        self._answers = FileAnswers(Disk())
        self._objects: Mapping[int, Object] = {}
        self._known: dict[tuple[str, int, int], deque[_Reading]] = {}
        self._current: dict[tuple[str, int, int], Any] = {}

    def _fields_read(self) -> frozenset[str] | None:
        handler = request(Guest("read", "a", 0, 1), self._config).handler
        is_there = handler in self._program.functions
        return self._program.fields_named(handler) if is_there else None

    def read(self, write: _Write, state: State) -> Any:
        """The byte that the sectors of a write read as, or "mixed"; None if they can't be read."""
        if state is not self._state:
            self._state, self._current = state, {}
            self._answers = FileAnswers(state.disk)
            self._objects = {thing.id: thing for thing in state.objects}
        place = (write.device, write.start, write.end)
        if place not in self._current:
            known = self._known.setdefault(place, deque(maxlen=REMEMBERED))
            reading = next(filter(self._holds, known), None)
            if reading is None:
                reading = self._reading(*place, state)
                known.appendleft(reading)
            self._current[place] = reading.pattern
        return self._current[place]

    def _holds(self, known: _Reading) -> bool:
        if known.queries is None:
            return False
        for id, thing in known.objects.items():
            now = self._objects.get(id)
            if now is not thing and not self._is_same(thing, now):
                return False
        return self._answers.are(known.queries)

    def _is_same(self, thing: Object, now: Object | None) -> bool:
        """Whether an object is as it was, as far as reading looks at it: writes are counted."""
        if now is None or self._fields is None or now.cls != thing.cls:
            return False
        pairs = zip(thing.fields, now.fields, strict=True)
        changed = [(was, value) for (name, was), (_, value) in pairs if name in self._fields]
        return all(was is value or _alike(was, value) for was, value in changed)

    def _reading(self, device: str, start: int, end: int, state: State) -> _Reading:
        query = request(Guest("read", device, start, end - start), self._config)
        if query.handler not in self._program.functions:
            return _Reading(None, {}, ())
        ending, ids, queries = self._program.call_noting(query.handler, query.arguments, state)
        value = ending.value if isinstance(ending, Returned) else None
        pattern = None
        if isinstance(value, FrozenMap) and "pattern" in value:
            pattern = plain(value["pattern"])
        looked_at = {id: self._objects[id] for id in ids if id in self._objects}
        return _Reading(pattern, looked_at, queries)


def _alike(was: Value, now: Value) -> bool:
    return was == now and kinds((was,)) == kinds((now,))
