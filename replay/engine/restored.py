"""Putting the names of a log back into what came out for the renamed one.

What is restored is what the log's own replay and diff give: the same states, which are interned,
the same outcomes and the same divergences in the same order. The states of an event are restored
when somebody looks at them, and most are never looked at.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import structs
from msgspec.json import encode

from replay.engine.compare import Differences
from replay.engine.diff import Divergence, Positions, in_reading_order, spans
from replay.engine.places import FILE_FIELDS, FilePlace, Place
from replay.engine.renaming import PRIVATE, NotShareable, Restoring
from replay.engine.replay import replay
from replay.engine.trace import ModelStep, ModelTrace
from replay.events.event import Command, Event, Log
from replay.events.on_demand import OnDemand
from replay.state.disk import Disk
from replay.state.objects import FrozenMap, Object, State, Value

Runs = tuple[tuple[int, Differences], ...]
"""The events after which something else differs than before them, and what."""


class RenamedDivergence(NamedTuple):
    """A divergence between renamed logs, and what putting the names back has to look at.

    `rank` orders those of one event and kind, where names do not.
    """

    divergence: Divergence
    is_named: bool
    has_named_values: bool
    rank: tuple[int, int]


def renamed_divergences(runs: Runs, last_seq: int) -> Iterator[RenamedDivergence]:
    """The divergences of a renamed log that went so, in reading order."""
    positions = Positions[Place]()
    divergences = [Divergence(*span) for span in spans(positions.noting(runs), last_seq)]
    for index, divergence in enumerate(in_reading_order(divergences, positions)):
        place, values = divergence.place, divergence.values
        rank = _file_rank(place, runs) if isinstance(place, FilePlace) else (index, 0)
        yield RenamedDivergence(divergence, _is_named(place.path), _is_named(values), rank)


def _is_named(value: Any) -> bool:
    """Whether a name is in a JSON value."""
    return PRIVATE.search(encode(value).decode()) is not None


def _file_rank(place: FilePlace, runs: Runs) -> tuple[int, int]:
    """When a file first differed there, and the first variant that has the file."""
    seq, differences = next((seq, found) for seq, found in runs if place in found)
    existence = differences.get(place.existence, {})
    having = [index for index, value in enumerate(existence.values()) if value != "absent"]
    return seq, having[0] if having else 0


def restored_divergences(
    renamed: Sequence[RenamedDivergence], restoring: Restoring
) -> list[tuple[int, Divergence]]:
    """The divergences with the names in them, each with its index in `renamed`.

    Those of files come in the order of their names.
    """
    restored = [(index, _restored(one, restoring)) for index, one in enumerate(renamed)]
    if sum(isinstance(divergence.place, FilePlace) for _, divergence in restored) > 1:
        restored.sort(key=lambda pair: _position(renamed[pair[0]].rank, pair[1]))
    return restored


def _restored(renamed: RenamedDivergence, restoring: Restoring) -> Divergence:
    divergence, is_named, has_named_values, _ = renamed
    if not (is_named or has_named_values):
        return divergence
    place, values = divergence.place, divergence.values
    if is_named:
        place = type(place)(restoring.text(place.path), place.field, place.flag)
    if has_named_values:
        values = {name: restoring.value(value) for name, value in values.items()}
    return Divergence(place, values, divergence.first_seq, divergence.last_seq)


FIELD_ORDER = ("existence", *FILE_FIELDS)
"""The places of a file in the order in which they are compared."""


def _position(rank: tuple[int, int], divergence: Divergence) -> tuple[Any, ...]:
    place = divergence.place
    is_file = isinstance(place, FilePlace)
    of_file = (place.path, FIELD_ORDER.index(place.field)) if is_file else ()
    return divergence.first_seq, place.order, rank, of_file


# Traces


def restored_traces(
    renamed: Iterable[ModelTrace], log: Log, restoring: Restoring
) -> tuple[ModelTrace, ...]:
    """The traces of a log in several variants, from those of the renamed one."""
    traces = tuple(renamed)
    translated = _translated(traces[0].log, log, restoring)
    states = _States(restoring)
    return tuple(
        ModelTrace(translated, trace.variant, _Steps(trace, translated, states)) for trace in traces
    )


def _translated(renamed: Log, log: Log, restoring: Restoring) -> Log:
    """The log in words of the subject's trees, as the renamed one is."""
    pairs = zip(renamed.events, log.events, strict=True)
    events = tuple([_translated_event(*pair, restoring) for pair in pairs])
    return structs.replace(log, events=events)


