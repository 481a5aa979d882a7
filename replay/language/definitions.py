"""Definitions: what the files of a tree define, all in one name space."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from replay.errors import ReplayError
from replay.language.grammar import uses
from replay.language.syntax import (
    MisuseError,
    Use,
    check_depth,
    check_name,
    constant_uses,
    without_docstring,
)
from replay.language.vocabulary import METHODS
from replay.series import Tree


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the model, and the names that it uses."""

    name: str
    file: str
    node: ast.FunctionDef
    uses: tuple[Use, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(argument.arg for argument in self.node.args.args)

    @property
    def required(self) -> int:
        """How many of its parameters have no default."""
        return len(self.node.args.args) - len(self.node.args.defaults)


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a module, and the expression that gives its value."""

    name: str
    file: str
    node: ast.Assign
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Class:
    """A class of objects: its fields with their defaults, in order."""

    name: str
    file: str
    node: ast.ClassDef
    fields: Mapping[str, ast.expr]
    uses: tuple[Use, ...]


Definition = Function | Constant | Class


@dataclass(frozen=True)
class Definitions:
    """All definitions of a tree by name, in the order of files and lines."""

    functions: dict[str, Function] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)

    def get(self, name: str) -> Definition | None:
        """The definition of that name."""
        return self.functions.get(name) or self.constants.get(name) or self.classes.get(name)

    def add(self, definition: Definition) -> None:
        """Takes in one more; raises MisuseError if the name is taken."""
        name, taken = definition.name, self.get(definition.name)
        if taken:
            where = f"{taken.file}:{taken.node.lineno}"
            raise MisuseError(definition.node, f"{name} is defined at {where} already")
        check_name(name, definition.node)
        match definition:
            case Function():
                self.functions[name] = definition
            case Constant():
                self.constants[name] = definition
            case Class():
                self.classes[name] = definition


def definitions(tree: Tree) -> Definitions:
    """What a tree defines; ReplayError with file, line and reason for anything else in it."""
    found = Definitions()
    for file in tree.files:
        try:
            for definition in parse(file.name, file.text):
                found.add(definition)
        except MisuseError as misuse:
            raise located(misuse, tree, file.name) from None
    return found


def located(misuse: MisuseError, tree: Tree, file: str) -> ReplayError:
    """The error for a user: file, line, and the patch that put the line there."""
    where = f"{file}:{misuse.line}"
    lines = next(source.lines for source in tree.files if source.name == file)
    patch = lines[misuse.line - 1].patch if misuse.line <= len(lines) else None
    if patch is not None:
        where += f" ({tree.patches[patch].name})" if tree.patches else f" (patch {patch})"
    return ReplayError(misuse.what, where=where, do=misuse.do)


@lru_cache(maxsize=512)
def parse(file: str, text: str) -> tuple[Definition, ...]:
    """The definitions of a file; raises MisuseError."""
    try:
        module = ast.parse(text, filename=file)
    except SyntaxError as error:
        raise MisuseError(error.lineno or 1, f"not Python: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise MisuseError(1, f"can't be parsed: {error or 'nested too deeply'}") from None
    return tuple(_definition(file, node) for node in without_docstring(module.body))


def _definition(file: str, node: ast.stmt) -> Definition:
    check_depth(node)
    match node:
        case ast.FunctionDef(name=name):
            return Function(name, file, node, uses(node))
        case ast.Assign(targets=[ast.Name(id=name)]):
            return Constant(name, file, node, constant_uses(node.value))
        case ast.ClassDef(name=name):
            fields = dict(_fields(node))
            used = [use for default in fields.values() for use in constant_uses(default)]
            return Class(name, file, node, fields, tuple(used))
    do = "a file defines constants, classes and functions"
    raise MisuseError(node, f"{type(node).__name__} is not in the language here", do)


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    if node.bases or node.keywords or node.decorator_list or getattr(node, "type_params", None):
        raise MisuseError(node, "a class has no bases and no decorators")
    seen = set()
    for item in without_docstring(node.body):
        match item:
            case ast.Pass():
                continue
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                if name in seen:
                    raise MisuseError(item, f"the field {name} is there twice")
                if name in METHODS or name.startswith("_"):
                    raise MisuseError(item, f"a field can't be called {name}")
                seen.add(name)
                yield name, value
            case _:
                do = "write name: annotation = constant"
                raise MisuseError(item, "a class has only fields with a default", do)
