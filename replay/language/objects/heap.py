"""The mutable objects of a running event, thawed from a state and frozen back into one."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import is_
from typing import Any

from replay.language.limits import MAX_NESTING, Meter, StepLimitError
from replay.language.objects.live import Live, Shape, set_class, set_heap, set_id
from replay.language.operators import kind_of
from replay.state.objects import ATOMS, FrozenMap, Object, Ref, Value

Watch = tuple[tuple[list[Any] | dict[Any, Any], tuple[Any, ...]], ...]
"""The lists and dicts in an object's fields, however deep, and what each held."""

FEW_ITEMS = 64
"""So many items an object may have got in an event that is looked at only where it was written."""


class Heap:
    """The live objects of one event."""

    def __init__(self, shapes: Mapping[str, Shape], meter: Meter) -> None:
        self._shapes = shapes
        self._meter = meter
        self._before: dict[int, Object] = {}
        self._objects: dict[int, Live] = {}
        self._watched: dict[int, Watch] = {}
        self._holders: dict[int, int] = {}
        self._freed: set[int] = set()
        self._frozen_before: tuple[Object, ...] = ()
        self._weight = 0
        self._written: dict[int, Live] = {}
        self.next_id = 1
        self.machine: int | None = None

    def thaw(self, objects: tuple[Object, ...], next_id: int, machine: int | None) -> None:
        """Starts an event with these objects, of which one is the machine.

        Raises ValueError if they are not of this program's classes.
        """
        self.go_on()
        self.next_id = next_id
        self.machine = machine
        self._objects = {}
        self._watched = {}
        self._holders = {}
        self._frozen_before = objects
        self._weight = sum([frozen.contents.weight for frozen in objects])
        self._before = {frozen.id: frozen for frozen in objects}
        for frozen in objects:
            shape = self._shapes.get(frozen.cls)
            if shape is None or len(shape.fields) != len(frozen.fields):
                raise ValueError(f"{frozen.cls} {frozen.id} comes from another program")

    def go_on(self) -> None:
        """Starts an event with the objects as they were frozen last."""
        self._freed = set()
        self._written = {}

    def wake(self, live: Live) -> None:
        """Gives an object that is asleep the fields that it had before the event."""
        self._fill(live, self._before[live._id])

    @property
    def woken(self) -> frozenset[int]:
        """The ids of the objects that are not asleep any more."""
        return frozenset(self._watched)

    def let_write(self, live: Live) -> None:
        """Makes an object one that is frozen anew after the event."""
        shape = self._shapes[type(live).__name__]
        self._written[live._id] = live
        if type(live) is shape.asleep:
            self.wake(live)
        set_class(live, "__class__", shape.live)

    def _fill(self, live: Live, frozen: Object) -> None:
        """Gives an object the fields of a frozen one, lists and dicts fresh."""
        shape, contents = self._shapes[frozen.cls], frozen.contents
        set_class(live, "__class__", shape.live)
        shape.fill(live, contents.values)
        watched: list[Any] = []
        for name, value in contents.compound:
            thawed = self.thawed(value)
            setattr(live, name, thawed)
            _watch(thawed, watched)
        self._watch_over(frozen.id, tuple(watched))
        set_class(live, "__class__", shape.unwritten)

    def _watch_over(self, number: int, watch: Watch) -> None:
        """Remembers what an object's lists and dicts hold."""
        for value, _ in self._watched.get(number, ()):
            self._holders.pop(id(value), None)
        self._watched[number] = watch
        for value, _ in watch:
            self._holders[id(value)] = number

    def thawed(self, value: Value) -> Any:
        """The live form of a frozen value, lists and dicts fresh."""
        if isinstance(value, Ref):
            return self.get(value.id)
        if isinstance(value, tuple):
            return [self.thawed(item) for item in value]
        if isinstance(value, FrozenMap):
            return {key: self.thawed(item) for key, item in value.pairs}
        return value

    def freeze(self, keep_class: str, changed: Collection[int] | None = None) -> tuple[Object, ...]:
        """The objects that the machine reaches, and leaked ones of `keep_class`, by id.

        `changed` are the ids of lists and dicts that were changed in place, None if nobody noted
        them. A reference to an object that was freed becomes None. Raises TypeError for what a
        field can't keep, StepLimitError for lists and dicts that are too deep or too long.
        """
        self._note_others(changed)
        if not self._freed and not self._written:
            return self._frozen_before
        if not self._freed and all(map(self._refers_as_before, self._written.values())):
            return self._exchanged(list(self._written.values()))
        objects: dict[int, Object] = {}
        others: list[int] = []
        if self.machine is not None:
            self._collect(self.machine, objects, others)
        before = [(number, frozen.cls) for number, frozen in self._before.items()]
        made = [(number, type(live).__name__) for number, live in self._objects.items()]
        for number, cls in (*before, *made):
            if cls == keep_class and number not in self._freed:
                self._collect(number, objects, others)
        self._settle({number: objects[number] for number in sorted(objects)}, others)
        return self._frozen_before

    def _note_others(self, changed: Collection[int] | None) -> None:
        """Counts an object as written if one of its lists and dicts holds something else now."""
        if changed is None:
            suspects: Iterable[int] = self._watched
        else:
            suspects = {self._holders[one] for one in changed if one in self._holders}
        for number in suspects:
            if not all(_holds(*watched) for watched in self._watched[number]):
                self._written.setdefault(number, self._objects[number])

    def _refers_as_before(self, live: Live) -> bool:
        """Whether an object was there before the event and refers to what it referred to."""
        before = self._before.get(live._id)
        if before is None:
            return False
        values = self._shapes[type(live).__name__].values(live)
        return _refs_in(values, before.contents.items + FEW_ITEMS) == before.contents.refs

    def _exchanged(self, written: Iterable[Live]) -> tuple[Object, ...]:
        """The objects where these were written to, and what is reached is what was."""
        changed = {live._id: self._changed(live._id, []) for live in written}
        was = sum([self._before[number].contents.weight for number in changed])
        self._meter.tick(self._weight - was)
        self._weight += sum([frozen.contents.weight for frozen in changed.values()]) - was
        self._before |= changed
        for live in written:
            self._rest(live)
        self._frozen_before = tuple(self._before.values())
        return self._frozen_before

    def _settle(self, objects: dict[int, Object], changed: Iterable[int]) -> None:
        """Makes the live objects what the frozen ones would become, for an event that goes on.

        No two of them share a list or a dict then.
        """
        for number in self._objects.keys() - objects.keys():
            del self._objects[number]
            self._watch_over(number, ())
        self._before = objects
        self._frozen_before = tuple(objects.values())
        self._weight = sum([frozen.contents.weight for frozen in self._frozen_before])
        for number in changed:
            self._rest(self._objects[number])

    def frozen(self, value: Any) -> Value:
        """The frozen form of a value; raises as `freeze` does."""
        return self._frozen(value, [], MAX_NESTING)

    def new(self, name: str) -> Live:
        """A new object of that class with its defaults."""
        shape = self._shapes[name]
        self._meter.tick(shape.cost)
        live: Live = shape.live()
        live._heap = self
        live._id = self.next_id
        self.next_id += 1
        shape.fill(live, shape.defaults)
        for field, default in shape.fresh:
            setattr(live, field, self.thawed(default))
        self._objects[live._id] = self._written[live._id] = live
        return live

    def live(self) -> tuple[Live, ...]:
        """All objects of the event, freed ones too."""
        before = [self.get(number) for number in self._before]
        made = (live for number, live in self._objects.items() if number not in self._before)
        return (*before, *made)

    def get(self, number: int) -> Live:
        """The object with that id; raises KeyError if there is none."""
        live = self._objects.get(number)
        if live is None:
            shape = self._shapes[self._before[number].cls]
            asleep: Live = shape.asleep.__new__(shape.asleep)
            set_id(asleep, number)
            set_heap(asleep, self)
            live = self._objects[number] = asleep
        return live

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
        if type(left).__name__ != type(_object(right)).__name__:
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

    def _rest(self, live: Live) -> None:
        """Makes a live object what it became frozen, for an event that goes on."""
        frozen = self._before[live._id]
        if self._freed or frozen.contents.items:
            self._fill(live, frozen)
        else:
            self._watch_over(live._id, ())
            set_class(live, "__class__", self._shapes[frozen.cls].unwritten)

    def _collect(self, number: int, objects: dict[int, Object], changed: list[int]) -> None:
        pending = [number]
        while pending:
            number = pending.pop()
            if number in objects:
                continue
            before = self._before.get(number)
            if before is not None and self._is_unchanged(number, before):
                pending += before.contents.refs
                self._meter.tick(len(before.fields) + before.contents.items)
                objects[number] = before
            else:
                objects[number] = self._changed(number, pending)
                changed.append(number)

    def _is_unchanged(self, number: int, before: Object) -> bool:
        """Whether an object is as it was before the event, and so is all that it refers to."""
        return number not in self._written and (
            not self._freed or self._freed.isdisjoint(before.contents.refs)
        )

    def _changed(self, number: int, reached: list[int]) -> Object:
        """The frozen form of an object; adds the ids that it refers to."""
        live = self.get(number)
        shape = self._shapes[type(live).__name__]
        self._meter.tick(len(shape.fields))
        values = [
            value if type(value) in ATOMS else self._frozen(value, reached, MAX_NESTING)
            for value in shape.values(live)
        ]
        return Object(number, shape.name, tuple(zip(shape.fields, values, strict=True)))

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


