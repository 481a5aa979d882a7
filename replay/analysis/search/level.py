"""One start of a hunt: all its sequences by length, without those that others stand for."""

import re
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from replay.analysis.search.goal import Goal, Sighting, way
from replay.analysis.search.joint_state import absent_names, joint_digest, joint_text
from replay.engine.compare import compare_behaviour, compare_outcomes, compare_states
from replay.engine.places import OutcomePlace, comparable, label
from replay.engine.replay import replay, step
from replay.engine.trace import Outcome
from replay.events.event import Event, Log
from replay.state.objects import State
from replay.variants.alphabet import Alphabet, AlphabetStart, AlphabetStep
from replay.variants.variant import Variant

Walk = tuple[int, ...]
"""A sequence: the numbers of its steps; those of probes come after those of steps."""

States = tuple[State, ...]
"""The joint state: one of each variant."""

Kind = tuple[Any, tuple[str, ...]]
"""In which way a sequence ends, and its steps without interchangeable names."""


class Counts(Struct, frozen=True):
    """What a hunt took.

    `tried` are steps that were performed, in all variants; `by_name` and `by_order` those that
    were not, since another name or order stands for them; `states` the distinct joint states;
    `unknown` steps that not all could do, or that do not do the same each time.
    """

    tried: int = 0
    by_name: int = 0
    by_order: int = 0
    states: int = 0
    unknown: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.tried + other.tried,
            self.by_name + other.by_name,
            self.by_order + other.by_order,
            self.states + other.states,
            self.unknown + other.unknown,
        )


class Level(Struct, frozen=True):
    """Where a hunt stands when all sequences of `depth` steps from a start are done.

    `frontier` are the sequences to go on from, each to a joint state that was new; `states` the
    digests of all that were met; `findings` the sequences that reach the goal, the shortest of
    each kind.
    """

    start: int
    depth: int
    frontier: tuple[Walk, ...]
    states: frozenset[bytes]
    findings: tuple[Walk, ...]
    counts: Counts = Counts()
    complete: bool = True

    def next(
        self,
        frontier: Iterable[Walk],
        states: Iterable[bytes],
        findings: Iterable[Walk],
        counts: Counts,
        complete: bool,
    ) -> "Level":
        """The level of one step more, with these."""
        sequences = tuple(frontier), frozenset(states), tuple(findings)
        return Level(self.start, self.depth + 1, *sequences, counts, complete)


class Ground(Struct, frozen=True, eq=False):
    """What a hunt from one start goes over: variants, goal and the steps that can be taken."""

    variants: tuple[Variant, ...]
    goal: Goal
    start: AlphabetStart
    steps: tuple[AlphabetStep, ...]
    probes: tuple[AlphabetStep, ...]
    groups: tuple[tuple[str, ...], ...]
    parts: tuple[frozenset[int], ...]

    def log(self, walk: Walk) -> Log:
        """The log of a sequence."""
        every = (*self.steps, *self.probes)
        events = [event for index in walk for event in every[index].events]
        return Log.of("hunt", (*self.start.events, *events))

    def words(self, walk: Walk) -> tuple[str, ...]:
        """The steps of a sequence in words."""
        every = (*self.steps, *self.probes)
        return tuple(every[index].name for index in walk)


def ground(
    variants: Sequence[Variant], goal: Goal, alphabet: Alphabet, start: AlphabetStart
) -> Ground:
    """What a hunt from this start goes over."""
    steps = alphabet.steps_from(start)
    probes = alphabet.probes_from(start)
    parts = _parts(start, steps)
    return Ground(tuple(variants), goal, start, steps, probes, alphabet.groups(start), parts)


class Expansion(Struct, frozen=True):
    """What came of taking every step after some of a level's sequences.

    `reached` are the sequences to joint states that were new, with their digests; `ended` says of
    each whether a probe shows the goal there. `findings` are the sequences that reach the goal.
    """

    reached: tuple[tuple[bytes, Walk], ...]
    ended: frozenset[Walk]
    findings: tuple[Walk, ...]
    counts: Counts
    complete: bool = True


def first_level(it: Ground, number: int) -> Level:
    """The start itself, with what is to be noticed there."""
    states: States = tuple(variant.program.initial() for variant in it.variants)
    after = advanced(it, states, it.start.events)
    if after.sighting is not None:
        return Level(number, 0, (), frozenset(), ((),), Counts(tried=1))
    digest = joint_digest(after.states, it.groups)
    shown = tuple(probed(it, after.states, ()))
    counts = Counts(tried=1 + len(it.probes), states=1)
    return Level(number, 0, () if shown else ((),), frozenset([digest]), shown, counts)


