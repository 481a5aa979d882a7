"""Rewriting a checked function so that every operation goes through the runtime's limits."""

import ast
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from types import CodeType

from replay.language.operators import HIDDEN, LIMITED
from replay.language.vocabulary import (
    BUILTINS,
    MACHINE,
    children,
    descendants,
    without_docstring,
)

ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)

BETWEEN, KEY = "__between", "__key"
"""The variables for an operand in the middle of a chain of comparisons and for the key under which
an item is assigned; models can't name them."""

HELD, INDEX = "__held", "__index"
"""The variables for what holds the place that an augmented assignment changes, and its key."""


# Every variant of a series is compiled, and a patch leaves most chunks as they are.
@lru_cache(maxsize=8192)
def compiled(text: str) -> CodeType:
    """The functions of a checked chunk as code that defines them in a name space.

    The name space has to offer the runtime's names, which all start with two underscores.
    """
    module = ast.parse(text)
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    module.body = [Plain().visit(function) for function in functions]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's advice is for its own authors
        return compile(module, "model", "exec", dont_inherit=True)


def default_name(function: str, index: int) -> str:
    """The name of the value of a function's default. Models can't name it, and so not change it."""
    return f"__default_{index}_{function}"


def settled(target: ast.expr) -> tuple[ast.expr, dict[str, ast.expr]]:
    """The place that an augmented assignment changes, in variables, and what they have to hold.

    Python finds the place before the value, whose functions may put something else there.
    """
    match target:
        case ast.Attribute(value=value, attr=field):
            place: ast.expr = ast.Attribute(_name(HELD, target), field, ast.Store())
            return ast.copy_location(place, target), {HELD: value}
        case ast.Subscript(value=value, slice=key):
            place = ast.Subscript(_name(HELD, target), _name(INDEX, target), ast.Store())
            return ast.copy_location(place, target), {HELD: value, INDEX: key}
    return target, {}


