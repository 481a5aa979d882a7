"""What operators, calls and assignments do to values with origins."""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from replay.language.limits import MAX_TRACED_VALUES, StepLimitError
from replay.language.objects.heap import Heap
from replay.language.operators import COMPARISONS, HIDDEN, LIMITED, NATIVE
from replay.language.traced.cells import FIXED, EventTrace, Frame, TracedValue, plain

KEEPING = {"append", "insert", "pop", "get", "items", "keys", "values"}
"""Methods of lists and dicts that move items without looking at them."""

CHANGING = {"append", "insert", "pop", "remove"}
EFFECTS = ("disk_", "refuse", "fail", "free")


class Operations:
    """Operations on cells, at a node of a function's call. `names` are the runtime's names.

    `last` is the cell that was made last of those whose value the source text does not say, `time`
    counts all of them.
    """

    def __init__(self, names: Mapping[str, Any], heap: Heap, record: EventTrace) -> None:
        self._names = names
        self._heap = heap
        self._record = record
        self._changed: dict[int, tuple[Any, TracedValue]] = {}
        self.time = 0
        self.last: TracedValue | None = None

    def strip(self) -> None:
        """Takes the cells out of the objects' fields, into the record."""
        for live in self._heap.live():
            for field in live.__slots__:
                value = getattr(live, field)
                content = value.value if isinstance(value, TracedValue) else value
                if isinstance(value, TracedValue):
                    self._record.writes[live._id, field] = value
                if isinstance(content, list | dict) and id(content) in self._changed:
                    self._record.writes[live._id, field] = self._changed[id(content)][1]
                setattr(live, field, plain(value))

    def cell(
        self,
        value: Any,
        kind: str,
        node: ast.AST,
        frame: Frame,
        sources: tuple[TracedValue, ...] = (),
        **more: Any,
    ) -> TracedValue:
        """A new cell, later than all before it."""
        self.time += 1
        if self.time > MAX_TRACED_VALUES and kind != "fault":
            raise StepLimitError(f"more than {MAX_TRACED_VALUES} values that are followed")
        cell = TracedValue(value, kind, node, frame, frame.guards, self.time, sources, **more)
        if kind not in FIXED:
            self.last = cell
        return cell

    def read(self, cell: TracedValue, field: str, node: ast.expr, frame: Frame) -> TracedValue:
        """A field of an object."""
        # As in the plain form: what only Python's own values have is no field.
        read = self._names["__read"] if field in HIDDEN else getattr
        value = read(cell.value, field)
        content = getattr(cell.value, "_id", None)
        if not isinstance(value, TracedValue):
            return self.cell(value, "before", node, frame, name=field, object=content)
        return self.cell(value.value, "read", node, frame, (value,), name=field, object=content)

    def item(self, item: Any, items: TracedValue, node: ast.AST, frame: Frame) -> TracedValue:
        """An item out of a list or dict."""
        if isinstance(item, TracedValue):
            return self.cell(item.value, "item", node, frame, (item,))
        return self.cell(item, "item", node, frame, (items,))

    def operation(
        self, op: ast.AST, node: ast.expr | ast.stmt, frame: Frame, *operands: TracedValue
    ) -> TracedValue:
        """An operator with its operands. What is made of lists keeps their items' cells."""
        kind = type(op)
        if kind in NATIVE or kind in COMPARISONS:
            values = [plain(cell) for cell in operands]
        else:
            values = [cell.value for cell in operands]
        does = self._names[f"__{LIMITED[kind]}"] if kind in LIMITED else NATIVE[kind]
        return self.cell(does(*values), "operation", node, frame, operands, name=kind.__name__)

    def extend(self, node: ast.stmt, frame: Frame, *operands: TracedValue) -> TracedValue:
        """`+=`, by which a list grows in place."""
        value = self._names["__extend"](*(cell.value for cell in operands))
        cell = self.cell(value, "operation", node, frame, operands, name="Add")
        self.change(operands[0], cell)
        return cell

    def new(self, name: str, node: ast.Call, frame: Frame) -> TracedValue:
        """A new object, whose fields are its class's defaults."""
        live = self._names["__new"](name)
        for field in live.__slots__:
            value = getattr(live, field)
            cell = self.cell(value, "default", node, frame, name=field, object=live._id)
            setattr(live, field, cell)
        made = self._record.made[live._id] = self.cell(live, "call", node, frame, name="new")
        return made

    def builtin(
        self, name: str, node: ast.Call, frame: Frame, cells: list[TracedValue]
    ) -> TracedValue:
        """A call of a builtin function; those that do something are recorded."""
        if name == "swap":
            return self._swap(node, frame, cells)
        keeps = name in ("list", "dict", "free")
        result = self.cell(None, "call", node, frame, tuple(cells), name=name)
        if name.startswith(EFFECTS):
            self._record.calls.append(result)
        if name in ("refuse", "fail"):
            self._record.end = result
        values = [cell.value if keeps else plain(cell) for cell in cells]
        result.value = self._names[f"__{name}"](*values)
        return result

    def method(
        self, name: str, node: ast.Call, frame: Frame, cells: list[TracedValue]
    ) -> TracedValue:
        """A call of a method, the value before the dot first."""
        content, *arguments = cells
        if name == "remove" and type(content.value) is list:
            value = None
            self._remove(content.value, arguments[0])
        elif name in KEEPING and isinstance(content.value, list | dict):
            value = self._names[f"__of_{name}"](content.value, *_moved(name, arguments))
        else:
            value = self._names[f"__of_{name}"](*map(plain, cells))
        result = self.cell(value, "call", node, frame, tuple(cells), name=name)
        if name in CHANGING:
            self.change(content, result)
        return self.item(value, content, node, frame) if name in ("get", "pop") else result

    def change(self, items: TracedValue, by: TracedValue) -> None:
        """Notes what changed a list or dict in place; it is kept, so that its id stays its own."""
        if isinstance(items.value, list | dict):
            self._changed[id(items.value)] = (items.value, by)

    def _swap(self, node: ast.Call, frame: Frame, cells: list[TracedValue]) -> TracedValue:
        left, right = (cell.value for cell in cells)
        self._names["__swap"](left, right)
        for here, there in ((left, right), (right, left)):
            for field in here.__slots__:
                content = getattr(here, field)
                if not isinstance(content, TracedValue):
                    content = self.cell(
                        content, "before", node, frame, name=field, object=there._id
                    )
                moved = {"name": field, "object": here._id, "other": there._id}
                setattr(
                    here, field, self.cell(content.value, "swap", node, frame, (content,), **moved)
                )
        return self.cell(None, "call", node, frame, tuple(cells), name="swap")

    def _remove(self, items: list[Any], item: TracedValue) -> None:
        values = plain(items)
        before = [*values]
        self._names["__of_remove"](values, plain(item))
        place = next((i for i, value in enumerate(values) if value is not before[i]), len(values))
        del items[place]


def _moved(name: str, arguments: Sequence[TracedValue]) -> list[Any]:
    """The arguments of a method that moves items: keys and places plain, items as cells."""
    match name, arguments:
        case "append", [item]:
            return [item]
        case (("insert" | "get" | "pop"), [place, *item]):
            return [plain(place), *item]
    return [plain(argument) for argument in arguments]
