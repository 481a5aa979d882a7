"""Evaluating an expression of a traced event, keeping the origin of its value."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

from replay.language.definitions import Definitions
from replay.language.traced.cells import Frame, TracedValue, plain
from replay.language.traced.operations import Operations
from replay.language.vocabulary import BUILTINS, MACHINE

Call = Callable[[str, ast.Call, Frame, list[TracedValue]], TracedValue]
"""Runs a function of the model, called somewhere with these arguments."""


class Evaluator:
    """Evaluates expressions of one traced event."""

    def __init__(
        self, defined: Definitions, names: Mapping[str, Any], do: Operations, call: Call
    ) -> None:
        self._defined = defined
        self._names = names
        self._do = do
        self._function = call
        self.failed_line: int | None = None
        """The line of the innermost expression that raised, if one did."""

    def value(self, node: ast.expr, frame: Frame) -> TracedValue:
        """The cell of an expression; raises what the plain form does."""
        try:
            return self._expression(node, frame)
        except Exception:
            # Whatever stops the event: the innermost expression is where it was.
            if self.failed_line is None:
                self.failed_line = node.lineno
            raise

    def _expression(self, node: ast.expr, frame: Frame) -> TracedValue:
        match node:
            case ast.Constant(value=value):
                return self._do.cell(value, "literal", node, frame)
            case ast.Name(id=name):
                return self._name(name, node, frame)
            case ast.Attribute(attr=field):
                return self._do.read(self.value(node.value, frame), field, node, frame)
            case ast.Subscript():
                return self._subscript(node, frame)
            case ast.BoolOp():
                return self._bool(node, frame)
            case ast.IfExp():
                test = self.value(node.test, frame)
                chosen = self.value(node.body if test.value else node.orelse, frame)
                return self._do.cell(chosen.value, "choice", node, frame, (chosen, test))
            case ast.UnaryOp():
                return self._do.operation(node.op, node, frame, self.value(node.operand, frame))
            case ast.BinOp():
                left, right = self.value(node.left, frame), self.value(node.right, frame)
                return self._do.operation(node.op, node, frame, left, right)
            case ast.Compare():
                return self._compare(node, frame)
            case ast.List() | ast.Tuple():
                cells = tuple([self.value(item, frame) for item in node.elts])
                return self._do.cell([*cells], "display", node, frame, cells)
            case ast.Dict():
                return self._dict(node, frame)
            case ast.Call():
                return self._call(node, frame)
        raise TypeError(f"{type(node).__name__} is no expression of the language")

    def _name(self, name: str, node: ast.expr, frame: Frame) -> TracedValue:
        if name in frame.variables:
            return frame.variables[name]
        if name == MACHINE:
            return self._do.cell(self._names["__machine"], "machine", node, frame)
        if name in self._defined.constants:
            return self._do.cell(self._names[name], "constant", node, frame, name=name)
        what = f"cannot access local variable '{name}' where it is not associated with a value"
        raise UnboundLocalError(what)

    def _subscript(self, node: ast.Subscript, frame: Frame) -> TracedValue:
        items = self.value(node.value, frame)
        if not isinstance(node.slice, ast.Slice):
            key = self.value(node.slice, frame)
            return self._do.item(items.value[plain(key)], items, node, frame)
        parts = (node.slice.lower, node.slice.upper, node.slice.step)
        bounds = [self.value(part, frame).value if part else None for part in parts]
        part = self._names["__part"](items.value, *bounds)
        return self._do.cell(part, "operation", node, frame, (items,), name="[:]")

    def _bool(self, node: ast.BoolOp, frame: Frame) -> TracedValue:
        ends = isinstance(node.op, ast.Or)
        for operand in node.values:
            cell = self.value(operand, frame)
            if bool(cell.value) == ends:
                break
        return self._do.cell(cell.value, "choice", node, frame, (cell,))

    def _compare(self, node: ast.Compare, frame: Frame) -> TracedValue:
        left = cell = self.value(node.left, frame)
        for op, operand in zip(node.ops, node.comparators, strict=True):
            right = self.value(operand, frame)
            cell = self._do.operation(op, node, frame, left, right)
            if not cell.value:
                break
            left = right
        return cell

    def _dict(self, node: ast.Dict, frame: Frame) -> TracedValue:
        items: dict[Any, TracedValue] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            assert key is not None
            name = plain(self.value(key, frame))
            items[name] = self.value(item, frame)
        return self._do.cell(items, "display", node, frame, tuple(items.values()))

    def _call(self, node: ast.Call, frame: Frame) -> TracedValue:
        match node.func, node.args:
            case ast.Name(id="new"), [ast.Name(id=name)]:
                return self._do.new(name, node, frame)
            case ast.Attribute(attr=name, value=value), args:
                cells = [self.value(item, frame) for item in (value, *args)]
                return self._do.method(name, node, frame, cells)
            case ast.Name(id=name), args:
                cells = [self.value(item, frame) for item in args]
                if name not in BUILTINS:
                    return self._function(name, node, frame, cells)
                return self._do.builtin(name, node, frame, cells)
        raise TypeError("only what has a name can be called")
