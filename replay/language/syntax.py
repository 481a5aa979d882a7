"""Syntax: what all definitions share: names, literals, constant expressions, and their errors."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from replay.language.limits import MAX_INT, MAX_TEXT
from replay.language.vocabulary import RESERVED

OPERATORS = (
    *(ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Pow),
    *(ast.LShift, ast.RShift, ast.BitOr, ast.BitAnd, ast.BitXor),
)


MAX_DEPTH = 100
"""Levels of syntax inside each other."""


class MisuseError(Exception):
    """Something that the language does not have, at a line of a file."""

    def __init__(self, node: ast.AST | int, what: str, do: str = "") -> None:
        self.line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        self.what = what
        self.do = do
        super().__init__(what)


class Use(NamedTuple):
    """A name that a function takes from its tree.

    `kind` is variable, function, class, field or machine field, or local for one that it binds
    itself; `arguments` counts those of a call.
    """

    kind: str
    name: str
    line: int
    arguments: int = 0


def constant_uses(node: ast.expr) -> tuple[Use, ...]:
    """The constants that a constant expression uses; raises MisuseError for what is none."""
    return tuple(_constants(node))


def check_depth(node: ast.AST) -> None:
    """Raises MisuseError for what is nested so deeply that tools would choke on it."""
    level = [node]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in ast.iter_child_nodes(parent)]
    if level:
        raise MisuseError(node, f"nested more than {MAX_DEPTH} levels deep")


def check_name(name: str, node: ast.AST | int) -> None:
    """Raises MisuseError for a name that is the runtime's, or a word of the language."""
    if name.startswith("_"):
        raise MisuseError(node, f"{name} starts with an underscore")
    if name in RESERVED:
        raise MisuseError(node, f"{name} is a word of the language")


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements without the text that describes them."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body


def check_literal(node: ast.Constant) -> None:
    """Refuses literals of other types, and those beyond the limits."""
    value = node.value
    if value is not None and type(value) not in (bool, int, str):
        raise MisuseError(node, f"a {type(value).__name__} literal is not in the language")
    if type(value) is int and value > MAX_INT:
        raise MisuseError(node, "an integer has 64 bits")
    if type(value) is str and len(value) > MAX_TEXT:
        raise MisuseError(node, f"a text has at most {MAX_TEXT} characters")


def _constants(node: ast.expr) -> Iterator[Use]:
    match node:
        case ast.Constant():
            check_literal(node)
        case ast.Name(id=name):
            yield Use("variable", name, node.lineno)
        case ast.UnaryOp(op=ast.USub() | ast.Invert() | ast.Not()):
            yield from _constants(node.operand)
        case ast.BinOp(op=op) if isinstance(op, OPERATORS):
            yield from _constants(node.left)
            yield from _constants(node.right)
        case ast.List() | ast.Tuple():
            for item in node.elts:
                yield from _constants(item)
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                yield from _constants(_present(key, node))
                yield from _constants(value)
        case _:
            raise MisuseError(node, f"{type(node).__name__} is not in the language in a constant")


def _present(key: ast.expr | None, node: ast.Dict) -> ast.expr:
    if key is None:
        raise MisuseError(node, "** is not in the language")
    return key
