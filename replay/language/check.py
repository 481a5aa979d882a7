"""The static check: refuses all that is not in the language before anything is compiled."""

import ast
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from replay.errors import ReplayError
from replay.language.definitions import (
    Class,
    Constant,
    Definitions,
    Function,
    MisuseError,
    definitions,
    located,
    without_docstring,
)
from replay.language.limits import MAX_INT, MAX_TEXT
from replay.language.vocabulary import BUILTINS, MACHINE, METHODS, RESERVED
from replay.series import Tree

OPERATORS = (
    *(ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Pow),
    *(ast.LShift, ast.RShift, ast.BitOr, ast.BitAnd, ast.BitXor),
)

SUGGESTIONS: dict[type[ast.AST], str] = {
    ast.While: 'use for, over range() or walk(node, "field")',
    ast.JoinedStr: "join texts with +",
    ast.ListComp: "use for and append",
    ast.AnnAssign: "leave the annotation out",
    ast.Try: "return a negative errno constant",
    ast.Raise: "use refuse(class, desc), fail(-errno) or assert",
    ast.Div: "use //",
}


def check(tree: Tree, machine_class: str | None = None) -> Definitions:
    """The definitions of a tree that keeps to the language.

    Raises ReplayError with file, line and reason for the first thing that does not.
    """
    found = definitions(tree)
    order: dict[str, Constant] = {}
    for definition in (*found.constants.values(), *found.classes.values()):
        _located(_check_data, tree, definition, order)
        if isinstance(definition, Constant):
            order[definition.name] = definition
    fields = {name for model_class in found.classes.values() for name in model_class.fields}
    machine = found.classes.get(machine_class) if machine_class else None
    if machine_class and not machine:
        raise ReplayError(f"the tree has no class {machine_class}, which the machine needs")
    for function in found.functions.values():
        checker = _FunctionCheck(found, fields, set(machine.fields) if machine else fields)
        _located(checker.check, tree, function)
    return found


def _located(check: Callable[..., None], tree: Tree, definition: Any, *more: Any) -> None:
    try:
        check(definition, *more)
    except MisuseError as misuse:
        raise located(misuse, tree, definition.file) from None
    except RecursionError:
        deep = MisuseError(definition.node, f"{definition.name} is nested too deeply")
        raise located(deep, tree, definition.file) from None


def _check_data(definition: Constant | Class, known: dict[str, Constant]) -> None:
    """Constants and the defaults of fields are expressions over literals and `known`."""
    _check_name(definition.name, definition.node)
    if isinstance(definition, Constant):
        _check_constant(definition.node.value, known)
        return
    for name, default in definition.fields.items():
        _check_name(name, default)
        if name in METHODS:
            raise MisuseError(default, f"a field can't be called {name}, which is a method")
        _check_constant(default, known)


def _check_constant(node: ast.expr, known: Iterable[str]) -> None:
    match node:
        case ast.Constant():
            check_literal(node)
        case ast.Name(id=name):
            if name not in known:
                raise MisuseError(node, f"{name} is no constant that is defined before")
        case ast.UnaryOp(op=ast.USub() | ast.Invert() | ast.Not()):
            _check_constant(node.operand, known)
        case ast.BinOp(op=op) if isinstance(op, OPERATORS):
            _check_constant(node.left, known)
            _check_constant(node.right, known)
        case ast.List() | ast.Tuple():
            for item in node.elts:
                _check_constant(item, known)
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                _check_constant(key or value, known)
                _check_constant(value, known)
                if key is None:
                    raise _absent(node)
        case _:
            raise MisuseError(node, f"{type(node).__name__} is not in the language in a constant")


def check_literal(node: ast.Constant) -> None:
    """Refuses literals of other types, and those beyond the limits; raises MisuseError."""
    value = node.value
    if value is not None and type(value) not in (bool, int, str):
        raise MisuseError(node, f"a {type(value).__name__} literal is not in the language")
    if type(value) is int and value > MAX_INT:
        raise MisuseError(node, "an integer has 64 bits")
    if type(value) is str and len(value) > MAX_TEXT:
        raise MisuseError(node, f"a text has at most {MAX_TEXT} characters")


def _check_name(name: str, node: ast.AST) -> None:
    if name.startswith("_"):
        raise MisuseError(node, f"{name} starts with an underscore")


