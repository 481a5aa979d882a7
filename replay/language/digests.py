"""A digest for each function over its code and all the code it can reach."""

import ast
from collections.abc import Iterable, Mapping
from hashlib import sha256
from weakref import WeakKeyDictionary

from replay.language.definitions import Class, Definition, Definitions
from replay.language.vocabulary import MACHINE, without_docstring

_OWN: WeakKeyDictionary[ast.AST, tuple[str, frozenset[str]]] = WeakKeyDictionary()


def digests(defined: Definitions, machine_class: str, keep_class: str) -> Mapping[str, str]:
    """sha256 hex of each function's syntax and of all the definitions that it reaches.

    Texts that describe, comments, annotations and places in files do not count. The classes
    count whenever the name `machine` is used.
    """
    own = {
        definition.name: _own(definition)
        for kind in (defined.functions, defined.constants, defined.classes)
        for definition in kind.values()
    }
    aliases = {MACHINE: machine_class}
    uses = {
        name: sorted({aliases.get(use, use) for use in used} & own.keys())
        for name, (_, used) in own.items()
    }
    return {
        name: _together(_reach(name, uses), own, f"{machine_class} {keep_class}")
        for name in defined.functions
    }


def _reach(start: str, uses: Mapping[str, Iterable[str]]) -> list[str]:
    """The names that a definition reaches, itself included, sorted; calls may be circular."""
    reached = {start}
    pending = [start]
    while pending:
        for name in uses[pending.pop()]:
            if name not in reached:
                reached.add(name)
                pending.append(name)
    return sorted(reached)


def _together(names: list[str], own: Mapping[str, tuple[str, frozenset[str]]], prefix: str) -> str:
    lines = [prefix, *(f"{name} {own[name][0]}" for name in names)]
    return sha256("\n".join(lines).encode()).hexdigest()


def _own(definition: Definition) -> tuple[str, frozenset[str]]:
    """The digest of a definition alone, and the names that it uses."""
    if definition.node not in _OWN:
        parts = _parts(definition)
        dump = "\n".join(part if isinstance(part, str) else ast.dump(part) for part in parts)
        nodes = [node for part in parts if isinstance(part, ast.AST) for node in ast.walk(part)]
        names = frozenset(node.id for node in nodes if isinstance(node, ast.Name))
        _OWN[definition.node] = (sha256(dump.encode()).hexdigest(), names)
    return _OWN[definition.node]


def _parts(definition: Definition) -> list[ast.AST | str]:
    if isinstance(definition, Class):
        return [item for pair in definition.fields.items() for item in pair]
    if isinstance(definition.node, ast.Assign):
        return [definition.node.value]
    return [definition.node.args, *without_docstring(definition.node.body)]
