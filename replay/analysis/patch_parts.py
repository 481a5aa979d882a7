"""Patches and single statements of them, and what a variant is without one."""

import ast
from collections.abc import Collection, Iterator
from dataclasses import replace

from msgspec import Struct

from replay.errors import Conflict, NotInLanguage
from replay.series import Patch, SourceFile, SourceLine, Tree
from replay.variants.expression import VariantSpec
from replay.variants.variant import Variant, build, variant_with_tree

SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Assert, ast.Delete)
"""Statements that can be left out, so that the rest is still a program."""


class PatchPart(Struct, frozen=True):
    """A patch, or one of its statements: where that stands in a tree, and its lines."""

    patch: Patch
    file: str = ""
    line: int = 0
    lines: tuple[SourceLine, ...] = ()

    @property
    def text(self) -> str:
        """The statement; "" for a whole patch."""
        return " ".join(line.text.strip() for line in self.lines)


def statements(tree: Tree, patches: Collection[str]) -> Iterator[PatchPart]:
    """The simple statements that patches of these names put into a tree."""
    for file in tree.files:
        for node in ast.walk(ast.parse(file.text)):
            if isinstance(node, SIMPLE) and not _describes(node):
                lines = file.lines[node.lineno - 1 : node.end_lineno]
                by = {line.patch for line in lines}
                index = by.pop() if len(by) == 1 else None
                if index is not None and tree.patches[index].name in patches:
                    yield PatchPart(tree.patches[index], file.name, node.lineno, tuple(lines))


def variant_without(variant: Variant, part: PatchPart) -> Variant | None:
    """The variant that lacks the part; None if there is none, or the part is not in it."""
    try:
        if part.lines:
            tree = _without_lines(variant.tree, part)
            return variant_with_tree(variant, tree, "without it") if tree else None
        series = variant.subject.series.patches
        if part.patch not in series:
            return None
        index = series.index(part.patch)
        spec = _spec_without(variant.spec, index, part.patch)
        return build(variant.subject, spec, "without it", "")
    except (Conflict, NotInLanguage):
        return None


def _spec_without(spec: VariantSpec, index: int, patch: Patch) -> VariantSpec:
    """The spec without a patch of the series, which may be there by its place or on top."""
    if index < spec.depth and index not in spec.left_out:
        return replace(spec, left_out=spec.left_out | {index})
    extra = tuple(added for added in spec.extra if added.patch != patch)
    return replace(spec, extra=extra)


def _describes(node: ast.stmt) -> bool:
    """Whether this is a text that describes, or a field of a class."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _without_lines(tree: Tree, part: PatchPart) -> Tree | None:
    """The tree with a `pass` in place of the lines, found by being the same objects."""
    for file in tree.files:
        first = next(
            (index for index, line in enumerate(file.lines) if line is part.lines[0]), None
        )
        if first is not None:
            left = _replaced(file, first, len(part.lines))
            return replace(tree, files=tuple(left if f is file else f for f in tree.files))
    return None


def _replaced(file: SourceFile, first: int, count: int) -> SourceFile:
    line = file.lines[first]
    indent = line.text[: len(line.text) - len(line.text.lstrip())]
    lines = (*file.lines[:first], replace(line, text=f"{indent}pass"), *file.lines[first + count :])
    return SourceFile(file.name, lines)
