"""Explaining why a field, node, file or outcome is what it is."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import Struct

from replay.analysis.cause_chain import CauseLink, CauseTracer, folded
from replay.engine.field_names import first_holder
from replay.engine.find_place import value_at
from replay.engine.node_paths import UNREACHABLE
from replay.engine.places import ABSENT, FieldPlace, FilePlace, MachinePlace, OutcomePlace, Place
from replay.engine.trace import ModelTrace, Outcome
from replay.engine.view import View
from replay.errors import ReplayError
from replay.events.event import Guest, Image
from replay.language.traced.cells import TracedValue
from replay.language.traced.file_writes import call_that_named, call_that_wrote, target_of
from replay.state.disk import Inode
from replay.state.extents import cut, sectors
from replay.state.objects import Ref, State, Value


class Explanation(Struct, frozen=True, eq=False):
    """What is at a place after the event `seq`, since which event, and its chain of causes.

    `about` says in words what the chain is about where that is not the place itself. `ended` is
    the event whose outcome the chain is about, 0 if it is not about one.
    """

    trace: ModelTrace
    place: Place
    seq: int
    since: int
    value: Any
    links: tuple[CauseLink, ...]
    about: str = ""
    ended: int = 0


def explain(trace: ModelTrace, place: Place, seq: int | None = None) -> Explanation:
    """Why a place is as it is after an event, by default the last.

    Raises ReplayError if there is no such event.
    """
    last = len(trace.steps)
    index = last if seq is None else seq
    if not 1 <= index <= last:
        raise ReplayError(f"there is no event {index}", do=f"the last is {last}")
    subject = trace.variant.subject
    value = value_at(trace.steps[index - 1], place, subject)
    since = index
    if not isinstance(place, OutcomePlace | MachinePlace):
        earlier = ((n, value_at(trace.steps[n - 2], place, subject)) for n in range(index, 1, -1))
        since = next((n for n, before in earlier if before != value), 1)
    reason = _Reasons(_chains(trace)).of(place, index)
    links = folded(reason.links)
    return Explanation(trace, place, index, since, value, links, reason.about, reason.ended)


# A page explains many places of the same few traces, and tracing an event is slow.
@lru_cache(maxsize=8)
def _chains(trace: ModelTrace) -> CauseTracer:
    """The chains of a trace, with the events that were traced for an explanation before."""
    return CauseTracer(trace)


class _Reason(NamedTuple):
    links: Iterator[CauseLink]
    about: str = ""
    ended: int = 0


class _Reasons:
    """The chains for each kind of place."""

    def __init__(self, chains: CauseTracer) -> None:
        self._chains = chains
        self._steps = chains.trace.steps
        self._config = chains.trace.variant.subject.config

    def of(self, place: Place, seq: int) -> _Reason:
        """The chain of a place after an event."""
        match place:
            case OutcomePlace() | MachinePlace():
                return self._outcome(seq)
            case FilePlace():
                return _Reason(self._file(place, seq))
        after = self._chains.view_after(seq)
        if not after.running:
            return self._gone(seq)
        owner = self._object(place.path, after, seq)
        if not isinstance(place, FieldPlace) or owner is None:
            return _Reason(self._node(place.path, seq))
        bit = self._config.bits[place.field][place.flag] if place.flag else None
        return _Reason(self._chains.field(*self._holder(owner, place.field, seq), bit, seq))

    def _holder(self, id: int, field: str, seq: int) -> tuple[int, str]:
        """The object and the model's field that an observed field of an object shows."""
        rule = self._config.fields.get(field)
        if rule is None:
            return id, field
        objects = {thing.id: dict(thing.fields) for thing in self._chains.state(seq).objects}
        own = (source.partition(".")[0] for source in rule.sources)
        fallback = next((name for name in own if name in objects.get(id, {})), field)
        return first_holder(rule.sources, id, objects) or (id, fallback)

    # Nodes

    def _object(self, path: str, after: View, seq: int) -> int | None:
        """The object at a path: a node, or the job of one."""
        node = after.all_nodes.get(after.edges.get(path, path))
        if node is not None:
            return node.id
        parent, _, field = path.rpartition(".")
        if path in after.jobs:
            parent_node = after.all_nodes[parent]
            objects = {thing.id: dict(thing.fields) for thing in self._chains.state(seq).objects}
            job = objects[parent_node.id][field]
            return job.id if isinstance(job, Ref) else None
        return None

    def _node(self, path: str, seq: int) -> Iterator[CauseLink]:
        """Why a node is there or not: who set the field of the node above, or the list of roots."""
        parent, _, child = path.rpartition(".")
        after = self._chains.view_after(seq)
        machine = self._chains.state(seq).machine
        if not parent and path.startswith(UNREACHABLE):
            yield from explain_unreachable(self._chains, path, seq)
            return
        if not parent and machine is not None:
            roots = self._root_list(machine, seq)
            changed = self._chains.changed(lambda n: path in self._chains.view_after(n).nodes, seq)
            yield from self._chains.field(machine, roots, None, changed or seq)
            return
        above = self._object(parent, after, seq)
        if above is not None:
            yield from self._chains.field(above, child, None, seq)
        else:
            yield from self._node(parent, seq)

    def _root_list(self, machine: int, seq: int) -> str:
        """The machine's field that lists the roots."""
        objects = self._chains.state(seq).objects
        fields = next(dict(thing.fields) for thing in objects if thing.id == machine)
        lists = [name.partition(".")[0] for name in self._config.node.root_lists]
        return next((name for name in lists if name in fields), lists[0])

    def _gone(self, seq: int) -> _Reason:
        """Why no machine runs."""
        ended = self._chains.changed(lambda n: self._chains.view_after(n).running, seq)
        reason = self._outcome(ended or 1)
        return _Reason(reason.links, f"no machine runs since #{ended}", reason.ended)

    # Outcomes

    def _outcome(self, seq: int) -> _Reason:
        step = self._steps[seq - 1]
        error = step.outcome.error or {}
        if error.get("class") == "NotRunning":
            return self._gone(seq - 1)
        if error.get("class") == "CommandNotFound":
            return _Reason(iter(()), str(error.get("desc", "")))
        event = step.event.payload
        if isinstance(event, Guest) and event.name == "read" and step.outcome.status == "returned":
            return self._read(event, seq)
        return self._ending(seq)

    def _ending(self, seq: int) -> _Reason:
        end = self._chains.record(seq).end
        return _Reason(self._end(end, seq) if end else iter(()), ended=seq)

    def _end(self, cell: TracedValue, seq: int) -> Iterator[CauseLink]:
        """Why an event ended so: a refusal by its condition, all else by its value."""
        if cell.kind == "call":
            yield self._chains.at(cell, seq, "call")
            yield from self._chains.condition(cell, seq)
        else:
            yield from self._chains.chain(cell, None, seq)

    def _read(self, event: Guest, seq: int) -> _Reason:
        """Where the first sector that a guest read came from."""
        record = self._chains.record(seq)
        reads = [call for call in record.calls if call.name == "disk_read"]
        if not reads:
            return self._ending(seq)
        numbers = reads[-1].sources[0].value
        chain = [getattr(number, "value", number) for number in numbers]
        start = event.sector
        inodes = {inode.number: inode for inode in self._chains.state(seq).disk.inodes}
        for number in chain:
            if _holds(inodes[number], start, start + event.sectors):
                about = f"it is in {self._name(number, seq)}"
                return _Reason(self._written(number, start, start + event.sectors, seq), about)
        ends = [cell for cell in record.walks if cell.value is None and cell.object is not None]
        if not ends:
            return _Reason(iter(()), "none of the images holds it")
        last = ends[-1]
        assert last.object is not None
        about = "none of its images holds it: " + ", ".join(self._name(n, seq) for n in chain)
        return _Reason(self._chains.field(last.object, last.name, None, seq), about)

    def _written(self, number: int, start: int, end: int, seq: int) -> Iterator[CauseLink]:
        """Who put into a file what it holds there."""

        def content(n: int) -> tuple[Any, ...] | None:
            inodes = (
                inode for inode in self._chains.state(n).disk.inodes if inode.number == number
            )
            return next((tuple(cut(inode.extents, start, end)) for inode in inodes), None)

        changed = self._chains.changed(content, seq)
        if not changed or isinstance(self._steps[changed - 1].event.payload, Image):
            yield CauseLink(changed, "image", self._name(number, seq))
            return
        yield from self._writer(number, "data", changed)

    # Files

    def _file(self, place: Place, seq: int) -> Iterator[CauseLink]:
        """Who made a file or took its name away, or wrote last what is asked about."""
        name = place.path
        there = place.existence
        existed = self._at(place, seq) is ABSENT or place == there
        subject_of_change = there if existed else place
        changed = self._chains.changed(lambda n: self._at(subject_of_change, n), seq)
        if not changed:
            return
        if isinstance(self._steps[changed - 1].event.payload, Image):
            yield CauseLink(changed, "image", name)
        elif existed:
            is_made = self._at(there, seq) == "exists"
            yield from self._call(
                call_that_named(self._chains.record(changed), name, is_made), changed
            )
        else:
            number = self._chains.view_after(changed).files[name].inode.number
            yield from self._writer(number, place.field, changed)

    def _writer(self, number: int, field: str, seq: int) -> Iterator[CauseLink]:
        """The call that wrote to a file last, why it came to it, and why it wrote to this file."""
        call = call_that_wrote(self._chains.record(seq), number, field)
        yield from self._call(call, seq)
        target = target_of(call, field) if call is not None else None
        if target is not None:
            yield from self._chains.chain(target, None, seq)

    def _call(self, call: TracedValue | None, seq: int) -> Iterator[CauseLink]:
        """A call that did something to a file, and why it came to it."""
        if call is not None:
            yield self._chains.at(call, seq, "call")
            yield from self._chains.condition(call, seq)

    def _at(self, place: Place, seq: int) -> Any:
        """The value at a place of a file; no event's outcome has a part in it."""
        return place.value_in(Outcome("returned"), self._chains.view_after(seq))

    def _name(self, number: int, seq: int) -> str:
        disk = self._chains.state(seq).disk
        names = [name for name, inode in (*disk.directory, *disk.gone) if inode == number]
        return names[0] if names else f"file {number}"


