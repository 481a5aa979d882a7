"""What can differ: an outcome, file, node, edge or field, and its value in a step."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from replay.engine.compare import Place, comparable, existence_of, label
from replay.engine.replay import Outcome, Step, Trace
from replay.engine.view import File, View, extents, view
from replay.errors import NotFound, ReplayError
from replay.variants.subject import Subject

ABSENT: UnsetType = UNSET
"""The value of a place that is not there, as a field of a node that does not exist."""


def observed(place: Place, outcome: Outcome, seen: View) -> Any:
    """The value as a divergence of that place has it, or ABSENT.

    `outcome` is that of the event, `seen` the view after it.
    """
    kind, path, field = place
    match kind:
        case "outcome":
            return seen.running if path == "machine" else comparable(outcome)
        case "file":
            return _file(seen.files.get(path), field)
        case _ if not seen.running:
            return ABSENT
        case "node":
            return "present" if _is_there(path, seen) else "absent"
        case "edge":
            here = path in seen.edges or path in seen.all_nodes
            return seen.edges.get(path, path) if here else ABSENT
        case _:
            node = seen.all_nodes.get(path)
            return (node.fields if node else seen.jobs.get(path, {})).get(field, ABSENT)


def _is_there(path: str, seen: View) -> bool:
    return path in seen.all_nodes or path in seen.edges or path in seen.jobs


def _file(file: File | None, field: str) -> Any:
    existence = existence_of(file)
    if field == "existence":
        return existence
    if file is None or existence != "exists":
        return ABSENT
    return extents(file.inode) if field == "data" else getattr(file, field)


FILE_FIELDS = ("format", "size", "backing_file", "backing_format", "data")
"""What there is to ask about a file but whether it is there."""


class Target(Struct, frozen=True):
    """A place, and the flag of a bit field that is meant; all of the value if `flag` is ""."""

    place: Place
    flag: str = ""


def spelled(target: Target) -> str:
    """The target in words."""
    kind, path, field = target.place
    match kind:
        case "outcome":
            return f"the outcome of {path}" if path != "machine" else "whether the machine runs"
        case "file":
            return f"the file {path}" if field == "existence" else f"{field} of the file {path}"
        case "node" | "edge":
            return path
    return ".".join(word for word in (path, field, target.flag) if word)


def value_at(step: Step, target: Target, subject: Subject) -> Any:
    """The value at a place after an event, as JSON has it; "absent" where there is none.

    Of a flag, whether it is set.
    """
    found = observed(target.place, step.outcome, view(step.state, subject))
    if found is ABSENT:
        return "absent"
    if target.flag and isinstance(found, int):
        return bool(found & subject.config.bits[target.place.field][target.flag])
    return found


def outcome_of(trace: Trace, seq: int) -> Target:
    """The outcome of an event. Raises ReplayError if there is no such event."""
    if not 1 <= seq <= len(trace.steps):
        raise ReplayError(f"there is no event {seq}", do=f"the last is {len(trace.steps)}")
    return Target(Place("outcome", label(trace.steps[seq - 1].event.payload), ""))


def find_target(text: str, traces: Iterable[Trace]) -> Target:
    """What a user means: PATH, PATH.FIELD, PATH.FIELD.FLAG, a file's name or NAME.FIELD.

    It has to be in one of the traces, at some event. Raises ReplayError with the nearest names.
    """
    known: dict[str, Target] = {}
    edges: dict[str, Target] = {}
    for trace in traces:
        for step in trace.steps:
            seen = view(step.state, trace.variant.subject)
            known |= _names(seen, trace.variant.subject.config.bits)
            edges |= {path: Target(Place("edge", path, "target")) for path in seen.edges}
    known |= edges
    if text in known:
        return known[text]
    near = get_close_matches(text, known, n=3, cutoff=0.4)
    do = f"nearest: {', '.join(near)}" if near else "replay run shows what there is"
    raise NotFound(f"there is no {text} at any event", do=do, nearest=near)


def flags_of(target: Target, traces: Sequence[Trace], seq: int | None) -> tuple[Target, ...]:
    """For a bit field, each of its flags that is set after an event in one of the traces.

    By default after the last event; all else, and a field without flags, as it is.
    """
    subject = traces[0].variant.subject
    bits = subject.config.bits.get(target.place.field, {})
    if target.place.kind != "field" or target.flag or not bits:
        return (target,)
    steps = [step for trace in traces for step in trace.steps[(seq or 0) - 1 :][:1]]
    flags = [Target(target.place, flag) for flag in bits]
    found = [it for it in flags if any(value_at(step, it, subject) is True for step in steps)]
    return tuple(found) or (target,)


def _names(seen: View, bits: Mapping[str, Mapping[str, int]]) -> dict[str, Target]:
    found = {name: Target(Place("file", name, "existence")) for name in seen.files}
    for field in FILE_FIELDS:
        found |= {f"{name}.{field}": Target(Place("file", name, field)) for name in seen.files}
    found |= {path: Target(Place("node", path, "existence")) for path in _roles(seen)}
    for path, fields in _fields(seen).items():
        for field in fields:
            place = Place("field", path, field)
            found[f"{path}.{field}"] = Target(place)
            found |= {f"{path}.{field}.{flag}": Target(place, flag) for flag in bits.get(field, ())}
    return found


def _roles(seen: View) -> set[str]:
    return {*seen.all_nodes, *seen.edges, *seen.jobs}


def _fields(seen: View) -> dict[str, Mapping[str, Any]]:
    return {path: node.fields for path, node in seen.all_nodes.items()} | dict(seen.jobs)
