"""What a block of statements costs, read off its syntax: a step each, and more for much in one.

An expression has no loop, so its size bounds the work that it does itself. What operators and
builtins look at is counted when they run.
"""

import ast
from collections.abc import Iterator, Sequence

WEIGHTS: dict[type[ast.AST], int] = {ast.Dict: 8, ast.List: 4, ast.Tuple: 4, ast.Call: 4}
"""What an expression weighs, where that is more than 1: these make an object or run a builtin."""

STEP = 8
"""How much weight takes a step. Most statements of a model weigh less."""


def cost(body: Sequence[ast.stmt], target: ast.expr | None = None) -> int:
    """The steps of running a block once; with a target, of binding that to an item before."""
    steps = sum(1 + _weight(_own(statement)) // STEP for statement in body)
    return steps + (_weight([target]) // STEP if target else 0)


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement without those of the statements inside it."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt):
            yield child


def _weight(nodes: Iterator[ast.AST] | Sequence[ast.AST]) -> int:
    inner = (node for outer in nodes for node in ast.walk(outer))
    return sum(WEIGHTS.get(type(node), 1) for node in inner if isinstance(node, ast.expr))
