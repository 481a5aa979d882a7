"""The walker: runs one event on the syntax tree of its functions, with cells for values."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from replay.language.cells import Cell, Frame, Record, Test, plain
from replay.language.compiling import OPERATORS
from replay.language.definitions import Definitions
from replay.language.evaluator import Evaluator
from replay.language.limits import StepLimitError
from replay.language.objects import Heap
from replay.language.operations import Operations
from replay.language.syntax import without_docstring

BREAK, CONTINUE = object(), object()


class Walker:
    """One traced event. `names` are the runtime's names and the tree's constants."""

    def __init__(self, found: Definitions, names: Mapping[str, Any], heap: Heap) -> None:
        self.record = Record()
        self.failed: tuple[str, int] | None = None
        self._found = found
        self._names = names
        self._do = Operations(names, heap, self.record)
        self._eval = Evaluator(found, names, self._do, self._function).value

    def strip(self) -> None:
        """Ends the event: takes the cells out of the objects, into the record."""
        self._do.strip()

    def run(self, function: str, values: Sequence[Any]) -> Any:
        """What the function returns for arguments of the event."""
        found = self._found.functions[function]
        if not found.required <= len(values) <= len(found.parameters):
            self._names[function](*values)  # which raises, as the plain form does
        frame = Frame(function)
        cells = [
            self._do.cell(value, "event", found.node, frame, name=name)
            for value, name in zip(values, found.parameters, strict=False)
        ]
        node = found.node
        self.record.end = self._body(node, frame, cells)
        return plain(self.record.end)

    # Functions and statements

    def _body(self, node: ast.FunctionDef, frame: Frame, cells: Sequence[Cell]) -> Cell:
        """Runs a function whose first parameters have these values."""
        names = [argument.arg for argument in node.args.args]
        frame.variables |= zip(names, cells, strict=False)
        missing = names[len(cells) :]
        defaults = node.args.defaults[len(node.args.defaults) - len(missing) :]
        for name, default in zip(missing, defaults, strict=True):
            value = self._eval(default, frame)
            frame.variables[name] = self._do.cell(
                value.value, "default", default, frame, (value,), name=name
            )
        body = without_docstring(node.body)
        self._enter(body, body[0] if body else node, frame)
        returned = self._block(body, frame)
        if not isinstance(returned, Cell):
            returned = self._do.cell(None, "return", node, frame)
        return self._names["__leave"](returned)  # type: ignore[no-any-return]

    def _enter(self, body: Sequence[ast.stmt], first: ast.stmt, frame: Frame) -> None:
        try:
            self._names["__enter"](len(body))
        except Exception as error:
            self._fail(error, first, frame)
            raise

    def _function(self, name: str, node: ast.Call, frame: Frame, cells: list[Cell]) -> Cell:
        function = self._found.functions[name].node
        inner = Frame(name, frame, node, frame.guards)
        passed = [
            self._do.cell(cell.value, "argument", node, frame, (cell,), name=parameter.arg)
            for cell, parameter in zip(cells, function.args.args, strict=False)
        ]
        return self._body(function, inner, passed)

    def _counted(self, body: Sequence[ast.stmt], frame: Frame) -> Any:
        if body:
            self._names["__tick"](len(body))
        return self._block(body, frame)

    def _block(self, body: Sequence[ast.stmt], frame: Frame) -> Any:
        """Runs statements; BREAK, CONTINUE or the cell of a return if one of them is that."""
        for statement in body:
            try:
                signal = self._statement(statement, frame)
            except Exception as error:
                self._fail(error, statement, frame)
                raise
            if signal is not None:
                return signal
        return None

    def _fail(self, error: Exception, statement: ast.stmt, frame: Frame) -> None:
        """Keeps the innermost statement that an error ended, and the value it came to last."""
        if self.failed is not None:
            return
        self.failed = (frame.function, statement.lineno)
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
                added = isinstance(node.op, ast.Add)
                operation = "__extend" if added else OPERATORS.get(type(node.op))
                before, value = self._eval(node.target, frame), self._eval(node.value, frame)
                after = self._do.operation(operation, node, frame, before, value)
                self._bind(node.target, after, node, frame)
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
        test = Test(self._eval(node.test, frame), node, frame, dict(frame.variables))
        self.record.tests.append(test)
        outside = frame.guards
        frame.guards = (*outside, test)
        signal = self._counted(node.body if test.cell.value else node.orelse, frame)
        frame.guards = outside
        return signal

    def _for(self, node: ast.For, frame: Frame) -> Any:
        for item in self._running(node.iter, frame):
            self._bind(node.target, item, node, frame)
            signal = self._counted(node.body, frame)
            if signal is BREAK:
                break
            if isinstance(signal, Cell):
                return signal
        return None

    def _running(self, node: ast.expr, frame: Frame) -> Iterator[Cell]:
        match node:
            case ast.Call(func=ast.Name(id="walk"), args=[start, ast.Constant(value=str(field))]):
                yield from self._walk(self._eval(start, frame), field, node, frame)
                return
        items = self._eval(node, frame)
        for item in self._names["__iterated"](items.value):
            yield self._do.item(item, items, node, frame)

    def _walk(self, cell: Cell, field: str, node: ast.expr, frame: Frame) -> Iterator[Cell]:
        seen = set[int]()
        while cell.value is not None and id(cell.value) not in seen:
            seen.add(id(cell.value))
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

    def _bind(self, target: ast.expr, value: Cell, node: ast.stmt, frame: Frame) -> None:
        match target:
            case ast.Name(id=name):
                frame.variables[name] = self._do.cell(
                    value.value, "variable", node, frame, (value,), name=name
                )
            case ast.Attribute(attr=field):
                held = self._eval(target.value, frame).value
                write = self._do.cell(
                    value.value,
                    "write",
                    node,
                    frame,
                    (value,),
                    name=field,
                    object=getattr(held, "_id", None),
                )
                setattr(held, field, write)
            case ast.Subscript():
                items, key = self._eval(target.value, frame), self._eval(target.slice, frame)
                item = self._do.cell(value.value, "variable", node, frame, (value,))
                items.value[plain(key)] = item
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
    told = f"(expected {count}, got {len(items)})" if len(items) < count else f"(expected {count})"
    raise ValueError(
        f"{'not enough' if len(items) < count else 'too many'} values to unpack {told}"
    )