class Plain(ast.NodeTransformer):
    """Counts statements and depth, and calls the runtime for all that needs a limit."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        body = without_docstring(node.body)
        first = body[0] if body else node
        steps = ast.Constant(cost(body))
        enter = ast.Expr(_call("__enter", steps, ast.Constant(node.name), at=first))
        changed = self._block(body)
        end = ast.Return(_call("__leave", ast.Constant(None), at=node))
        node.args.defaults = [
            _placed(ast.Name(default_name(node.name, index), ast.Load()), default)
            for index, default in enumerate(node.args.defaults)
        ]
        node.body = [ast.copy_location(enter, first), *changed, ast.copy_location(end, node)]
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        node.test = self.visit(node.test)
        node.body = self._counted(node.body)
        node.orelse = self._counted(node.orelse)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        target, node.target = node.target, self.visit(node.target)
        running = self.visit(node.iter)
        match running:
            case ast.Call(func=ast.Name(id="__walk")) | ast.List():
                node.iter = running
            case _:
                node.iter = _call("__iterated", running, at=node)
        node.body = self._counted(node.body, target)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        value = self.visit(node.value) if node.value else ast.Constant(None)
        return ast.copy_location(ast.Return(_call("__leave", value, at=node)), node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        message = node.msg or ast.Constant(ast.unparse(node.test))
        failed = ast.copy_location(ast.Expr(_call("__violated", message, at=node)), node)
        test = ast.copy_location(ast.UnaryOp(ast.Not(), self.visit(node.test)), node)
        return ast.copy_location(ast.If(test, [failed], []), node)

    def visit_Delete(self, node: ast.Delete) -> list[ast.AST]:
        calls = []
        for target in node.targets:
            assert isinstance(target, ast.Subscript)
            items = (self.visit(target.value), self.visit(target.slice))
            calls.append(ast.copy_location(ast.Expr(_call("__delete", *items, at=node)), node))
        return [*calls]

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.AST]:
        place, held = settled(node.target)
        holding = [
            ast.copy_location(ast.Assign([_name(name, node, ast.Store())], self.visit(part)), node)
            for name, part in held.items()
        ]
        before = self.visit(_placed(ast.parse(ast.unparse(place), mode="eval").body, node))
        value, target = self.visit(node.value), self.visit(place)
        if isinstance(node.op, ast.Add):
            changed: ast.expr = _call("__extend", before, value, at=node)
        else:
            changed = _operation(node.op, before, value, at=node)
        return [*holding, ast.copy_location(ast.Assign([target], changed), node)]

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return _operation(node.op, self.visit(node.left), self.visit(node.right), at=node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.USub) and not _is_literal(node.operand, int):
            return _call("__negate", node.operand, at=node)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """A chain is taken apart, so that each operand has a value before it is looked at."""
        parts: list[ast.expr] = []
        left = self.visit(node.left)
        for op, right in zip(node.ops, node.comparators, strict=True):
            right = self.visit(right)
            after = right
            if len(parts) < len(node.ops) - 1 and not isinstance(right, ast.Name | ast.Constant):
                after = _name(BETWEEN, node)
                target = _name(BETWEEN, node, ast.Store())
                right = ast.copy_location(ast.NamedExpr(target, right), node)
            parts.append(_comparison(op, left, right, at=node))
            left = after
        if len(parts) == 1:
            return parts[0]
        return ast.copy_location(ast.BoolOp(ast.And(), parts), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Store):
            key = ast.copy_location(ast.NamedExpr(_name(KEY, node, ast.Store()), node.slice), node)
            node.value = _call("__changing", node.value, key, at=node)
            node.slice = _name(KEY, node)
        if not isinstance(node.slice, ast.Slice):
            return node
        parts = (node.slice.lower, node.slice.upper, node.slice.step)
        bounds = [part or ast.Constant(None) for part in parts]
        return _call("__part", node.value, *bounds, at=node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr not in HIDDEN or not isinstance(node.ctx, ast.Load):
            return node
        return _call("__read", node.value, ast.Constant(node.attr), at=node)

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        self.generic_visit(node)
        # A state has lists only; a tuple would not be equal to itself an event later.
        loaded = isinstance(node.ctx, ast.Load)
        return ast.copy_location(ast.List(node.elts, node.ctx), node) if loaded else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return _placed(ast.Name("__machine", node.ctx), node) if node.id == MACHINE else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node.func, node.args:
            case ast.Name(id="new"), [ast.Name(id=name)]:
                return _call("__new", ast.Constant(name), at=node)
            case ast.Attribute(attr=name, value=value), args:
                return _call(f"__of_{name}", *map(self.visit, (value, *args)), at=node)
            case ast.Name(id=name), args if name in BUILTINS:
                return _call(f"__{name}", *map(self.visit, args), at=node)
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        changed: list[ast.stmt] = []
        for statement in body:
            result = self.visit(statement)
            changed += result if isinstance(result, list) else [result]
        return changed

    def _counted(self, body: list[ast.stmt], target: ast.expr | None = None) -> list[ast.stmt]:
        """The statements of a block after one that counts their steps."""
        if not body:
            return []
        count = ast.Expr(_call("__tick", ast.Constant(cost(body, target)), at=body[0]))
        return [ast.copy_location(count, body[0]), *self._block(body)]


def _operation(op: ast.operator, left: ast.expr, right: ast.expr, at: ast.AST) -> ast.expr:
    if type(op) in LIMITED:
        return _call(f"__{LIMITED[type(op)]}", left, right, at=at)
    return ast.copy_location(ast.BinOp(left, op, right), at)


def _comparison(op: ast.cmpop, left: ast.expr, right: ast.expr, at: ast.AST) -> ast.expr:
    # Comparing with a literal takes no time worth counting, and is what models do most.
    by_literal = isinstance(op, ast.Eq | ast.NotEq) and (_is_literal(left) or _is_literal(right))
    ordered = isinstance(op, ORDER) and _is_literal(left, int, str)
    searched = isinstance(op, ast.In | ast.NotIn) and _is_short(right)
    if type(op) not in LIMITED or by_literal or ordered or searched:
        return ast.copy_location(ast.Compare(left, [op], [right]), at)
    return _call(f"__{LIMITED[type(op)]}", left, right, at=at)


def _name(name: str, at: ast.AST, context: ast.expr_context | None = None) -> ast.Name:
    return ast.copy_location(ast.Name(name, context or ast.Load()), at)


def _call(name: str, *arguments: ast.expr, at: ast.AST) -> ast.Call:
    call = ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
    for node in (call, call.func, *arguments):
        if not hasattr(node, "lineno"):
            ast.copy_location(node, at)
    return ast.copy_location(call, at)


def _placed(node: ast.expr, at: ast.AST) -> ast.expr:
    """The tree with the place of another in all its nodes."""
    for inner in descendants(node):
        ast.copy_location(inner, at)
    return node


def _is_literal(node: ast.expr, *kinds: type) -> bool:
    """Whether this is a literal, of one of the kinds if there are any."""
    return isinstance(node, ast.Constant) and isinstance(node.value, kinds or object)


def _is_short(node: ast.expr) -> bool:
    """Whether searching this takes no time worth counting."""
    return isinstance(node, ast.List | ast.Tuple) and all(map(_is_literal, node.elts))


# What a block of statements costs, read off its syntax. An expression has no loop, so its size
# bounds the work that it does itself; what operators and builtins look at is counted when they run.


WEIGHTS: dict[type[ast.AST], int] = {ast.Dict: 8, ast.List: 4, ast.Tuple: 4, ast.Call: 4}
"""What an expression weighs, where that is more than 1: these make an object or run a builtin."""

STEP = 8
"""How much weight takes a step. Most statements of a model weigh less."""


def cost(body: Sequence[ast.stmt], target: ast.expr | None = None) -> int:
    """The steps of running a block once; with a target, of binding that to an item before."""
    steps = sum(1 + _weight(_own(statement)) // STEP for statement in body)
    return steps + (_weight([target]) // STEP if target else 0)


def _own(statement: ast.stmt) -> list[ast.AST]:
    """The expressions of a statement without those of the statements inside it."""
    return [child for child in children(statement) if not isinstance(child, ast.stmt)]


def _weight(nodes: Iterable[ast.AST]) -> int:
    inner = [node for outer in nodes for node in descendants(outer)]
    return sum([_own_weight(node) for node in inner if isinstance(node, ast.expr)])


def _own_weight(node: ast.expr) -> int:
    """What an expression weighs itself; a long text, when it is compared."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return 1 + (len(node.value) >> 7)
    return WEIGHTS.get(type(node), 1)
