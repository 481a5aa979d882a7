"""Checking that a function uses only the statements and expressions of the language.

Walking a function also collects the names that it takes from its tree, to be looked up later.
"""

import ast
from collections.abc import Iterable

from replay.language.vocabulary import (
    MACHINE,
    OPERATORS,
    MisuseError,
    Use,
    check_literal,
    check_name,
    constant_uses,
    descendants,
    keys,
    without_docstring,
)

SUGGESTIONS: dict[type[ast.AST], str] = {
    ast.While: 'use for, over range() or walk(node, "field")',
    ast.JoinedStr: "join texts with +",
    ast.ListComp: "use for and append",
    ast.AnnAssign: "leave the annotation out",
    ast.Import: "all files of the model share their names",
    ast.ImportFrom: "all files of the model share their names",
    ast.Try: "return a negative errno constant",
    ast.Raise: "use refuse(class, desc), fail(-errno) or assert",
    ast.Div: "use //",
}

MAX_LOOPS = 15
"""Loops inside each other; Python's compiler takes 20."""


def uses(node: ast.FunctionDef) -> tuple[Use, ...]:
    """The names that a function uses; raises MisuseError for what is not in the language."""
    if node.decorator_list or node.returns or getattr(node, "type_params", None):
        raise MisuseError(node, "a function has no decorator and no annotation")
    grammar = _Grammar(node)
    for statement in without_docstring(node.body):
        grammar.visit(statement)
    return tuple(dict.fromkeys((*_parameters(node.args), *grammar.uses)))


def _parameters(args: ast.arguments) -> Iterable[Use]:
    """The constants that defaults use."""
    for odd in (*args.posonlyargs, *args.kwonlyargs, args.vararg, args.kwarg):
        if odd:
            raise MisuseError(odd, "a function has plain parameters only")
    names = set()
    for argument in args.args:
        if argument.arg in names:
            raise MisuseError(argument, f"there are two parameters {argument.arg}")
        names.add(argument.arg)
        if argument.annotation:
            raise MisuseError(argument, "a parameter has no annotation")
    for default in args.defaults:
        if isinstance(default, ast.List | ast.Tuple | ast.Dict):
            raise MisuseError(default, "a parameter's default is None, a number or a text")
        yield from constant_uses(default)


def _locals(node: ast.FunctionDef) -> dict[str, int]:
    """The names that a function binds, with the first line that does."""
    names: dict[str, int] = {}
    for inner in descendants(node):
        if isinstance(inner, ast.arg):
            names.setdefault(inner.arg, inner.lineno)
        elif isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            names.setdefault(inner.id, inner.lineno)
    for name, line in names.items():
        check_name(name, line)
    return names


def _absent(node: ast.AST) -> MisuseError:
    what = f"{type(node).__name__} is not in the language"
    return MisuseError(node, what, SUGGESTIONS.get(type(node), ""))


class _Grammar(ast.NodeVisitor):
    """Walks one function; what it has no method for is not in the language."""

    def __init__(self, node: ast.FunctionDef) -> None:
        self._locals = _locals(node)
        self._loops = 0
        self.uses = [Use("local", name, line) for name, line in self._locals.items()]

    def _use(self, kind: str, name: str, node: ast.expr, arguments: int = 0) -> None:
        if name.startswith("_"):
            raise MisuseError(node, f"{name} starts with an underscore")
        self.uses.append(Use(kind, name, node.lineno, arguments))

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
        if any(isinstance(inner, ast.Call) for inner in descendants(node.target)):
            raise MisuseError(node, "a call in what is changed", "put it into a variable first")
        if isinstance(node.target, ast.Tuple | ast.List):
            raise _absent(node.target)
        self._target(node.target)
        self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._all([*node.body, *node.orelse])

    def visit_For(self, node: ast.For) -> None:
        if node.orelse:
            raise MisuseError(node.orelse[0], "for has no else in the language")
        self._target(node.target)
        match node.iter:
            case ast.Call(func=ast.Name(id="walk"), args=[start, ast.Constant(value=str(field))]):
                self._use("field", field, node.iter)
                self.visit(start)
            case _:
                self.visit(node.iter)
        self._loops += 1
        if self._loops > MAX_LOOPS:
            raise MisuseError(node, f"more than {MAX_LOOPS} loops inside each other")
        self._all(node.body)
        self._loops -= 1

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

    def visit_Break(self, node: ast.Break | ast.Continue) -> None:
        if not self._loops:
            raise MisuseError(node, "this stands in no loop")

    def visit_Continue(self, node: ast.Continue) -> None:
        self.visit_Break(node)

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
        if node.id not in self._locals and node.id != MACHINE:
            self._use("variable", node.id, node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        machine = isinstance(node.value, ast.Name) and node.value.id == MACHINE
        self._use("machine field" if machine else "field", node.attr, node)

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
            raise MisuseError(node, "UAdd is not in the language")
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
        self._all((*keys(node), *node.values))

    def visit_Call(self, node: ast.Call) -> None:
        if node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
            raise MisuseError(node, "arguments are given by position, one by one")
        count = len(node.args)
        match node.func, node.args:
            case ast.Name(id="new"), [ast.Name(id=name)]:
                self._use("class", name, node)
                return
            case ast.Name(id="new"), _:
                raise MisuseError(node, "new takes the name of a class")
            case ast.Name(id="walk"), _:
                do = 'write for node in walk(start, "field")'
                raise MisuseError(node, "walk stands in a for, with the name of a field", do)
            case ast.Name(id=name), _:
                self._use("function", name, node, count)
            case ast.Attribute(attr=name, value=value), _:
                self.visit(value)
                self._use("method", name, node, count)
            case _:
                raise MisuseError(node, "only what has a name can be called")
        self._all(node.args)


def _is_singleton(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))
