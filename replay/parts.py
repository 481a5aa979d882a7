"""Parts of a patch: what of it can be left out of a tree, all of it or one of its statements."""

import ast
from collections.abc import Collection, Iterator
from dataclasses import replace

from msgspec import Struct

from replay.errors import ReplayError
from replay.series import Line, Patch, SourceFile, Tree
from replay.variants import Variant, build, edited

SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Assert, ast.Delete)
"""Statements that can be left out, so that the rest is still a program."""


class Part(Struct, frozen=True):
    """A patch, or one of its statements: where that stands in a tree, and its lines."""

    patch: Patch
    file: str = ""
    line: int = 0
    lines: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        """The statement; "" for a whole patch."""
        return " ".join(line.text.strip() for line in self.lines)


def statements(tree: Tree, patches: Collection[str]) -> Iterator[Part]:
    """The simple statements that patches of these names put into a tree."""
    for file in tree.files:
        for node in ast.walk(ast.parse(file.text)):
            if isinstance(node, SIMPLE) and not _describes(node):
                lines = file.lines[node.lineno - 1 : node.end_lineno]
                by = {line.patch for line in lines}
                index = by.pop() if len(by) == 1 else None
                if index is not None and tree.patches[index].name in patches:
                    yield Part(tree.patches[index], file.name, node.lineno, tuple(lines))


def without(variant: Variant, part: Part) -> Variant | None:
    """The variant that lacks the part; None if there is none, or the part is not in it."""
    try:
        if part.lines:
            tree = _without_lines(variant.tree, part)
            return edited(variant, tree, "without it") if tree else None
        series = variant.subject.series.patches
        if part.patch not in series:
            return None
        index = series.index(part.patch)
        left_out = variant.recipe.left_out | {index}
        return build(variant.subject, replace(variant.recipe, left_out=left_out), "without it", "")
    except ReplayError:
        return None


def _describes(node: ast.stmt) -> bool:
    """Whether this is a text that describes, or a field of a class."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _without_lines(tree: Tree, part: Part) -> Tree | None:
    """The tree with a `pass` in place of the lines, found by being the same objects."""
    for file in tree.files:
        first = next((at for at, line in enumerate(file.lines) if line is part.lines[0]), None)
        if first is not None:
            left = _replaced(file, first, len(part.lines))
            return replace(tree, files=tuple(left if f is file else f for f in tree.files))
    return None


def _replaced(file: SourceFile, first: int, count: int) -> SourceFile:
    line = file.lines[first]
    indent = line.text[: len(line.text) - len(line.text.lstrip())]
    lines = (*file.lines[:first], replace(line, text=f"{indent}pass"), *file.lines[first + count :])
    return SourceFile(file.name, lines)
