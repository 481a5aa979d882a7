"""Collecting the functions, classes and constants of a tree, parsed once per unchanged chunk.

A file is read in chunks, each from one `def` or `class` to the next, and lines are counted inside
a chunk. So what a patch leaves alone is read, checked and compiled only once.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from replay.errors import NotInLanguage, ReplayError
from replay.language.grammar import uses
from replay.language.vocabulary import (
    METHODS,
    MisuseError,
    Use,
    check_depth,
    check_name,
    constant_uses,
    without_docstring,
)
from replay.series import Tree


class Chunk(NamedTuple):
    """A part of a file; `start` is the number of lines before it."""

    file: str
    start: int
    text: str


@dataclass(frozen=True)
class Function:
    """A function of the model."""

    name: str
    node: ast.FunctionDef

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """The names that it uses; raises MisuseError for what is not in the language."""
        check_depth(self.node)
        return uses(self.node)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(argument.arg for argument in self.node.args.args)

    @cached_property
    def required(self) -> int:
        """How many of its parameters have no default."""
        return len(self.node.args.args) - len(self.node.args.defaults)


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a module, and the assignment that gives its value."""

    name: str
    node: ast.Assign
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Class:
    """A class of objects: its fields with their defaults, in order."""

    name: str
    node: ast.ClassDef
    fields: Mapping[str, ast.expr]
    uses: tuple[Use, ...]


Definition = Function | Constant | Class


@dataclass(frozen=True)
class Definitions:
    """All definitions of a tree by name, in the order of files and lines, and their chunks."""

    functions: dict[str, Function] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    chunks: dict[str, Chunk] = field(default_factory=dict)

    def get(self, name: str) -> Definition | None:
        """The definition of that name."""
        return self.functions.get(name) or self.constants.get(name) or self.classes.get(name)

    def place(self, name: str, line: int | None = None) -> tuple[str, int]:
        """The file of a definition, and its line, or a line of its chunk, in that file."""
        chunk, definition = self.chunks[name], self.get(name)
        inside = line or (definition.node.lineno if definition else 0)
        return chunk.file, chunk.start + inside

    def add(self, definition: Definition, chunk: Chunk) -> None:
        """Takes in one more; raises MisuseError if the name is taken."""
        name = definition.name
        if name in self.chunks:
            file, line = self.place(name)
            raise MisuseError(definition.node, f"{name} is defined at {file}:{line} already")
        self.chunks[name] = chunk
        match definition:
            case Function():
                self.functions[name] = definition
            case Constant():
                self.constants[name] = definition
            case Class():
                self.classes[name] = definition


def definitions(tree: Tree, is_checked: bool = False) -> Definitions:
    """What a tree defines; ReplayError with file, line and reason for anything else in it.

    Of a tree that was checked before, functions are not looked into.
    """
    defined = Definitions()
    for file in tree.files:
        for chunk in _chunks(file.name, file.text):
            try:
                for definition in parse(chunk.text):
                    if not is_checked:
                        definition.uses  # noqa: B018, looking for them is the check
                    defined.add(definition, chunk)
            except MisuseError as misuse:
                raise located(misuse, tree, chunk) from None
    return defined


def located(misuse: MisuseError, tree: Tree, chunk: Chunk) -> ReplayError:
    """The error for a user: file, line, and the patch that put the line there."""
    line = chunk.start + misuse.line
    lines = next(source.lines for source in tree.files if source.name == chunk.file)
    patch = lines[line - 1].patch if line <= len(lines) else None
    where = f"{chunk.file}:{line}"
    if patch is not None:
        where += f" ({tree.patches[patch].name})" if tree.patches else f" (patch {patch})"
    return NotInLanguage(misuse.what, where=where, do=misuse.do)


class _NotPythonError(MisuseError):
    """The chunk can't be parsed."""


# Every prefix of a series is parsed, and a patch leaves most chunks as they are.
@lru_cache(maxsize=8192)
def parse(text: str) -> tuple[Definition, ...]:
    """The definitions of a chunk; raises MisuseError."""
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        raise _NotPythonError(error.lineno or 1, f"not Python: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        reason = f"not Python: {str(error) or 'nested too deeply'}"
        raise _NotPythonError(1, reason) from None
    return tuple(_definition(node) for node in without_docstring(module.body))


# A patch leaves most files as they are too.
@lru_cache(maxsize=1024)
def _chunks(file: str, text: str) -> tuple[Chunk, ...]:
    """The chunks of a file, or the whole file if they can't be parsed one by one.

    Where every chunk is Python by itself, together they mean what the file means.
    """
    lines = text.split("\n")
    heads = [index for index, line in enumerate(lines) if line.startswith(("def ", "class "))]
    spans = pairwise([0, *filter(None, heads), len(lines)])
    chunks = tuple(Chunk(file, start, "\n".join((*lines[start:end], ""))) for start, end in spans)
    try:
        for chunk in chunks:
            parse(chunk.text)
    except _NotPythonError:
        return (Chunk(file, 0, text),)
    except MisuseError:
        pass
    return chunks


def _definition(node: ast.stmt) -> Definition:
    if isinstance(node, ast.FunctionDef):
        check_name(node.name, node)
        return Function(node.name, node)
    check_depth(node)
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]):
            check_name(name, node)
            return Constant(name, node, constant_uses(node.value))
        case ast.ClassDef(name=name):
            check_name(name, node)
            fields = dict(_fields(node))
            used = [use for default in fields.values() for use in constant_uses(default)]
            return Class(name, node, fields, tuple(used))
    do = "a file defines constants, classes and functions"
    raise MisuseError(node, f"{type(node).__name__} is not in the language here", do)


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    if node.bases or node.keywords or node.decorator_list or getattr(node, "type_params", None):
        raise MisuseError(node, "a class has no bases and no decorators")
    names = set()
    for item in without_docstring(node.body):
        match item:
            case ast.Pass():
                continue
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                if name in names:
                    raise MisuseError(item, f"the field {name} is there twice")
                if name in METHODS or name.startswith("_"):
                    raise MisuseError(item, f"a field can't be called {name}")
                names.add(name)
                yield name, value
            case _:
                do = "write name: annotation = constant"
                raise MisuseError(item, "a class has only fields with a default", do)