def expanded(
    it: Ground, walks: Sequence[Walk], states: Container[bytes], until: float | None = None
) -> Expansion:
    """Takes every step after each of these sequences; `states` are the digests of those met.

    Where the clock (`time.monotonic`) passes `until` it ends early, and is not complete.
    """
    work = _Expanding(it, states)
    for walk in walks:
        if until is not None and time.monotonic() > until:
            return work.result(complete=False)
        work.go_on(walk)
    return work.result(complete=True)


def deeper(it: Ground, level: Level, parts: Iterable[Expansion]) -> Level:
    """The level after one whose sequences were expanded in these parts, in their order.

    It is the same in however many parts that was done.
    """
    states, frontier = set(level.states), list[Walk]()
    kinds = [kind(it, walk) for walk in level.findings]
    findings, counts, complete = list(level.findings), level.counts, True
    for part in parts:
        before = len(states)
        new = [(digest, walk) for digest, walk in part.reached if digest not in states]
        shown = {walk for _, walk in new}
        known = {walk for _, walk in part.reached} - shown
        for digest, walk in new:
            states.add(digest)
            if walk not in part.ended:
                frontier.append(walk)
        for walk in part.findings:
            is_probe = bool(walk) and walk[-1] >= len(it.steps)
            if walk[:-1] in shown if is_probe else walk not in known:
                keep_shortest(it, walk, findings, kinds)
        more = len(states) - before
        counts += part.counts + Counts(tried=more * len(it.probes), states=more)
        complete = complete and part.complete
    return level.next(frontier, states, findings, counts, complete)


def keep_shortest(
    it: Ground, walk: Walk, findings: list[Walk], kinds: list[Kind], new: Kind | None = None
) -> None:
    """Keeps a sequence if none that ends in the same way is part of it; `new` is its kind."""
    new = kind(it, walk) if new is None else new
    if not any(is_part(kept, new) for kept in kinds):
        kinds.append(new)
        findings.append(walk)


class _Expanding:
    """The sets of an expansion while it is made."""

    def __init__(self, it: Ground, met: Container[bytes]) -> None:
        self._it, self._met = it, met
        self._reached: dict[bytes, Walk] = {}
        self._ended: set[Walk] = set()
        self._findings: list[Walk] = []
        self._tried = self._by_name = self._by_order = 0

    def result(self, complete: bool) -> Expansion:
        """What came of it."""
        counts = Counts(self._tried, self._by_name, self._by_order)
        reached = tuple(self._reached.items())
        return Expansion(reached, frozenset(self._ended), tuple(self._findings), counts, complete)

    def go_on(self, walk: Walk) -> None:
        """Takes every step after a sequence."""
        it = self._it
        states = reached(it, walk)
        absent = absent_names(joint_text(states), it.groups)
        for index, choice in enumerate(it.steps):
            if choice.alike & absent:
                self._by_name += 1
            elif walk and index < walk[-1] and are_apart(it, index, walk[-1]):
                self._by_order += 1
            else:
                self._tried += 1
                self._take(states, (*walk, index), choice)

    def _take(self, states: States, walk: Walk, choice: AlphabetStep) -> None:
        after = advanced(self._it, states, choice.events)
        if after.sighting is not None:
            self._findings.append(walk)
            return
        if after.states == states:
            return
        digest = joint_digest(after.states, self._it.groups)
        if digest in self._met or digest in self._reached:
            return
        self._reached[digest] = walk
        if self._it.goal.whole:
            shown = [walk] if breached(self._it, walk) else []
        else:
            shown = [*probed(self._it, after.states, walk)]
        self._findings += shown
        if shown:
            self._ended.add(walk)


class After(Struct, frozen=True, eq=False):
    """The joint state after some events, or up to the first at which the goal is reached."""

    states: States
    sighting: Sighting | None = None


def reached(it: Ground, walk: Walk) -> States:
    """The states after a sequence."""
    states: States = tuple(variant.program.initial() for variant in it.variants)
    every = (*it.steps, *it.probes)
    events = [*it.start.events, *(event for at in walk for event in every[at].events)]
    for event in events:
        results = [step(v, state, event) for v, state in zip(it.variants, states, strict=True)]
        states = tuple(state for state, _ in results)
    return states


def advanced(it: Ground, states: States, events: Sequence[Event]) -> After:
    """The states after these events, or what is to be noticed at the first that shows it."""
    for number, event in enumerate(events):
        results = [step(v, state, event) for v, state in zip(it.variants, states, strict=True)]
        states = tuple(state for state, _ in results)
        sighting = _sighting(it, event, states, [outcome for _, outcome in results], number)
        if sighting is not None:
            return After(states, sighting)
    return After(states)


