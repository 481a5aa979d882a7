"""Finding the condition that kept a field from being written."""

import ast
from collections.abc import Iterator, Sequence

from replay.language.definitions import Definitions
from replay.language.traced.cells import Test, TracedValue


def writers(defined: Definitions, field: str) -> frozenset[str]:
    """The functions that can set the field of some object, themselves or by what they call."""
    functions = defined.functions.items()
    names = {name for name, function in functions if any(_stores([function.node], field))}
    growing = True
    while growing:
        more = {name for name, function in functions if _calls(function.node) & names} - names
        names |= more
        growing = bool(more)
    return frozenset(names)


def could_write(test: Test, target: int, field: str, names: frozenset[str]) -> bool:
    """Whether the branch that a test did not take could have set the field of that object."""
    skipped = test.node.orelse if test.cell.value else test.node.body
    for owner in _stores(skipped, field):
        if isinstance(owner, ast.Name) and _is(test.variable(owner.id), target):
            return True
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in names
        and any(
            isinstance(argument, ast.Name) and _is(test.variable(argument.id), target)
            for argument in node.args
        )
        for statement in skipped
        for node in ast.walk(statement)
    )


def _stores(body: Sequence[ast.AST], field: str) -> Iterator[ast.expr]:
    """The expressions whose field the statements set."""
    for statement in body:
        for node in ast.walk(statement):
            match node:
                case ast.Attribute(attr=name, ctx=ast.Store()) if name == field:
                    yield node.value


def _calls(node: ast.AST) -> set[str]:
    called = (inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call))
    return {function.id for function in called if isinstance(function, ast.Name)}


def _is(cell: TracedValue | None, target: int) -> bool:
    return cell is not None and getattr(cell.value, "_id", None) == target
