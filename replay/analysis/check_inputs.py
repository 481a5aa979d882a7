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

from replay.engine.replay import step
from replay.engine.trace import ModelStep, ModelTrace
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


def check_inputs(trace: ModelTrace) -> Iterator[tuple[ModelStep, tuple[CheckInput, ...]]]:
    """Every event of a trace with the topics after it."""
    written: tuple[_Write, ...] = ()
    for done in trace.steps:
        written = _written(written, done)
        after = view(done.state, trace.variant.subject)
        yield done, (*_of_machine(after), *_of_files(after), *_of_writes(written, done, trace))


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