def _watch(value: Any, watched: list[Any]) -> None:
    """Adds the lists and dicts in a value, with what they hold."""
    if isinstance(value, list):
        watched.append((value, tuple(value)))
        for item in value:
            _watch(item, watched)
    elif isinstance(value, dict):
        watched.append((value, (*value, *value.values())))
        for item in value.values():
            _watch(item, watched)


def _holds(value: list[Any] | dict[Any, Any], items: tuple[Any, ...]) -> bool:
    """Whether a list or dict still holds these very objects, in this order."""
    if not items or not value:
        return not items and not value
    now = value if isinstance(value, list) else (*value, *value.values())
    return len(now) == len(items) and all(map(is_, now, items))


def _refs_in(values: Iterable[Any], most: int) -> tuple[int, ...] | None:
    """The ids that the values of fields refer to, in order.

    None where they hold more items than `most`, or something that no field can keep.
    """
    refs: list[int] = []
    levels = [iter(values)]
    while levels:
        for value in levels[-1]:
            if type(value) in ATOMS:
                continue
            if isinstance(value, Live):
                refs.append(value._id)
                continue
            if not isinstance(value, list | dict) or len(levels) > MAX_NESTING:
                return None
            most -= len(value)
            if most < 0:
                return None
            levels.append(iter(value.values() if isinstance(value, dict) else value))
            break
        else:
            levels.pop()
    return tuple(refs)


def _object(value: Any) -> Live:
    if isinstance(value, Live):
        return value
    raise TypeError(f"{kind_of(value)} where an object is needed")


def _key(key: Any) -> bool | int | str | None:
    if type(key) in ATOMS:
        return key  # type: ignore[no-any-return]
    raise TypeError(f"{kind_of(key)} as a key")