def _absent(node: ast.AST) -> MisuseError:
    what = f"{type(node).__name__} is not in the language"
    return MisuseError(node, what, SUGGESTIONS.get(type(node), ""))


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, sorted(known), n=3)
    return f"did you mean {' or '.join(near)}?" if near else ""


class _FunctionCheck(ast.NodeVisitor):
    """Walks one function; what it has no method for is not in the language."""

    def __init__(self, found: Definitions, fields: set[str], machine: set[str]) -> None:
        self._found = found
        self._fields = fields
        self._machine = machine
        self._locals: set[str] = set()

    def check(self, function: Function) -> None:
        """Raises MisuseError."""
        node = function.node
        _check_name(function.name, node)
        if function.name in METHODS or node.decorator_list or node.returns:
            raise MisuseError(
                node, "a function has no decorator, no annotation and no method's name"
            )
        self._check_parameters(node.args)
        self._locals = {argument.arg for argument in node.args.args} | _assigned(node)
        for name in sorted(self._locals):
            self._check_local(name, node)
        self._block(without_docstring(node.body))

    def _check_parameters(self, args: ast.arguments) -> None:
        others = [*args.posonlyargs, *args.kwonlyargs, args.vararg, args.kwarg]
        for other in others:
            if other:
                raise MisuseError(other, "a function has plain parameters only")
        for argument in args.args:
            if argument.annotation:
                raise MisuseError(argument, "a parameter has no annotation")
        for default in args.defaults:
            _check_constant(default, self._found.constants)
            if isinstance(default, ast.List | ast.Tuple | ast.Dict):
                raise MisuseError(default, "a parameter's default is None, a number or a text")

    def _check_local(self, name: str, node: ast.FunctionDef) -> None:
        place = next((n for n in ast.walk(node) if _binds(n, name)), node)
        _check_name(name, place)
        taken = self._found.get(name)
        if taken:
            where = f"{taken.file}:{taken.node.lineno}"
            raise MisuseError(place, f"{name} hides what is defined at {where}")
        if name in RESERVED:
            raise MisuseError(place, f"{name} is a word of the language")

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.visit(statement)

    def generic_visit(self, node: ast.AST) -> None:
        """Everything else."""
        raise _absent(node)

    def _all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    # Statements

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._target(target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._operator(node.op, node)
        if any(isinstance(inner, ast.Call) for inner in ast.walk(node.target)):
            raise MisuseError(node, "a call in what is changed", "put it into a variable first")
        if isinstance(node.target, ast.Tuple | ast.List):
            raise _absent(node.target)
        self._target(node.target)
        self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._block(node.body)
        self._block(node.orelse)

    def visit_For(self, node: ast.For) -> None:
        if node.orelse:
            raise MisuseError(node.orelse[0], "for has no else in the language")
        self._target(node.target)
        match node.iter:
            case ast.Call(func=ast.Name(id="walk"), args=[start, ast.Constant(value=str(field))]):
                self._check_field(field, self._fields, node.iter)
                self.visit(start)
            case _:
                self.visit(node.iter)
        self._block(node.body)

    def visit_Return(self, node: ast.Return) -> None:
        self._all([node.value])

    def visit_Assert(self, node: ast.Assert) -> None:
        self.visit(node.test)
        match node.msg:
            case None | ast.Constant(value=str()):
                return
        raise MisuseError(node, "the message of an assert is a plain text")

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Call):
            raise MisuseError(node, "an expression that is no call does nothing here")
        self.visit(node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Subscript) or isinstance(target.slice, ast.Slice):
                raise MisuseError(node, "del takes an item out of a dict and nothing else")
            self._all([target.value, target.slice])

    def visit_Pass(self, node: ast.Pass) -> None:
        """It is in the language."""

    def visit_Break(self, node: ast.Break) -> None:
        """It is in the language."""

    def visit_Continue(self, node: ast.Continue) -> None:
        """It is in the language."""

    def _target(self, node: ast.expr) -> None:
        match node:
            case ast.Name():
                return
            case ast.Attribute():
                self.visit(node)
            case ast.Subscript(slice=ast.Slice()):
                raise MisuseError(node, "a slice can't be assigned")
            case ast.Subscript():
                self.visit(node)
            case ast.Tuple() | ast.List():
                for item in node.elts:
                    self._target(item)
            case _:
                raise _absent(node)

    # Expressions

    def visit_Constant(self, node: ast.Constant) -> None:
        check_literal(node)

    def visit_Name(self, node: ast.Name) -> None:
        name = node.id
        _check_name(name, node)
        if name in self._locals or name in self._found.constants or name == MACHINE:
            return
        if name in RESERVED or self._found.get(name):
            raise MisuseError(
                node, f"{name} is no value here; functions and classes are not values"
            )
        known = {*self._locals, *self._found.constants}
        raise MisuseError(node, f"there is no variable or constant {name}", _nearest(name, known))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        machine = isinstance(node.value, ast.Name) and node.value.id == MACHINE
        self._check_field(node.attr, self._machine if machine else self._fields, node)

    def _check_field(self, name: str, fields: set[str], node: ast.AST) -> None:
        _check_name(name, node)
        if name not in fields:
            raise MisuseError(node, f"no class has a field {name}", _nearest(name, fields))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        if isinstance(node.slice, ast.Slice):
            self._all([node.slice.lower, node.slice.upper, node.slice.step])
        else:
            self.visit(node.slice)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self._all(node.values)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.UAdd):
            raise _absent(node.op)
        self.visit(node.operand)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._operator(node.op, node)
        self._all([node.left, node.right])

    def _operator(self, op: ast.operator, node: ast.AST) -> None:
        if not isinstance(op, OPERATORS):
            what = f"the operator {type(op).__name__} is not in the language"
            raise MisuseError(node, what, SUGGESTIONS.get(type(op), ""))

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._all([node.test, node.body, node.orelse])

    def visit_Compare(self, node: ast.Compare) -> None:
        self._all([node.left, *node.comparators])
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.Is | ast.IsNot) and not _is_singleton(right):
                raise MisuseError(node, "is compares with None, True or False", "use ==")

    def visit_List(self, node: ast.List) -> None:
        self._all(node.elts)

    def visit_Tuple(self, node: ast.Tuple) -> None:
        self._all(node.elts)

    def visit_Dict(self, node: ast.Dict) -> None:
        if None in node.keys:
            raise MisuseError(node, "** is not in the language")
        self._all([*node.keys, *node.values])

    def visit_Call(self, node: ast.Call) -> None:
        for item in (*node.keywords, *node.args):
            if isinstance(item, ast.keyword | ast.Starred):
                raise MisuseError(node, "arguments are given by position, one by one")
        match node.func:
            case ast.Name(id="new"):
                self._new(node)
            case ast.Name(id="walk"):
                do = 'write for node in walk(start, "field")'
                raise MisuseError(node, "walk stands in a for, with the name of a field", do)
            case ast.Name(id=name):
                self._call(name, node)
            case ast.Attribute(attr=name, value=value):
                self.visit(value)
                self._count(name, METHODS.get(name), node, METHODS, "method")
            case _:
                raise MisuseError(node, "only what has a name can be called")
        if not (isinstance(node.func, ast.Name) and node.func.id == "new"):
            self._all(node.args)

    def _new(self, node: ast.Call) -> None:
        match node.args:
            case [ast.Name(id=name)] if name in self._found.classes:
                return
            case [ast.Name(id=name)]:
                near = _nearest(name, self._found.classes)
                raise MisuseError(node, f"there is no class {name}", near)
        raise MisuseError(node, "new takes the name of a class")

    def _call(self, name: str, node: ast.Call) -> None:
        _check_name(name, node)
        function = self._found.functions.get(name)
        if function:
            limits: tuple[int, int] | None = (function.required, len(function.parameters))
        else:
            limits = BUILTINS.get(name)
        known = {*BUILTINS, *self._found.functions}
        self._count(name, limits, node, known, "function")

    def _count(
        self,
        name: str,
        limits: tuple[int, int] | None,
        node: ast.Call,
        known: Iterable[str],
        word: str,
    ) -> None:
        if limits is None:
            raise MisuseError(node, f"there is no {word} {name}", _nearest(name, known))
        least, most = limits
        if not least <= len(node.args) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            raise MisuseError(node, f"{name} takes {wanted} arguments, not {len(node.args)}")


def _is_singleton(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


def _assigned(function: ast.FunctionDef) -> set[str]:
    """The names that the function binds."""
    stores = (n for n in ast.walk(function) if isinstance(n, ast.Name))
    return {n.id for n in stores if not isinstance(n.ctx, ast.Load)}


def _binds(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Name(id=found, ctx=ast.Store()) | ast.arg(arg=found):
            return found == name
    return False
