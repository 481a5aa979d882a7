"""The state of a machine between two events: immutable objects and the disk."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

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


ATOMS = frozenset({type(None), bool, int, str})
"""The types of values that hold no others."""

Key = None | bool | int | str
Value = None | bool | int | str | Ref | tuple["Value", ...] | FrozenMap
"""What a field holds; a tuple is a frozen list."""


class Contents(NamedTuple):
    """What follows from an object's fields: their values, and those that are no atoms.

    `compound` has these with their fields, `refs` the ids that they refer to in order, `items` how
    many lists and dicts and items in them there are, `weight` how many fields besides.
    """

    values: tuple[Value, ...]
    compound: tuple[tuple[str, Value], ...]
    refs: tuple[int, ...]
    items: int
    weight: int


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Object(metaclass=Interned):
    """An object of the model: its identity, its class, its fields in the order of the class."""

    id: int
    cls: str
    fields: tuple[tuple[str, Value], ...]
    _contents: Contents | None = field(default=None, init=False, repr=False)

    @property
    def contents(self) -> Contents:
        """What follows from the fields."""
        # Most objects stay as they are over many events, each of which asks.
        if self._contents is None:
            object.__setattr__(self, "_contents", _contents(self.fields))
        return self._contents  # type: ignore[return-value]

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


def _contents(fields: tuple[tuple[str, Value], ...]) -> Contents:
    compound = tuple((name, value) for name, value in fields if type(value) not in ATOMS)
    refs: list[int] = []
    items = sum(items_in(value, refs) for _, value in compound)
    values = tuple([value for _, value in fields])
    return Contents(values, compound, tuple(refs), items, items + len(fields))


def items_in(value: Value, refs: list[int]) -> int:
    """How many lists and dicts, and items in them, a value has; adds the ids it refers to."""
    if isinstance(value, Ref):
        refs.append(value.id)
        return 0
    if isinstance(value, tuple):
        return 1 + len(value) + sum([items_in(item, refs) for item in value])
    if isinstance(value, FrozenMap):
        return 1 + len(value) + sum([items_in(item, refs) for _, item in value.pairs])
    return 0


LARGE = (1 << 61) - 1
"""Python gives -1 and -2 one hash, and numbers that are so far apart."""


def kinds(values: Iterable[Value]) -> tuple[Any, ...]:
    """The types of the values, lists looked into: tells True from 1, which are equal.

    A number that has its hash in common with others stands for its type, as a text. A value full
    of them would else be found only by comparing it with all that are like it.
    """
    values = tuple(values)
    types = tuple([type(v) if type(v) is not int or -1 < v < LARGE else str(v) for v in values])
    return (*types, *(kinds(v) for v in values if type(v) is tuple)) if tuple in types else types


def plain(value: Value) -> Any:
    """The value as JSON has it, in lists and dicts of its own; a Ref as its id."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, FrozenMap):
        return {str(key): plain(item) for key, item in value.pairs}
    return value.id if isinstance(value, Ref) else value


Mapping.register(FrozenMap)
