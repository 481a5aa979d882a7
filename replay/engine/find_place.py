"""Finding the place that a user means by a word, and its value in a step of a replay."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec.structs import replace

from replay.engine.places import (
    ABSENT,
    FILE_FIELDS,
    EdgePlace,
    FieldPlace,
    FilePlace,
    NodePlace,
    OutcomePlace,
    Place,
    label,
)
from replay.engine.trace import UNKNOWN, ModelStep, ModelTrace, Outcome, Trace
from replay.engine.view import View, view
from replay.errors import NotFound, ReplayError
from replay.variants.subject import BitFields, Subject, SubjectConfig


def value_at(step: ModelStep, place: Place, subject: Subject) -> Any:
    """The value at a place after an event, as JSON has it; "absent" where there is none.

    Of a flag, whether it is set.
    """
    return _value(place, step.outcome, view(step.state, subject), subject)


def value_after(trace: Trace, seq: int, place: Place) -> Any:
    """The value at a place after an event of any trace; "unknown" where it was not observed."""
    outcome, after = trace.steps[seq - 1].outcome, trace.view_at(seq - 1)
    missing = outcome if isinstance(place, OutcomePlace) else after
    if missing is None:
        return "unknown"
    known = (outcome or UNKNOWN, after or View(running=False))
    return _value(place, *known, trace.player.subject)


def _value(place: Place, outcome: Outcome, after: View, subject: Subject) -> Any:
    value = place.value_in(outcome, after)
    if value is ABSENT:
        return "absent"
    if place.flag and isinstance(value, int):
        return bool(value & subject.config.bits[place.field][place.flag])
    return value


def outcome_of(trace: Trace, seq: int) -> Place:
    """The outcome of an event. Raises ReplayError if there is no such event."""
    if not 1 <= seq <= len(trace.steps):
        raise ReplayError(f"there is no event {seq}", do=f"the last is {len(trace.steps)}")
    return OutcomePlace(label(trace.steps[seq - 1].event.payload))


def find_place(text: str, traces: Iterable[Trace]) -> Place:
    """What a user means: PATH, PATH.FIELD, PATH.FIELD.FLAG, a file's name or NAME.FIELD.

    A file may be named without its directory, and a node by its own name, if that means one thing
    only. It has to be in one of the traces, at some event. Raises NotFound with the nearest names.
    """
    places: dict[str, Place] = {}
    edges: dict[str, Place] = {}
    files: dict[str, None] = {}
    short: dict[str, set[Place]] = {}
    for trace in traces:
        config = trace.player.subject.config
        views = (trace.view_at(index) for index in range(len(trace.steps)))
        for after in views:
            if after is not None:
                files |= dict.fromkeys(after.files)
                places |= _places(after, config.bits)
                edges |= {path: EdgePlace(path) for path in after.edges}
                for name, place in _short_names_of_nodes(after, config):
                    short.setdefault(name, set()).add(place)
    for name, place in _short_names_of_files(files):
        short.setdefault(name, set()).add(place)
    places = _file_places(files) | places | edges
    if text in places:
        return places[text]
    if len(short.get(text, ())) == 1:
        return next(iter(short[text]))
    if text in short:
        means = sorted(place.path for place in short[text])
        raise ReplayError(f"{text} means several things", do=f"say which: {', '.join(means)}")
    near = get_close_matches(text, places, n=3, cutoff=0.4)
    do = f"nearest: {', '.join(near)}" if near else "replay run shows what there is"
    raise NotFound(f"there is no {text} at any event", do=do, nearest=near)


def place_names(traces: Iterable[ModelTrace]) -> tuple[str, ...]:
    """All that `find_place` takes for a node, a field, a flag or a file in these traces, sorted."""
    names: set[str] = set()
    for trace in traces:
        subject = trace.variant.subject
        for state in dict.fromkeys(step.state for step in trace.steps):
            after = view(state, subject)
            names |= {*_places(after, subject.config.bits), *_file_places(after.files)}
    return tuple(sorted(names))


def flags_of(place: Place, traces: Sequence[ModelTrace], seq: int | None) -> tuple[Place, ...]:
    """For a bit field, each of its flags that is set after an event in one of the traces.

    By default after the last event; all else, and a field without flags, as it is.
    """
    subject = traces[0].variant.subject
    bits = subject.config.bits.get(place.field, {})
    if not isinstance(place, FieldPlace) or place.flag or not bits:
        return (place,)
    steps = [step for trace in traces for step in trace.steps[(seq or 0) - 1 :][:1]]
    flags = [replace(place, flag=flag) for flag in bits]
    is_set = [any(value_at(step, flag, subject) is True for step in steps) for flag in flags]
    return tuple(flag for flag, yes in zip(flags, is_set, strict=True) if yes) or (place,)


def _short_names_of_files(names: Iterable[str]) -> Iterator[tuple[str, Place]]:
    """Files without their directories."""
    for name in names:
        base = name.rpartition("/")[2]
        yield base, FilePlace(name)
        yield from ((f"{base}.{field}", FilePlace(name, field)) for field in FILE_FIELDS)


def _short_names_of_nodes(after: View, config: SubjectConfig) -> Iterator[tuple[str, Place]]:
    """Nodes by the names that they were given."""
    for path, node in after.all_nodes.items():
        if own := node.fields.get(config.node.own_name):
            yield str(own), NodePlace(path)
            yield from ((f"{own}.{field}", FieldPlace(path, field)) for field in node.fields)


def _file_places(names: Iterable[str]) -> dict[str, Place]:
    places: dict[str, Place] = {name: FilePlace(name) for name in names}
    for field in FILE_FIELDS:
        places |= {f"{name}.{field}": FilePlace(name, field) for name in names}
    return places


def _places(after: View, bits: BitFields) -> dict[str, Place]:
    """What there is beside the files."""
    places: dict[str, Place] = {}
    paths = {*after.all_nodes, *after.edges, *after.jobs}
    places |= {path: NodePlace(path) for path in paths}
    for path, fields in after.fields.items():
        for field in fields:
            places[f"{path}.{field}"] = FieldPlace(path, field)
            flags = bits.get(field, ())
            places |= {f"{path}.{field}.{f}": FieldPlace(path, field, f) for f in flags}
    return places
