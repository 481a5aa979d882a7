"""Running one event on the syntax tree, keeping the origin of every value."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from replay.language.compile import cost, default_name, settled
from replay.language.definitions import Definitions
from replay.language.limits import StepLimitError
from replay.language.objects.heap import Heap
from replay.language.traced.cells import EventTrace, Frame, Test, TracedValue, plain
from replay.language.traced.operations import Operations
from replay.language.vocabulary import BUILTINS, MACHINE, without_docstring

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


BREAK, CONTINUE = object(), object()


class Walker:
    """One traced event. `names` are the runtime's names and the tree's constants."""

    def __init__(self, defined: Definitions, names: Mapping[str, Any], heap: Heap) -> None:
        self.record = EventTrace()
        self.failed: tuple[str, int] | None = None
        self._defined = defined
        self._names = names
        self._do = Operations(names, heap, self.record)
        # By the id of a block's first statement, which lives as long as the definitions.
        self._costs: dict[int, int] = {}
        self._evaluator = Evaluator(defined, names, self._do, self._function)
        self._eval = self._evaluator.value

    def strip(self) -> None:
        """Ends the event: takes the cells out of the objects, into the record."""
        self._do.strip()

    def run(self, function: str, values: Sequence[Any]) -> Any:
        """What the function returns for arguments of the event."""
        definition = self._defined.functions[function]
        if not definition.required <= len(values) <= len(definition.parameters):
            self._names[function](*values)  # which raises, as the plain form does
        frame = Frame(function)
        cells = [
            self._do.cell(value, "event", definition.node, frame, name=name)
            for value, name in zip(values, definition.parameters, strict=False)
        ]
        node = definition.node
        self.record.end = self._body(node, frame, cells)
        return plain(self.record.end)

    # Functions and statements

    def _body(
        self, node: ast.FunctionDef, frame: Frame, cells: Sequence[TracedValue]
    ) -> TracedValue:
        """Runs a function whose first parameters have these values."""
        names = [argument.arg for argument in node.args.args]
        for name, cell in zip(names, cells, strict=False):
            frame.bind(name, cell)
        missing = names[len(cells) :]
        defaults = node.args.defaults[len(node.args.defaults) - len(missing) :]
        for name, default in zip(missing, defaults, strict=True):
            value = self._default(frame.function, node.args.defaults, default, frame)
            cell = self._do.cell(value.value, "default", default, frame, (value,), name=name)
            frame.bind(name, cell)
        body = without_docstring(node.body)
        self._enter(body, body[0] if body else node, frame)
        returned = self._block(body, frame)
        if not isinstance(returned, TracedValue):
            returned = self._do.cell(None, "return", node, frame)
        return self._names["__leave"](returned)  # type: ignore[no-any-return]

    def _default(
        self, function: str, defaults: list[ast.expr], default: ast.expr, frame: Frame
    ) -> TracedValue:
        """The default of a parameter: a constant, or else what was worked out beforehand."""
        if isinstance(default, ast.Name):
            return self._eval(default, frame)
        value = self._names[default_name(function, defaults.index(default))]
        return self._do.cell(value, "literal", default, frame)

    def _enter(self, body: Sequence[ast.stmt], first: ast.stmt, frame: Frame) -> None:
        try:
            self._names["__enter"](self._cost(body), frame.function)
        except Exception as error:
            # Whatever it is: the place is noted, and the error goes on.
            self._fail(error, first, frame)
            raise

    def _function(
        self, name: str, node: ast.Call, frame: Frame, cells: list[TracedValue]
    ) -> TracedValue:
        function = self._defined.functions[name].node
        inner = Frame(name, frame, node, frame.guards)
        passed = [
            self._do.cell(cell.value, "argument", node, frame, (cell,), name=parameter.arg)
            for cell, parameter in zip(cells, function.args.args, strict=False)
        ]
        return self._body(function, inner, passed)

    def _counted(
        self, body: Sequence[ast.stmt], frame: Frame, target: ast.expr | None = None
    ) -> Any:
        if body:
            self._names["__tick"](self._cost(body, target))
        return self._block(body, frame)

    def _cost(self, body: Sequence[ast.stmt], target: ast.expr | None = None) -> int:
        if not body:
            return 0
        key = id(body[0])
        if key not in self._costs:
            self._costs[key] = cost(body, target)
        return self._costs[key]

    def _block(self, body: Sequence[ast.stmt], frame: Frame) -> Any:
        """Runs statements; BREAK, CONTINUE or the cell of a return if one of them is that."""
        for statement in body:
            try:
                signal = self._statement(statement, frame)
            except Exception as error:
                # Likewise.
                self._fail(error, statement, frame)
                raise
            if signal is not None:
                return signal
        return None

    def _fail(self, error: Exception, statement: ast.stmt, frame: Frame) -> None:
        """Keeps the innermost statement that an error ended, and the value it came to last."""
        if self.failed is not None:
            return
        self.failed = (frame.function, self._evaluator.failed_line or statement.lineno)
        if self.record.end is None:
            last = None if isinstance(error, StepLimitError) else self._do.last
            sources = (last,) if last is not None and last.frame is frame else ()
            self.record.end = self._do.cell(None, "fault", statement, frame, sources)

    def _statement(self, node: ast.stmt, frame: Frame) -> Any:
        match node:
            case ast.Assign():
                value = self._eval(node.value, frame)
                for target in node.targets:
                    self._bind(target, value, node, frame)
            case ast.AugAssign():
                place, held = settled(node.target)
                frame.variables |= {name: self._eval(part, frame) for name, part in held.items()}
                before, value = self._eval(place, frame), self._eval(node.value, frame)
                if isinstance(node.op, ast.Add):
                    after = self._do.extend(node, frame, before, value)
                else:
                    after = self._do.operation(node.op, node, frame, before, value)
                self._bind(place, after, node, frame)
            case ast.If():
                return self._if(node, frame)
            case ast.For():
                return self._for(node, frame)
            case ast.Return():
                value = self._eval(node.value or ast.copy_location(ast.Constant(None), node), frame)
                return self._do.cell(value.value, "return", node, frame, (value,))
            case ast.Assert():
                self._assert(node, frame)
            case ast.Expr():
                self._eval(node.value, frame)
            case ast.Delete():
                for target in node.targets:
                    assert isinstance(target, ast.Subscript)
                    items, key = self._eval(target.value, frame), self._eval(target.slice, frame)
                    self._names["__delete"](items.value, plain(key))
                    self._do.change(items, self._do.cell(items.value, "call", node, frame, (key,)))
            case ast.Break():
                return BREAK
            case ast.Continue():
                return CONTINUE
        return None

    def _if(self, node: ast.If, frame: Frame) -> Any:
        test = Test(self._eval(node.test, frame), node, frame, self._do.time)
        self.record.tests.append(test)
        outside = frame.guards
        frame.guards = (*outside, test)
        signal = self._counted(node.body if test.cell.value else node.orelse, frame)
        frame.guards = outside
        return signal

    def _for(self, node: ast.For, frame: Frame) -> Any:
        for item in self._running(node.iter, frame):
            self._bind(node.target, item, node, frame)
            signal = self._counted(node.body, frame, node.target)
            if signal is BREAK:
                break
            if isinstance(signal, TracedValue):
                return signal
        return None

    def _running(self, node: ast.expr, frame: Frame) -> Iterator[TracedValue]:
        # No generator evaluates anything: calls inside of one would take the machine's own stack.
        match node:
            case ast.Call(func=ast.Name(id="walk"), args=[start, ast.Constant(value=str(field))]):
                return self._walk(self._eval(start, frame), field, node, frame)
        items = self._eval(node, frame)
        running = self._names["__iterated"](items.value)
        return (self._do.item(item, items, node, frame) for item in running)

    def _walk(
        self, cell: TracedValue, field: str, node: ast.expr, frame: Frame
    ) -> Iterator[TracedValue]:
        visited = set[int]()
        while cell.value is not None and id(cell.value) not in visited:
            visited.add(id(cell.value))
            live = next(self._names["__walk"](cell.value, field))
            yield self._do.cell(live, "item", node, frame, (cell,))
            cell = self._do.read(cell, field, node, frame)
        self.record.walks.append(cell)

    def _assert(self, node: ast.Assert, frame: Frame) -> None:
        test = self._eval(node.test, frame)
        if not test.value:
            self.record.end = self._do.cell(None, "assert", node, frame, (test,))
            message = self._eval(node.msg, frame).value if node.msg else ast.unparse(node.test)
            self._names["__violated"](message)

    def _bind(self, target: ast.expr, value: TracedValue, node: ast.stmt, frame: Frame) -> None:
        match target:
            case ast.Name(id=name):
                cell = self._do.cell(value.value, "variable", node, frame, (value,), name=name)
                frame.bind(name, cell)
            case ast.Attribute(attr=field):
                content = self._eval(target.value, frame).value
                write = self._do.cell(
                    value.value,
                    "write",
                    node,
                    frame,
                    (value,),
                    name=field,
                    object=getattr(content, "_id", None),
                )
                setattr(content, field, write)
            case ast.Subscript():
                items, key = self._eval(target.value, frame), self._eval(target.slice, frame)
                item = self._do.cell(value.value, "variable", node, frame, (value,))
                self._names["__changing"](items.value, plain(key))[plain(key)] = item
                self._do.change(items, self._do.cell(items.value, "call", node, frame, (item,)))
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                parts = _unpacked(value.value, len(targets))
                for inner, part in zip(targets, parts, strict=True):
                    self._bind(inner, self._do.item(part, value, node, frame), node, frame)


def _unpacked(value: Any, count: int) -> list[Any]:
    """The items for so many targets; raises as Python does."""
    if not isinstance(value, list | dict | str):
        raise TypeError(f"cannot unpack non-iterable {type(value).__name__} object")
    if count == len(items := list(value)):
        return items
    what = f"(expected {count}, got {len(items)})" if len(items) < count else f"(expected {count})"
    raise ValueError(
        f"{'not enough' if len(items) < count else 'too many'} values to unpack {what}"
    )