def _translated_event(renamed: Event, event: Event, restoring: Restoring) -> Event:
    own = event.original or event.payload
    if renamed.original is None:
        return structs.replace(event, payload=own, original=None, note="")
    payload = restoring.value(renamed.payload)
    if isinstance(payload, Command) and isinstance(own, Command):
        payload = structs.replace(payload, reply=own.reply)
    note = restoring.text(renamed.note)
    return structs.replace(event, payload=payload, original=own, note=note)


class _Steps(OnDemand[ModelStep]):
    """The steps of a log, each made when it is looked at."""

    def __init__(self, renamed: ModelTrace, log: Log, states: "_States") -> None:
        self._renamed = renamed
        self._log = log
        self._states = states
        self._steps: dict[int, ModelStep] = {}

    def __len__(self) -> int:
        return len(self._log.events)

    def item(self, index: int) -> ModelStep:
        """The step at an index."""
        if index not in self._steps:
            self._steps[index] = self._step(index)
        return self._steps[index]

    def _step(self, index: int) -> ModelStep:
        done = self._renamed.steps[index]
        try:
            is_named = _is_named(done.outcome)
            outcome = self._states.restoring.value(done.outcome) if is_named else done.outcome
            state = self._states.restored(done.state)
        except NotShareable:
            own = replay(self._log, self._renamed.variant).steps
            self._steps = dict(enumerate(own))
            return own[index]
        event = self._log.events[index]
        return ModelStep(done.seq, event, outcome, state, done.limited, done.taken)


class _States:
    """The states of one log; most parts of one are parts of others too."""

    def __init__(self, restoring: Restoring) -> None:
        self.restoring = restoring
        self._objects: dict[Object, Object] = {}
        self._disks: dict[Disk, Disk] = {}

    def restored(self, state: State) -> State:
        """The state with names; raises NotShareable where one was cut."""
        objects = tuple([self._objects.get(it) or self._object(it) for it in state.objects])
        disk = self._disks.get(state.disk) or self._disk(state.disk)
        return State(objects, state.machine, state.next_id, disk)

    def _object(self, thing: Object) -> Object:
        if not _has_names(thing):
            restored = thing
        else:
            fields = tuple([(name, self._value(value)) for name, value in thing.fields])
            restored = Object(thing.id, thing.cls, fields)
        self._objects[thing] = restored
        return restored

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.restoring.text(value)
        if isinstance(value, tuple):
            return tuple([self._value(item) for item in value])
        if isinstance(value, FrozenMap):
            pairs = [(self._value(key), self._value(item)) for key, item in value.pairs]
            return FrozenMap(tuple(pairs))
        return value

    def _disk(self, disk: Disk) -> Disk:
        """The disk, whose lists of names are sorted."""
        text = self.restoring.text
        inodes = tuple(
            replace(inode, backing_file=text(inode.backing_file)) if inode.backing_file else inode
            for inode in disk.inodes
        )
        directory, gone = (
            tuple(sorted((text(name), number) for name, number in names))
            for names in (disk.directory, disk.gone)
        )
        restored = replace(
            disk, inodes=inodes, directory=directory, gone=gone, home=text(disk.home)
        )
        self._disks[disk] = restored
        return restored


# Most objects stay as they are over many events of many logs.
@lru_cache(maxsize=16_384)
def _has_names(thing: Object) -> bool:
    return _holds_names(tuple(value for _, value in thing.fields))


def _holds_names(value: Value) -> bool:
    if isinstance(value, str):
        return PRIVATE.search(value) is not None
    if isinstance(value, tuple):
        return any(map(_holds_names, value))
    if isinstance(value, FrozenMap):
        return any(_holds_names(key) or _holds_names(item) for key, item in value.pairs)
    return False
