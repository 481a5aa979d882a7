"""What an invariant can be asked about: nodes, files, guest writes, the machine.

| topic | parameters | path |
|---|---|---|
| a node in a role | node: the object; role: the root's name, then fields | its path |
| a named file | file: its name, header and whether it is unlinked | its name |
| what a guest wrote | write: see below | device and sector |
| the machine | none: it is there as `machine` | machine |

A file has name, unlinked, format, size, backing_file and backing_format; a write has device,
sector, sectors, pattern, reads and commands. `reads` is what the guest would read there now, a
byte or "mixed", None if it can't; `commands` are the names of the commands that returned since and
name the device.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from replay.analysis.observed_state import Classes, number, observed_state
from replay.engine.replay import step
from replay.engine.trace import ModelStep, ModelTrace, Trace
from replay.engine.view import View, view
from replay.events.event import Command, Event, Guest
from replay.state.disk import header
from replay.state.objects import Ref, State
from replay.variants.variant import Variant


class CheckInput(NamedTuple):
    """Something that a check can be asked about: its path, and values by a parameter's name."""

    path: str
    offered: Mapping[str, Any]


KINDS = ({"node", "role"}, {"file"}, {"write"}, set[str]())
"""The parameters that go together."""


class _Write(NamedTuple):
    """Sectors from start up to end that still are as the event `seq` wrote them."""

    seq: int
    device: str
    start: int
    end: int
    pattern: int


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
    for done in trace.steps:
        written = _written(written, done)
        after = view(done.state, trace.variant.subject)
        inputs = (*_of_machine(after), *_of_files(after), *_of_writes(written, done, trace))
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
        yield CheckInput(path, {"node": Ref(node.id), "role": [*node.role]})


def _of_files(after: View) -> Iterator[CheckInput]:
    for name, file in after.files.items():
        yield CheckInput(
            name, {"file": {"name": name, "unlinked": file.unlinked, **header(file.inode)}}
        )


def _of_writes(
    written: Iterable[_Write], done: ModelStep, trace: ModelTrace
) -> Iterator[CheckInput]:
    if done.state.machine is None:
        return
    for write in written:
        since = trace.steps[write.seq : done.seq]
        offered = {
            "device": write.device,
            "sector": write.start,
            "sectors": write.end - write.start,
            "pattern": write.pattern,
            "reads": _read(write, done.state, trace.variant),
            "commands": [*_commands(since, write.device)],
        }
        yield CheckInput(f"{write.device} sector {write.start}", {"write": offered})


def _written(before: tuple[_Write, ...], done: ModelStep) -> tuple[_Write, ...]:
    """What guests wrote and nothing overwrote, after one more event."""
    event = done.event.payload
    if not isinstance(event, Guest) or event.pattern is None or done.outcome.status != "returned":
        return before
    new = _Write(done.seq, event.device, event.sector, event.sector + event.sectors, event.pattern)
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


def _read(write: _Write, state: State, variant: Variant) -> Any:
    """What the guest would read; the state stays as it is."""
    request = Guest("read", write.device, write.start, write.end - write.start)
    _, outcome = step(variant, state, Event(request))
    return outcome.value.get("pattern") if isinstance(outcome.value, Mapping) else None


def _commands(steps: Iterable[ModelStep], device: str) -> Iterator[str]:
    for done in steps:
        event = done.event.payload
        if isinstance(event, Command) and done.outcome.status == "returned":
            text = msgspec.json.encode(event.arguments).decode()
            if re.search(rf"(?<!\w){re.escape(device)}(?!\w)", text):
                yield event.name