def _holds(inode: Inode, start: int, end: int) -> bool:
    """Whether a reader stops at this image for some of these sectors."""
    there = min(end, sectors(inode.size))
    return (inode.format == "raw" and start < there) or any(cut(inode.extents, start, end))


def explain_unreachable(chains: CauseTracer, path: str, seq: int) -> Iterator[CauseLink]:
    """The chain of a path that begins a loose part, as `other[0]`, after an event.

    If it is there: what was written over that led to it, or else who made it. If it was there
    before: who freed it.
    """
    last = next((n for n in range(seq, 0, -1) if path in chains.view_after(n).other), 0)
    if not last:
        return
    node = chains.view_after(last).other[path].id
    if last < seq:
        yield from chains.freed(node, last + 1)
        return
    let_go = chains.changed(lambda n: _is_unreachable(chains, node, n), seq)
    place = _last_holder(chains, node, let_go)
    if place is not None:
        yield from chains.field(*place, None, let_go)
    else:
        yield from _creation(chains, node, let_go)


def _is_unreachable(chains: CauseTracer, node: int, seq: int) -> bool:
    return any(thing.id == node for thing in chains.view_after(seq).other.values())


def _last_holder(chains: CauseTracer, node: int, seq: int) -> tuple[int, str] | None:
    """The object and field that led to the node until the event; None if there is none."""
    config = chains.trace.variant.subject.config.node
    held_before, held_after = (_holders(chains.state(n), node) for n in (seq - 1, seq))
    lists = {name.partition(".")[0] for name in config.root_lists}
    leading = {*config.children, *lists}
    dropped = (holder for holder in held_before if holder not in held_after)
    return next((holder for holder in dropped if holder[1] in leading), None)


def _holders(state: State, node: int) -> list[tuple[int, str]]:
    fields = ((thing.id, field, value) for thing in state.objects for field, value in thing.fields)
    return [(id, field) for id, field, value in fields if _leads(value, node)]


def _leads(value: Value, node: int) -> bool:
    if isinstance(value, tuple):
        return any(_leads(item, node) for item in value)
    return isinstance(value, Ref) and value.id == node


def _creation(chains: CauseTracer, node: int, seq: int) -> Iterator[CauseLink]:
    """The call that made it, and those that led there."""
    creation = chains.record(seq).made.get(node)
    if creation is None:
        return
    yield chains.at(creation, seq, "call")
    frame = creation.frame
    while frame.call is not None and frame.caller is not None:
        yield chains.at(TracedValue(None, "call", frame.call, frame.caller, (), 0), seq, "call")
        frame = frame.caller