def _sighting(
    it: Ground, event: Event, states: States, outcomes: Sequence[Outcome], number: int
) -> Sighting | None:
    """What the goal accepts at an event; the most noticeable if there are several."""
    names = [variant.name for variant in it.variants]
    ended = dict(zip(names, outcomes, strict=True))
    if len(names) == 1:
        place = OutcomePlace(label(event.payload))
        ended_values = {name: comparable(outcome) for name, outcome in ended.items()}
        return (
            Sighting(number, place, ended_values) if it.goal.accepts(place, ended_values) else None
        )
    differences = compare_outcomes(event.payload, ended)
    if states[1:] != states[:-1]:
        after = dict(zip(names, states, strict=True))
        if it.goal.of_behaviour:
            differences |= compare_behaviour(after)
        else:
            differences |= compare_states(after, it.variants[0].subject)
    accepted = [(p, v) for p, v in differences.items() if it.goal.accepts(p, v)]
    return Sighting(number, *accepted[0]) if accepted else None


def probed(it: Ground, states: States, walk: Walk) -> Iterator[Walk]:
    """The sequences that end with a probe which shows the goal."""
    for index, probe in enumerate(it.probes, len(it.steps)):
        if advanced(it, states, probe.events).sighting is not None:
            yield (*walk, index)


def breached(it: Ground, walk: Walk) -> Sighting | None:
    """Where a goal about whole traces is reached in a sequence."""
    log = it.log(walk)
    return it.goal.first([replay(log, variant) for variant in it.variants])


# Kinds of findings


def kind(it: Ground, walk: Walk) -> Kind:
    """The kind of a sequence that reaches the goal."""
    every = (*it.steps, *it.probes)
    sighting = breached(it, walk) if it.goal.whole else None
    if walk and not it.goal.whole:
        sighting = advanced(it, reached(it, walk[:-1]), every[walk[-1]].events).sighting
    return kind_of(it, walk, sighting)


def kind_of(it: Ground, walk: Walk, sighting: Sighting | None) -> Kind:
    """The kind of a sequence that reaches the goal so."""
    every = (*it.steps, *it.probes)
    how = way(sighting.place, sighting.values) if sighting else ()
    return how, tuple(plain_step(it, every[index]) for index in walk)


def plain_step(it: Ground, step: AlphabetStep) -> str:
    """A step's name for all that are like it."""
    words = {name: group[0] for group in it.groups for name in group}
    text = msgspec.json.encode([event.payload for event in step.events]).decode()
    for name in step.alike:
        text = text.replace(name, words[name])
    return text


def is_part(shorter: Kind, longer: Kind) -> bool:
    """Whether a finding is another with more steps before its last one."""
    (way, short), (other, steps) = shorter, longer
    if way != other or short[-1:] != steps[-1:]:
        return False
    rest = iter(steps)
    return all(any(letter == taken for taken in rest) for letter in short)


# Steps on drives that share nothing


def are_apart(it: Ground, one: int, other: int) -> bool:
    """Whether it does not matter which of two steps is taken first."""
    return bool(it.parts[one] and it.parts[other] and not it.parts[one] & it.parts[other])


def _parts(start: AlphabetStart, steps: Sequence[AlphabetStep]) -> tuple[frozenset[int], ...]:
    """For each step the parts of the machine that it touches; none if it may touch all.

    Names that stand in one event, of the start or of a step, belong to one part: those of files,
    and those that steps call roots.
    """
    roots = {root for taken in steps for root in taken.roots}
    part: dict[str, str] = {}

    def leader(name: str) -> str:
        while part.setdefault(name, name) != name:
            name = part[name]
        return name

    every = [start.events, *(taken.events for taken in steps)]
    for event in (event for events in every for event in events):
        names = [*_names(event, roots)]
        for name in names:
            part[leader(name)] = leader(names[0])
    numbers = {name: number for number, name in enumerate({leader(name): 0 for name in [*part]})}

    def touched(taken: AlphabetStep) -> frozenset[int]:
        names = [name for event in taken.events for name in _names(event, roots)]
        return frozenset(numbers[leader(name)] for name in names) if taken.roots else frozenset()

    return tuple(map(touched, steps))


_WORD = re.compile(r"[^\s,=\"]+")


def _names(event: Event, roots: set[str]) -> Iterator[str]:
    text = msgspec.json.encode(event.payload).decode()
    return (word for word in _WORD.findall(text) if "/" in word or word in roots)
