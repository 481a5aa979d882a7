"""Printing a function or a file of a tree, with the patch behind each line."""

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from replay.errors import NotFound, ReplayError
from replay.series import SourceFile, Tree


@dataclass(frozen=True, slots=True)
class AnnotatedLine:
    """A line of a file, counted from 1, and the patch that put it there.

    `patch` is the patch's file name or "base"; `sha` is "" for base and for a patch without one.
    """

    patch: str
    sha: str
    line: int
    text: str


def show(tree: Tree, name: str, function: str | None = None) -> str:
    """The text of one function, class or constant; of all files, each under its name, by default.

    `name` is what the tree is called in an error: ReplayError, with the nearest names, for one that
    the tree does not have.
    """
    files = tree.files
    if function is None:
        return "\n".join(f"# {file.name}\n\n{file.text}" for file in files)
    definitions = {defined: text for file in files for defined, text in _definitions(file)}
    if function not in definitions:
        near = difflib.get_close_matches(function, definitions, n=3)
        do = f"nearest: {', '.join(near)}" if near else "replay show REV shows all"
        raise NotFound(f"{name} has no function {function}", do=do, nearest=near)
    return definitions[function]


def annotate(tree: Tree, file: str) -> tuple[AnnotatedLine, ...]:
    """The lines of a file of the tree. Raises ReplayError with the names of its files."""
    for source in tree.files:
        if source.name == file:
            return tuple(_annotated(tree, source))
    names = ", ".join(source.name for source in tree.files)
    raise ReplayError(f"the tree has no file {file}", do=f"it has {names}")


def _annotated(tree: Tree, source: SourceFile) -> Iterator[AnnotatedLine]:
    for number, line in enumerate(source.lines, 1):
        patch = None if line.patch is None else tree.patches[line.patch]
        name, sha = ("base", "") if patch is None else (patch.name, patch.sha)
        yield AnnotatedLine(name, sha, number, line.text)


def _definitions(file: SourceFile) -> Iterator[tuple[str, str]]:
    """Name and text of everything that the file defines."""
    lines = file.text.split("\n")
    for statement in ast.parse(file.text, file.name).body:
        text = "\n".join(lines[statement.lineno - 1 : statement.end_lineno]) + "\n"
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield statement.name, text
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, text
