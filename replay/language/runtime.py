"""Everything compiled model code can call, under names a model cannot write."""

from collections.abc import Callable, Mapping
from typing import Any

from replay.language.builtins import Functions, Methods
from replay.language.disk_builtins import Files, RangeSets
from replay.language.endings import fail, refuse, violated
from replay.language.limits import Meter
from replay.language.objects.heap import Heap
from replay.language.objects.live import Shape
from replay.language.operators import Operators
from replay.language.vocabulary import BUILTINS, METHODS
from replay.state.objects import FrozenMap, Ref, State, Value


class Runtime:
    """The meter, the objects and the disk of the event that runs."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._meter = Meter()
        self.heap = Heap(shapes, self._meter)
        self._files = Files(self._meter)
        self._before: State | None = None
        self._left: State | None = None

    def names(self) -> dict[str, Callable[..., Any]]:
        """What compiled code calls, by name."""
        meter, heap = self._meter, self.heap
        operators, functions, methods = Operators(meter), Functions(meter), Methods(meter)
        ranges = RangeSets(meter)
        own: dict[str, Callable[..., Any]] = {
            "enter": meter.enter,
            "leave": meter.leave,
            "tick": meter.tick,
        }
        own |= {"new": heap.new, "free": heap.free, "swap": heap.swap, "walk": heap.walk}
        own |= {"refuse": refuse, "fail": fail, "violated": violated}
        own |= {name: getattr(operators, name) for name in vars(Operators) if name[0] != "_"}
        own |= {name[:-1]: getattr(functions, name) for name in vars(Functions) if name[0] != "_"}
        own |= {f"of_{name}": getattr(methods, name) for name in METHODS}
        for kind, holder in (("disk_", self._files), ("ranges_", ranges)):
            of_kind = [name for name in BUILTINS if name.startswith(kind)]
            own |= {name: getattr(holder, name.removeprefix(kind)) for name in of_kind}
        return {f"__{name}": value for name, value in own.items()}

    def start(self, state: State) -> None:
        """Starts an event."""
        self._meter.reset()
        # Most events follow the one that ran here before them, so that nothing has to be thawed.
        if state is self._left:
            self.heap.go_on()
        else:
            self.heap.thaw(state.objects, state.next_id, state.machine)
        self._left = None
        self._before = state
        self._files.start(state.disk)

    @property
    def called(self) -> frozenset[str]:
        """The functions that ran in the event, by name."""
        return frozenset(self._meter.called)

    @property
    def steps(self) -> int:
        """The steps that the event took, with the values that it left."""
        return self._meter.total

    def forget(self) -> None:
        """Lets the next event thaw its state, whichever that is."""
        self._left = None

    def frozen(self, keep_class: str, is_noted: bool) -> State:
        """The state after the event; raises what `Heap.freeze` does.

        `is_noted` is whether every change of a list or dict in place was noted.
        """
        changed = self._meter.changed if is_noted else None
        self._meter.count_values("a state")
        objects = self.heap.freeze(keep_class, changed)
        disk, next_id = self._files.frozen(), self.heap.next_id
        was = self._before
        if was and (objects, disk, next_id) == (was.objects, was.disk, was.next_id):
            self._left = was
        else:
            self._left = State(objects, self.heap.machine, next_id, disk)
        return self._left

    def halted(self) -> State:
        """The state after a crash: only the disk is left, as it is now."""
        return State((), None, self.heap.next_id, self._files.frozen())

    def result(self, value: Any) -> Value:
        """The frozen value that a handler returned; raises TypeError if an object is in it."""
        self._meter.count_values("a result")
        frozen = self.heap.frozen(value)
        if _refers(frozen):
            raise TypeError("a handler returned an object")
        return frozen


def _refers(value: Value) -> bool:
    """Whether a Ref is in the value."""
    if isinstance(value, FrozenMap):
        return any(_refers(item) for _, item in value.pairs)
    if isinstance(value, tuple):
        return any(_refers(item) for item in value)
    return isinstance(value, Ref)
