"""The statements and branches of a model's tree: all that a log could run through."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from msgspec import Struct

from replay.series import Tree

Line = tuple[str, int]
"""A file and a line in it."""


class Branch(Struct, frozen=True):
    """A way on from an `if` or `for`: into its body or past it.

    `end` is the line that comes next then, and the negative line of the function where it ends.
    """

    file: str
    start: int
    end: int
    into: bool


class FunctionCode(Struct, frozen=True):
    """A function's first line, and the lines at which its statements begin."""

    name: str
    file: str
    line: int
    last: int
    statements: tuple[int, ...]


class Code(Struct, frozen=True, eq=False):
    """A tree's functions, and its branches; `statement_at` has for lines where they begin."""

    functions: tuple[FunctionCode, ...]
    branches: tuple[Branch, ...]
    statement_at: Mapping[Line, int]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines at which statements begin."""
        return tuple((f.file, line) for f in self.functions for line in f.statements)


# A report asks for the same tree again and again.
@lru_cache(maxsize=64)
def code(tree: Tree) -> Code:
    """The functions, statements and branches of a tree that is in the model language."""
    functions: list[FunctionCode] = []
    branches: list[Branch] = []
    statement_at: dict[Line, int] = {}
    for file in tree.files:
        for node in ast.parse(file.text).body:
            if isinstance(node, ast.FunctionDef):
                body = _without_description(node.body)
                every = [*_statements(body)]
                for statement in every:
                    for line in range(statement.lineno, _last_line(statement) + 1):
                        statement_at[file.name, line] = statement.lineno
                branches += _branches(file.name, body, -node.lineno)
                lines = tuple(sorted({statement.lineno for statement in every}))
                last = node.end_lineno or node.lineno
                functions.append(FunctionCode(node.name, file.name, node.lineno, last, lines))
    return Code(tuple(functions), tuple(branches), statement_at)


def _without_description(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if is_text else body


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements, those in blocks included; one that does nothing counts where it stands."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.For):
            yield from _statements(statement.body)
            yield from _statements(statement.orelse)


def _last_line(statement: ast.stmt) -> int:
    """The last line of a statement, of a compound one that of its head."""
    if isinstance(statement, ast.If | ast.For):
        return max(statement.lineno, statement.body[0].lineno - 1)
    return statement.end_lineno or statement.lineno


def _branches(file: str, body: list[ast.stmt], then: int) -> Iterator[Branch]:
    """The branches in a block, after which the line `then` comes."""
    for index, statement in enumerate(body):
        after = body[index + 1].lineno if index + 1 < len(body) else then
        if not isinstance(statement, ast.If | ast.For):
            continue
        otherwise = statement.orelse[0].lineno if statement.orelse else after
        if statement.body[0].lineno > statement.lineno:
            yield Branch(file, statement.lineno, statement.body[0].lineno, into=True)
            yield Branch(file, statement.lineno, otherwise, into=False)
        back = statement.lineno if isinstance(statement, ast.For) else after
        yield from _branches(file, statement.body, back)
        yield from _branches(file, statement.orelse, after)
