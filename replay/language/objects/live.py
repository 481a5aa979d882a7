"""A class of the model, and its objects while an event changes them."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Protocol

from replay.state.objects import ATOMS, FrozenMap, Value


class Holder(Protocol):
    """What has the objects of an event."""

    def wake(self, live: "Live") -> None:
        """Gives an object that is asleep the fields that it had before the event."""

    def let_write(self, live: "Live") -> None:
        """Makes an object one that is frozen anew after the event."""


class Live:
    """An object while an event changes it; a class of the model adds a slot a field.

    Most events read few objects and write to fewer. So an object is `asleep`, and has no fields,
    until one is read; then it is `unwritten` until one is written.
    """

    __slots__ = ("_heap", "_id")
    _heap: "Holder"
    _id: int

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self._id}"


class Shape:
    """A class of the model: its fields, their defaults, and the classes of its live objects."""

    def __init__(self, name: str, defaults: Mapping[str, Any]) -> None:
        self.name = name
        self.fields = tuple(defaults)
        self.defaults = tuple(defaults.values())
        self.cost = 10 + len(defaults) + sum(map(_size, self.defaults))
        """The steps of making an object."""
        pairs = defaults.items()
        self.fresh = tuple([pair for pair in pairs if type(pair[1]) not in ATOMS])
        """The defaults of which each object has its own."""
        self.live: type[Any] = type(name, (Live,), {"__slots__": self.fields})
        self.unwritten = self._kind(__setattr__=_write)
        self.asleep = self._kind(__setattr__=_write, __getattr__=_read)
        self._read = attrgetter(*self.fields) if self.fields else None

    def _kind(self, **methods: Any) -> type[Live]:
        kind: type[Any] = type(self.name, (self.live,), {"__slots__": (), **methods})
        kind.__slots__ = self.fields  # those that look at an object's fields ask its class
        return kind

    def values(self, live: Live) -> tuple[Any, ...]:
        """The values of an object's fields, in order."""
        if self._read is None:
            return ()
        values = self._read(live)
        return values if len(self.fields) > 1 else (values,)

    def fill(self, live: Live, values: Iterable[Any]) -> None:
        """Gives an object these values for its fields."""
        for name, value in zip(self.fields, values, strict=True):
            setattr(live, name, value)


def _read(live: Any, name: str) -> Any:
    live._heap.wake(live)
    return getattr(live, name)


def _write(live: Any, name: str, value: Any) -> None:
    live._heap.let_write(live)
    setattr(live, name, value)


set_class: Callable[[Live, str, type[Live]], None] = object.__setattr__
set_heap: Callable[[Live, Holder], None] = Live.__dict__["_heap"].__set__
set_id: Callable[[Live, int], None] = Live.__dict__["_id"].__set__
"""How an object is changed without waking it."""


def _size(value: Value) -> int:
    """How many values a frozen value holds, itself not counted."""
    if isinstance(value, tuple):
        return len(value) + sum(map(_size, value))
    if isinstance(value, FrozenMap):
        return len(value.pairs) + sum(_size(item) for _, item in value.pairs)
    return 0
