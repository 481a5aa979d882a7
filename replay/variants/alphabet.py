"""Reading an alphabet: the machines from which a hunt starts, and the steps that it may take.

It is JSON lines after a header `{"replay_alphabet": 1}`. A step or probe is written once, with
holes as `$drive` that stand for the values of that name; a probe only looks, so that no sequence
goes on after it. A text that is nothing but a hole becomes the value itself, be it a number.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from replay.errors import BadInput, ReplayError
from replay.events.event import Event
from replay.events.json_form import parse_object, parse_payload
from replay.files import read_text

HEADER = "replay_alphabet"
MOST_STEPS = 1000
"""More steps than a search can do anything with; holes multiply."""

_HOLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")

Value = str | int | bool
Values = Mapping[str, tuple[Value, ...]]


class AlphabetStart(Struct, frozen=True):
    """A machine from which to start: its name, the events that make it, values of its own."""

    name: str
    events: tuple[Event, ...]
    values: Values


class AlphabetStep(Struct, frozen=True):
    """Events that follow each other: what a user or guest may do next.

    `roots` are the roots that it names, `alike` the names in it that stand for any of their group.
    """

    name: str
    events: tuple[Event, ...]
    roots: frozenset[str] = frozenset()
    alike: frozenset[str] = frozenset()


class StepTemplate(Struct, frozen=True):
    """A step or probe as written, with holes."""

    name: str
    events: tuple[dict[str, Any], ...]
    starts: tuple[str, ...] = ()


class Alphabet(Struct, frozen=True):
    """What a hunt may do. `roots` is the hole that stands for a root.

    The values of a hole in `alike` are interchangeable: no start names one of them.
    """

    file: str
    digest: str
    starts: tuple[AlphabetStart, ...]
    steps: tuple[StepTemplate, ...]
    probes: tuple[StepTemplate, ...]
    values: Values
    alike: tuple[str, ...]
    roots: str

    def steps_from(self, start: AlphabetStart) -> tuple[AlphabetStep, ...]:
        """The steps that can be taken from a start, each with one choice of values."""
        return tuple(self._filled(self.steps, start))

    def probes_from(self, start: AlphabetStart) -> tuple[AlphabetStep, ...]:
        """What can be looked at from a start."""
        return tuple(self._filled(self.probes, start))

    def groups(self, start: AlphabetStart) -> tuple[tuple[str, ...], ...]:
        """The names that are interchangeable, group by group."""
        filled_names: dict[tuple[str, ...], None] = {}
        values = {**self.values, **start.values}
        for template in (*self.steps, *self.probes):
            for text in _texts(template.events):
                for hole in set(_holes(text)) & {*self.alike}:
                    others = [name for name in _holes(text) if name != hole]
                    for chosen in _choices(others, values):
                        filled = [
                            str(_fill(text, {**chosen, hole: value})) for value in values[hole]
                        ]
                        filled_names[tuple(filled)] = None
        return tuple(filled_names)

    def _filled(
        self, templates: tuple[StepTemplate, ...], start: AlphabetStart
    ) -> Iterator[AlphabetStep]:
        values = {**self.values, **start.values}
        names = {name for group in self.groups(start) for name in group}
        for template in templates:
            if template.starts and start.name not in template.starts:
                continue
            holes = dict.fromkeys(h for text in _texts(template.events) for h in _holes(text))
            for chosen in _choices(list(holes), values):
                filled = _fill(list(template.events), chosen)
                words = " ".join(str(value) for value in chosen.values())
                yield AlphabetStep(
                    name=f"{template.name} {words}".strip(),
                    events=tuple(Event(parse_payload(raw)) for raw in filled),
                    roots=frozenset(str(chosen[h]) for h in chosen if h == self.roots),
                    alike=frozenset(names.intersection(_texts(filled))),
                )


class _Document(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of an alphabet; one of start, step, probe and values says which."""

    start: str = ""
    step: str = ""
    probe: str = ""
    events: tuple[dict[str, Any], ...] = ()
    values: dict[str, tuple[Value, ...]] = {}
    starts: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    roots: str = ""


