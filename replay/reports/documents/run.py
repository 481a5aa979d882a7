"""The document of one replay."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from msgspec import Struct

from replay.engine.compare import compare_views
from replay.engine.places import FieldPlace, FilePlace, NodePlace, Place
from replay.engine.trace import UNKNOWN, Outcome, Trace
from replay.engine.view import Node, View
from replay.errors import ReplayError
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents.common import (
    EventOrigin,
    LogId,
    VariantId,
    event_origin,
    log_id,
    variant_id,
)
from replay.reports.documents.graph import Drawing, graph
from replay.variants.subject import BitFields, SubjectConfig

__all__ = ["Node", "RunReport", "StateChange", "StepReport", "changes", "is_telling", "run_report"]


class StateChange(Struct, frozen=True):
    """One place before and after the event. An identity is the object that a path stands for.

    `text` is a line of what came (+), went (-) or changed (before -> after).
    """

    place: Place
    before: Any
    after: Any
    text: str = ""


class StepReport(Struct, frozen=True):
    """One event of a replay: how it ended, what there was then, and what it changed.

    A translated event has its `original`, what was recorded, and perhaps a `note` about that.
    `when` is the time of recording in words, "" if it is not known, `recorded` that and the place.
    """

    seq: int
    event: Payload
    outcome: Outcome
    view: View
    graph: Drawing
    changes: tuple[StateChange, ...]
    original: Payload | None = None
    note: str = ""
    idle: bool = False
    when: str = ""
    recorded: EventOrigin = EventOrigin()


class RunReport(Struct, frozen=True):
    """One replay, event by event. `bits` are the bit fields with the names of their flags."""

    log: LogId
    variant: VariantId
    steps: tuple[StepReport, ...]
    final_files: Mapping[str, Any]
    bits: BitFields


def run_report(trace: Trace, until: int | None = None, only_changes: bool = False) -> RunReport:
    """The report of a replay up to the event `until`, all by default.

    With `only_changes`, without the events that changed nothing. Raises ReplayError if there is no
    such event.
    """
    if until is not None and not 1 <= until <= len(trace.steps):
        raise ReplayError(f"there is no event {until}", do=f"the last is {len(trace.steps)}")
    shown = trace.steps[:until]
    subject = trace.player.subject
    views = [View(running=True), *_known_views(trace, len(shown))]
    drawings = _drawings(views[1:], subject.config)
    steps = tuple(
        StepReport(
            seq=step.seq,
            event=step.event.payload,
            outcome=step.outcome or UNKNOWN,
            view=after,
            graph=drawing,
            changes=changes(before, after, subject.config.bits),
            original=step.event.original,
            note=step.event.note,
            idle=step.event.idle,
            when=words.when(step.event.recorded),
            recorded=event_origin(step.event),
        )
        for step, (before, after), drawing in zip(shown, pairwise(views), drawings, strict=True)
    )
    return RunReport(
        log=log_id(trace),
        variant=variant_id(trace),
        steps=tuple(step for step in steps if step.changes or not only_changes),
        final_files=trace.files_after(len(shown) - 1) if shown else {},
        bits=subject.config.bits,
    )


def _known_views(trace: Trace, count: int) -> Iterator[View]:
    """The view after each event; where it is unknown, the last one that is known."""
    last = View(running=True)
    for index in range(count):
        last = trace.view_at(index) or last
        yield last


def _drawings(views: Iterable[View], config: SubjectConfig) -> Iterator[Drawing]:
    """The graph of each view, which is that of the one before where only files changed."""
    last, drawing = View(running=False), graph(View(running=False), config)
    for after in views:
        if not after.has_nodes_of(last):
            drawing = graph(after, config)
        last = after
        yield drawing


def changes(before: View, after: View, bits: BitFields) -> tuple[StateChange, ...]:
    """What differs between two successive views, every node that came or went included."""
    differences = compare_views({"before": before, "after": after})
    others = (
        StateChange(place, values["before"], values["after"])
        for place, values in differences.items()
        if not isinstance(place, NodePlace)
    )
    return tuple(
        StateChange(change.place, change.before, change.after, _text(change, after, bits))
        for change in (*_nodes(before, after), *others)
    )


def _nodes(before: View, after: View) -> Iterator[StateChange]:
    """Paths that came, went, or stand for another object."""
    was, now = _objects(before), _objects(after)
    for path in was:
        if path not in now:
            yield StateChange(NodePlace(path), "present", "absent")
    for path, is_now in now.items():
        if path not in was:
            yield StateChange(NodePlace(path), "absent", "present")
        elif isinstance(is_now, int) and isinstance(was[path], int) and was[path] != is_now:
            yield StateChange(NodePlace(path, "identity"), was[path], is_now)


def _objects(view: View) -> dict[str, int | None]:
    """Every path with its node's identity; None for a job and for an edge to a node above."""
    nodes = {path: node.id for path, node in view.all_nodes.items()}
    return nodes | {path: None for path in (*view.edges, *view.jobs) if path not in nodes}


# A change in words


def _text(change: StateChange, after: View, bits: BitFields) -> str:
    name = f"{words.path(change.place.path)}.{words.escape(change.place.field)}"
    match change.place:
        case NodePlace(field="existence"):
            return _node(change, after, bits)
        case FilePlace():
            return _file(change, after)
        case FieldPlace(field=field) if field in bits:
            return f"{name}: {words.changed_flags(change.before, change.after, bits[field])}"
        case _:
            return f"{name}: {words.value(change.before)} -> {words.value(change.after)}"


def _node(change: StateChange, after: View, bits: BitFields) -> str:
    path = change.place.path
    if change.after == "absent":
        return f"- {words.path(path)}"
    node = after.all_nodes.get(path)
    if node is None and path in after.edges:
        return f"+ {words.path(path)} is {words.path(after.edges[path])} again"
    fields = node.fields if node else after.jobs[path]
    texts = [_field(name, value, bits) for name, value in fields.items() if is_telling(value)]
    return " ".join([f"+ {words.path(path)}", *texts])


def is_telling(value: Any) -> bool:
    """Whether a node's field is worth a word: it is not empty, zero or a list of zeros."""
    return any(value) if isinstance(value, list) else bool(value)


def _field(name: str, value: Any, bits: BitFields) -> str:
    if name in bits:
        return f"{name}={'|'.join(sorted(words.set_flags(value, bits[name]))) or 'none'}"
    return f"{words.escape(name)}={words.value(value)}"


def _file(change: StateChange, after: View) -> str:
    path, field = change.place.path, change.place.field
    file = after.files.get(path)
    name = f"file {words.escape(path)}"
    if field == "existence":
        if file is None or file.unlinked:
            return f"- {name} unlinked"
        backing = f", on {words.escape(file.backing_file)}" if file.backing_file else ""
        return f"+ {name}: {words.escape(file.format)}, {words.size(file.size)}{backing}"
    write = words.of_field(change.place)
    return f"{name}: {field} {write(change.before)} -> {write(change.after)}"
