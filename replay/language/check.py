"""Checking that every name a tree uses is defined and has the right number of arguments."""

import ast
from collections.abc import Collection, Hashable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property, lru_cache
from weakref import WeakKeyDictionary

from replay.errors import NotInLanguage
from replay.language.definitions import Definition, Definitions, definitions, located
from replay.language.vocabulary import BUILTINS, METHODS, RESERVED, MisuseError, Use
from replay.series import Tree


def check(tree: Tree, machine_class: str | None = None) -> Definitions:
    """The definitions of a tree that keeps to the language.

    Raises ReplayError with file, line and reason for the first thing that does not.
    """
    defined = definitions(tree)
    checker = Checker(defined, tree, machine_class)
    for definition, constants in _data_in_order(defined):
        checker.check(definition, constants)
    for name in defined.functions:
        checker.check_function(name)
    return defined


# Of a series, and of what is tried in its trees, nearly all functions are the same.
_SOUND: WeakKeyDictionary[ast.AST, set[Hashable]] = WeakKeyDictionary()
"""The functions in which nothing was wrong, each with the names that its trees offered."""


class Checker:
    """Checks the definitions of a tree one by one. Raises NotInLanguage if it has no machine."""

    def __init__(self, defined: Definitions, tree: Tree, machine_class: str | None) -> None:
        if machine_class is not None and machine_class not in defined.classes:
            what = f"the tree has no class {machine_class}, which the machine needs"
            raise NotInLanguage(what)
        self._defined = defined
        self._tree = tree
        self._names = _Names(defined, machine_class)

    def check(self, definition: Definition, constants: Collection[str]) -> None:
        """Raises ReplayError with file, line and reason for what is not in the language.

        `constants` are those that the definition can use.
        """
        try:
            own = {use.name for use in definition.uses if use.kind == "local"}
            for use in definition.uses:
                self._names.check(use, constants, own)
        except MisuseError as misuse:
            chunk = self._defined.chunks[definition.name]
            raise located(misuse, self._tree, chunk) from None

    def check_function(self, name: str) -> None:
        """The same for a function of the tree, which can use all its constants."""
        function = self._defined.functions[name]
        sound = _SOUND.setdefault(function.node, set())
        if self._names.offered not in sound:
            self.check(function, self._defined.constants)
            sound.add(self._names.offered)


def _data_in_order(defined: Definitions) -> Iterator[tuple[Definition, Collection[str]]]:
    """Constants and classes with the constants that each can use, which are those before it."""
    before: dict[str, None] = {}
    for constant in defined.constants.values():
        yield constant, before
        before[constant.name] = None
    yield from ((model_class, before) for model_class in defined.classes.values())


class _Names:
    """The names of a tree, to look up uses in."""

    def __init__(self, defined: Definitions, machine_class: str | None) -> None:
        classes = defined.classes
        fields = {name for model_class in classes.values() for name in model_class.fields}
        machine = classes[machine_class].fields if machine_class else fields
        self._defined = defined
        self._fields = {"field": fields, "machine field": machine}
        self._calls: Mapping[str, Mapping[str, tuple[int, int]]] = {
            "method": METHODS,
            "function": BUILTINS
            | {name: (f.required, len(f.parameters)) for name, f in defined.functions.items()},
        }

    @cached_property
    def offered(self) -> Hashable:
        """All that there is to look up; where it is the same, a function is as sound as it was."""
        fields, defined = self._fields, self._defined
        calls = frozenset(self._calls["function"].items())
        names = (frozenset(fields["field"]), frozenset(fields["machine field"]))
        return _one_of((calls, *names, frozenset(defined.constants), frozenset(defined.classes)))

    def check(self, use: Use, constants: Collection[str], own: Collection[str]) -> None:
        """Raises MisuseError for a name that is not there, or is not of that kind.

        `own` are the variables of the function that uses it.
        """
        match use.kind:
            case "variable":
                self._variable(use, constants, own)
            case "local":
                self._local(use)
            case "class" if use.name not in self._defined.classes:
                raise _missing(use, "class", self._defined.classes)
            case "function" | "method":
                self._call(use, self._calls[use.kind])
            case "field" | "machine field" if use.name not in self._fields[use.kind]:
                whose = "the machine" if use.kind == "machine field" else "any class"
                raise _missing(use, f"field of {whose} called", self._fields[use.kind])

    def _variable(self, use: Use, constants: Collection[str], own: Collection[str]) -> None:
        if use.name in constants:
            return
        if use.name in self._defined.constants:
            raise MisuseError(use.line, f"the constant {use.name} is defined only later")
        if use.name in RESERVED or use.name in self._defined.chunks:
            what = f"{use.name} is no value here; functions and classes are not values"
            raise MisuseError(use.line, what)
        raise _missing(use, "variable or constant", {*own, *constants})

    def _local(self, use: Use) -> None:
        if use.name in self._defined.chunks:
            file, line = self._defined.place(use.name)
            raise MisuseError(use.line, f"{use.name} hides what is defined at {file}:{line}")

    def _call(self, use: Use, callables: Mapping[str, tuple[int, int]]) -> None:
        if use.name not in callables:
            raise _missing(use, use.kind, callables)
        least, most = callables[use.name]
        if not least <= use.arguments <= most:
            count = f"{least}" if least == most else f"{least} to {most}"
            raise MisuseError(use.line, f"{use.name} takes {count} arguments, not {use.arguments}")


@lru_cache(maxsize=64)
def _one_of(value: Hashable) -> Hashable:
    """The first of equal values, which are compared in no time then."""
    return value


def _missing(use: Use, kind: str, names: Collection[str]) -> MisuseError:
    near = get_close_matches(use.name, sorted(names), n=3)
    do = f"did you mean {' or '.join(near)}?" if near else ""
    return MisuseError(use.line, f"there is no {kind} {use.name}", do)
