"""The state of a machine between two events: immutable objects and the disk."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from replay.state.disk import Disk
from replay.state.interned import Interned


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Ref(metaclass=Interned):
    """A pointer to the object with this id."""

    id: int

    def _key(self) -> int:
        return self.id


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class FrozenMap(metaclass=Interned):
    """A frozen dict; the order of its items counts."""

    pairs: tuple[tuple["Key", "Value"], ...] = ()

    def _key(self) -> tuple[Any, ...]:
        return (self.pairs, kinds(self.pairs))

    def __getitem__(self, key: "Key") -> "Value":
        return dict(self.pairs)[key]

    def __iter__(self) -> Iterator["Key"]:
        return (key for key, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def items(self) -> tuple[tuple["Key", "Value"], ...]:
        """The pairs of key and value, as inserted."""
        return self.pairs


Key = None | bool | int | str
Value = None | bool | int | str | Ref | tuple["Value", ...] | FrozenMap
"""What a field holds; a tuple is a frozen list."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Object(metaclass=Interned):
    """An object of the model: its identity, its class, its fields in the order of the class."""

    id: int
    cls: str
    fields: tuple[tuple[str, Value], ...]

    def _key(self) -> tuple[Any, ...]:
        return (self.id, self.cls, self.fields, kinds(map(itemgetter(1), self.fields)))


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class State(metaclass=Interned):
    """All that a machine is between two events.

    `objects` are sorted by id; `machine` is the id of the one that the model calls machine, None
    when no machine runs; `next_id` goes to the next new object.
    """

    objects: tuple[Object, ...]
    machine: int | None
    next_id: int
    disk: Disk

    def _key(self) -> tuple[Any, ...]:
        return (self.objects, self.machine, self.next_id, self.disk)


def stopped(state: State) -> State:
    """The state after the machine is gone: the disk stays."""
    return State((), None, state.next_id, state.disk)


def kinds(values: Iterable[Value]) -> tuple[Any, ...]:
    """The types of the values, lists looked into: tells True from 1, which are equal."""
    values = tuple(values)
    types = tuple(map(type, values))
    return (*types, *(kinds(v) for v in values if type(v) is tuple)) if tuple in types else types


def plain(value: Value) -> Any:
    """The value as JSON has it, in lists and dicts of its own; a Ref as its id."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, FrozenMap):
        return {str(key): plain(item) for key, item in value.pairs}
    return value.id if isinstance(value, Ref) else value


Mapping.register(FrozenMap)