def read_alphabet(path: Path) -> Alphabet:
    """The alphabet in a file, wholly checked. Raises ReplayError with file and line."""
    text = read_text(path)
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines or parse_object(lines[0][1].encode()).get(HEADER) != 1:
        do = f'begin it with {{"{HEADER}": 1}}'
        raise BadInput("is no alphabet", where=str(path), do=do)
    alphabet = Alphabet(str(path), sha256(text.encode()).hexdigest(), (), (), (), {}, (), "")
    for number, line in lines[1:]:
        try:
            alphabet = _with(alphabet, msgspec.json.decode(line, type=_Document))
        except (msgspec.MsgspecError, ReplayError, KeyError, RecursionError) as error:
            raise BadInput(f"{error}", where=f"{path}:{number}") from None
    _check(alphabet, path)
    return alphabet


def _with(alphabet: Alphabet, told: _Document) -> Alphabet:
    """The alphabet with what one more line says."""
    replace = msgspec.structs.replace
    template = StepTemplate(told.step or told.probe, told.events, told.starts)
    match bool(told.start), bool(told.step), bool(told.probe):
        case True, False, False:
            events = tuple(Event(parse_payload(raw)) for raw in told.events)
            return replace(
                alphabet, starts=(*alphabet.starts, AlphabetStart(told.start, events, told.values))
            )
        case False, True, False:
            return replace(alphabet, steps=(*alphabet.steps, template))
        case False, False, True:
            return replace(alphabet, probes=(*alphabet.probes, template))
        case False, False, False:
            values = {**alphabet.values, **told.values}
            return replace(alphabet, values=values, alike=told.alike, roots=told.roots)
    raise BadInput("a line is about one start, step or probe")


def _check(alphabet: Alphabet, path: Path) -> None:
    """Raises ReplayError for what is found out only when holes are filled."""
    if not alphabet.starts or not alphabet.steps:
        raise BadInput("has no start or no step", where=str(path))
    for start in alphabet.starts:
        try:
            count = _count(alphabet, start)
        except KeyError as hole:
            what = f"from {start.name} a hole has no values: {hole.args[0]}"
            raise BadInput(what, where=str(path)) from None
        if count > MOST_STEPS:
            raise BadInput(f"has more than {MOST_STEPS} steps from {start.name}", where=str(path))
        told = [text for event in start.events for text in _texts(msgspec.to_builtins(event))]
        for group in alphabet.groups(start):
            if any(name in text for name in group for text in told):
                what = f"the start {start.name} names {group[0]} or one that is to be like it"
                raise BadInput(what, where=str(path))


def _count(alphabet: Alphabet, start: AlphabetStart) -> int:
    """How many steps and probes there are from a start. Raises KeyError as `_choices` does."""
    values = {**alphabet.values, **start.values}
    templates = (*alphabet.steps, *alphabet.probes)
    holes = (dict.fromkeys(h for text in _texts(t.events) for h in _holes(text)) for t in templates)
    return sum(prod(len(values[hole]) for hole in own) for own in holes)


def _choices(holes: list[str], values: Values) -> Iterator[dict[str, Value]]:
    """Every choice of a value for each hole. Raises KeyError for a hole without values."""
    for chosen in product(*(values[hole] for hole in holes)):
        yield dict(zip(holes, chosen, strict=True))


def _holes(text: str) -> Iterator[str]:
    return (match[1] or match[2] for match in _HOLE.finditer(text))


def _fill(value: Any, chosen: Mapping[str, Value]) -> Any:
    """The JSON value with its holes filled."""
    if isinstance(value, str):
        whole = _HOLE.fullmatch(value)
        if whole:
            return chosen[whole[1] or whole[2]]
        return _HOLE.sub(lambda match: str(chosen[match[1] or match[2]]), value)
    if isinstance(value, list | tuple):
        return [_fill(item, chosen) for item in value]
    if isinstance(value, dict):
        return {key: _fill(item, chosen) for key, item in value.items()}
    return value


def _texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
