"""A digest for each function over its code and all the code it can reach."""

import ast
from collections.abc import Iterator, Mapping
from hashlib import sha256
from weakref import WeakKeyDictionary

from replay.language.definitions import Class, Definition, Definitions
from replay.language.vocabulary import MACHINE, without_docstring

_OWN: WeakKeyDictionary[ast.AST, tuple[str, frozenset[str]]] = WeakKeyDictionary()


class Digests(Mapping[str, str]):
    """sha256 hex of each function's syntax and of all the definitions that it reaches.

    Texts that describe, comments, annotations and places in files do not count. The classes
    count whenever the name `machine` is used. Each is made when it is asked for.
    """

    def __init__(self, defined: Definitions, machine_class: str, keep_class: str) -> None:
        self._defined = defined
        self._aliases = {MACHINE: machine_class}
        self._prefix = f"{machine_class} {keep_class}"
        self._own: dict[str, tuple[str, list[str]]] = {}
        self._made: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._defined.functions)

    def __iter__(self) -> Iterator[str]:
        return iter(self._defined.functions)

    def __getitem__(self, name: str) -> str:
        if name not in self._made:
            lines = (f"{reached} {self._of(reached)[0]}" for reached in self._reach(name))
            text = "\n".join((self._prefix, *lines))
            self._made[name] = sha256(text.encode()).hexdigest()
        return self._made[name]

    def _of(self, name: str) -> tuple[str, list[str]]:
        """The digest of a definition alone, and the definitions that it uses."""
        if name not in self._own:
            definition = self._defined.get(name)
            assert definition is not None
            digest, names = _own(definition)
            used = {self._aliases.get(use, use) for use in names}
            self._own[name] = digest, sorted(used & self._defined.chunks.keys())
        return self._own[name]

    def _reach(self, start: str) -> list[str]:
        """The names that a definition reaches, itself included, sorted; calls may be circular."""
        reached = {start}
        pending = [start]
        while pending:
            for name in self._of(pending.pop())[1]:
                if name not in reached:
                    reached.add(name)
                    pending.append(name)
        return sorted(reached)


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
