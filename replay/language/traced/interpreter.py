"""Running one event on the syntax tree, keeping the origin of every value."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from replay.language.compile import cost, default_name, settled
from replay.language.definitions import Definitions
from replay.language.limits import StepLimitError
from replay.language.objects.heap import Heap
from replay.language.traced.cells import EventTrace, Frame, Test, TracedValue, plain
from replay.language.traced.evaluator import Evaluator
from replay.language.traced.operations import Operations
from replay.language.vocabulary import without_docstring

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
