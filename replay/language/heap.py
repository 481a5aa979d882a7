"""The mutable objects of a running event, thawed from a state and frozen back into one."""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

from replay.language.limits import MAX_NESTING, Meter, StepLimitError, text, whole
from replay.language.operators import kind_of
from replay.state.objects import FrozenMap, Object, Ref, Value

ATOMS = frozenset({type(None), bool, int, str})


class Live:
    """An object while an event changes it; a class of the model adds a slot a field."""

    __slots__ = ("_id",)
    _id: int

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self._id}"


class Shape:
    """A class of the model: its fields, their defaults, and the class of its live objects."""

    def __init__(self, name: str, defaults: Mapping[str, Any]) -> None:
        self.name = name
        self.fields = tuple(defaults)
        self.defaults = tuple(defaults.values())
        self.live: type[Live] = type(name, (Live,), {"__slots__": self.fields})
        self._read = attrgetter(*self.fields) if self.fields else None

    def values(self, live: Live) -> tuple[Any, ...]:
        """The values of an object's fields, in order."""
        if self._read is None:
            return ()
        values = self._read(live)
        return values if len(self.fields) > 1 else (values,)


class Heap:
    """The live objects of one event."""

    def __init__(self, shapes: Mapping[str, Shape], meter: Meter) -> None:
        self._shapes = shapes
        self._meter = meter
        self._objects: dict[int, Live] = {}
        self._freed: set[int] = set()
        self.next_id = 1
        self.machine: int | None = None

    def thaw(self, objects: tuple[Object, ...], next_id: int, machine: int | None) -> None:
        """Starts an event with these objects, of which one is the machine.

        Raises ValueError if they are not of this program's classes.
        """
        self._freed = set()
        self.next_id = next_id
        self.machine = machine
        self._objects = {}
        for frozen in objects:
            shape = self._shapes.get(frozen.cls)
            if shape is None or len(shape.fields) != len(frozen.fields):
                raise ValueError(f"{frozen.cls} {frozen.id} comes from another program")
            live = shape.live()
            live._id = frozen.id
            self._objects[frozen.id] = live
        for frozen in objects:
            live = self._objects[frozen.id]
            for name, value in frozen.fields:
                setattr(live, name, value if type(value) in ATOMS else self.thawed(value))

    def thawed(self, value: Value) -> Any:
        """The live form of a frozen value, lists and dicts fresh."""
        if isinstance(value, Ref):
            return self._objects[value.id]
        if isinstance(value, tuple):
            return [self.thawed(item) for item in value]
        if isinstance(value, FrozenMap):
            return {key: self.thawed(item) for key, item in value.pairs}
        return value

    def freeze(self, keep_class: str) -> tuple[Object, ...]:
        """The objects that the machine reaches, and leaked ones of `keep_class`, by id.

        A reference to an object that was freed becomes None. Raises TypeError for what a field
        can't keep, StepLimitError for lists and dicts that are too deep or too long.
        """
        objects: dict[int, Object] = {}
        if self.machine is not None:
            self._collect(self.machine, objects)
        for number, live in self._objects.items():
            if type(live).__name__ == keep_class and number not in self._freed:
                self._collect(number, objects)
        return tuple(objects[number] for number in sorted(objects))

    def frozen(self, value: Any) -> Value:
        """The frozen form of a value; raises as `freeze` does."""
        return self._frozen(value, [], MAX_NESTING)

    def new(self, name: str) -> Live:
        """A new object of that class with its defaults."""
        shape = self._shapes[name]
        self._meter.tick(10 + len(shape.fields))
        live = shape.live()
        live._id = self.next_id
        self.next_id += 1
        for field, default in zip(shape.fields, shape.defaults, strict=True):
            setattr(live, field, self.thawed(default))
        self._objects[live._id] = live
        return live

    def live(self) -> tuple[Live, ...]:
        """All objects of the event, freed ones too."""
        return tuple(self._objects.values())

    def get(self, number: int) -> Live:
        """The object with that id."""
        return self._objects[number]

    def free(self, live: Any) -> None:
        """The object is gone when the event is over; raises ValueError if it is already."""
        number = _object(live)._id
        if number in self._freed:
            raise ValueError(f"{live} is freed twice")
        if number == self.machine:
            raise ValueError("the machine can't be freed")
        self._freed.add(number)

    def swap(self, left: Any, right: Any) -> None:
        """Exchanges the fields of two objects of one class; references to either stay."""
        shape = self._shapes[type(_object(left)).__name__]
        if type(left) is not type(_object(right)):
            raise TypeError(f"swap of {left} and {right}")
        self._meter.tick(len(shape.fields))
        left_values, right_values = shape.values(left), shape.values(right)
        for field, left_value, right_value in zip(
            shape.fields, left_values, right_values, strict=True
        ):
            setattr(left, field, right_value)
            setattr(right, field, left_value)

    def walk(self, start: Any, field: str) -> Iterator[Live]:
        """The object and what its field leads to, up to None or an object that came before."""
        visited = set()
        node = start
        while node is not None and _object(node)._id not in visited:
            visited.add(node._id)
            yield node
            node = getattr(node, field)

    def _collect(self, number: int, objects: dict[int, Object]) -> None:
        pending = [number]
        while pending:
            number = pending.pop()
            if number not in objects:
                live = self._objects[number]
                shape = self._shapes[type(live).__name__]
                values = [
                    value if type(value) in ATOMS else self._frozen(value, pending, MAX_NESTING)
                    for value in shape.values(live)
                ]
                fields = tuple(zip(shape.fields, values, strict=True))
                objects[number] = Object(number, shape.name, fields)

    def _frozen(self, value: Any, reached: list[int], depth: int) -> Value:
        """The frozen value; adds the ids that it refers to."""
        if type(value) in ATOMS:
            return value  # type: ignore[no-any-return]
        if isinstance(value, Live):
            if value._id in self._freed:
                return None
            reached.append(value._id)
            return Ref(value._id)
        if not isinstance(value, list | dict):
            raise TypeError("a field can't keep a function or a method")
        if depth == 0:
            raise StepLimitError(f"lists and dicts nested deeper than {MAX_NESTING}")
        self._meter.tick(1 + len(value))
        if isinstance(value, list):
            return tuple([self._frozen(item, reached, depth - 1) for item in value])
        return FrozenMap(
            tuple(
                (_key(key), self._frozen(item, reached, depth - 1)) for key, item in value.items()
            )
        )


class ArgumentError(ValueError):
    """A value that the model can't be given."""


def argument(value: Any, depth: int = MAX_NESTING) -> Any:
    """A JSON value as the model may have it, lists and dicts fresh; raises ArgumentError."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | str):
        return _small(value)
    if isinstance(value, list | tuple) and depth:
        return [argument(item, depth - 1) for item in value]
    if isinstance(value, Mapping) and depth:
        return {_small(key): argument(item, depth - 1) for key, item in value.items()}
    kind = type(value).__name__
    raise ArgumentError(f"a {kind} is no value of the model" if depth else "nested too deeply")


def _small(value: int | str) -> int | str:
    try:
        return text(value) if isinstance(value, str) else whole(value)
    except StepLimitError as error:
        raise ArgumentError(str(error)) from None


def _object(value: Any) -> Live:
    if isinstance(value, Live):
        return value
    raise TypeError(f"{kind_of(value)} where an object is needed")


def _key(key: Any) -> bool | int | str | None:
    if type(key) in ATOMS:
        return key  # type: ignore[no-any-return]
    raise TypeError(f"{kind_of(key)} as a key")
