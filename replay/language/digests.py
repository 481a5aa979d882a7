"""What a function is, with a digest over its code and all the code it can reach."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from replay.language.definitions import Class, Definition, Definitions
from replay.language.vocabulary import MACHINE, without_docstring


class Content(NamedTuple):
    """A definition alone: its digest and the names in it.

    `words` are the fields that it names, and its texts, of which one may be that of a walk.
    """

    digest: str
    names: frozenset[str]
    words: frozenset[str]


_CONTENTS: WeakKeyDictionary[ast.AST, Content] = WeakKeyDictionary()


class Digests(Mapping[str, str]):
    """sha256 hex of each function's syntax and of all the definitions that it reaches.

    Texts that describe, comments, annotations and places in files do not count. The classes
    count whenever the name `machine` is used. Each is made when it is asked for.
    """

    def __init__(self, defined: Definitions, machine_class: str, keep_class: str) -> None:
        self._defined = defined
        self._aliases = {MACHINE: machine_class}
        self._prefix = f"{machine_class} {keep_class}"
        self._uses: dict[str, list[str]] = {}
        self._made: dict[str, str] = {}
        self._alone: dict[str, str] = {}
        self._together: dict[frozenset[str], str] = {}

    def __len__(self) -> int:
        return len(self._defined.functions)

    def __iter__(self) -> Iterator[str]:
        return iter(self._defined.functions)

    def __getitem__(self, name: str) -> str:
        if name not in self._made:
            reached = sorted((name, inner.digest) for name, inner in self.reached(name).items())
            text = "\n".join((self._prefix, *(f"{name} {digest}" for name, digest in reached)))
            self._made[name] = sha256(text.encode()).hexdigest()
        return self._made[name]

    def reached(self, start: str) -> Mapping[str, Content]:
        """The definitions that one reaches, itself included; calls may be circular."""
        reached: dict[str, Content] = {}
        pending = [start]
        while pending:
            name = pending.pop()
            if name not in reached:
                reached[name] = self._content_of(name)
                pending += self._used(name)
        return reached

    def together(self, names: frozenset[str]) -> str:
        """sha256 hex of functions without those that they call, but with the data they name.

        Where it is the same in another tree, what ran through these functions alone runs there
        as it did.
        """
        if names not in self._together:
            each = (f"{name} {self._of_one(name)}" for name in sorted(names))
            text = "\n".join((self._prefix, *each))
            self._together[names] = sha256(text.encode()).hexdigest()
        return self._together[names]

    def _of_one(self, name: str) -> str:
        """The digest of a function, its data and the parameters of what it calls; "" for none."""
        if name not in self._alone and name in self._defined.functions:
            lines: dict[str, str] = {}
            pending = [name]
            while pending:
                used = pending.pop()
                function = self._defined.functions.get(used)
                if function and used != name:
                    lines[used] = f"{function.required} {len(function.parameters)}"
                elif used not in lines:
                    lines[used] = self._content_of(used).digest
                    pending += self._used(used)
            text = "\n".join(f"{used} {digest}" for used, digest in sorted(lines.items()))
            self._alone[name] = sha256(text.encode()).hexdigest()
        return self._alone.get(name, "")

    def _content_of(self, name: str) -> Content:
        definition = self._defined.get(name)
        assert definition is not None
        return _content(definition)

    def _used(self, name: str) -> list[str]:
        """The definitions that one names."""
        if name not in self._uses:
            names = {self._aliases.get(use, use) for use in self._content_of(name).names}
            self._uses[name] = sorted(names & self._defined.chunks.keys())
        return self._uses[name]


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """A function of a program; `digest` says what it does, with all that it can reach."""

    name: str
    file: str
    line: int
    parameters: tuple[str, ...]
    digest: str


class FunctionTable(Mapping[str, FunctionInfo]):
    """The functions of a program by name, each described when it is asked for."""

    def __init__(self, defined: Definitions, digests: Digests) -> None:
        self._defined = defined
        self._digests = digests
        self._made: dict[str, FunctionInfo] = {}

    def __len__(self) -> int:
        return len(self._defined.functions)

    def __iter__(self) -> Iterator[str]:
        return iter(self._defined.functions)

    def __contains__(self, name: object) -> bool:
        return name in self._defined.functions

    def __getitem__(self, name: str) -> FunctionInfo:
        info = self._made.get(name)
        if info is None:
            parameters = self._defined.functions[name].parameters
            place = self._defined.place(name)
            info = self._made[name] = FunctionInfo(name, *place, parameters, self._digests[name])
        return info


def same_code(one: Definition, other: Definition) -> bool:
    """Whether two definitions say the same, whatever describes them."""
    return _content(one).digest == _content(other).digest


def _content(definition: Definition) -> Content:
    content = _CONTENTS.get(definition.node)
    if content is None:
        dump = _Dump()
        text = "\n".join(map(dump.of, _parts(definition)))
        digest = sha256(text.encode()).hexdigest()
        content = Content(digest, frozenset(dump.names), frozenset(dump.words))
        _CONTENTS[definition.node] = content
    return content


class _Dump:
    """What ast.dump says of nodes, with what a look at them shows besides; in a third of its time.

    `names` are the names in them, `words` fields and texts.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.words: set[str] = set()

    def of(self, part: Any) -> str:
        """The text of a node; of a text itself."""
        return part if isinstance(part, str) else self._text(part)

    def _text(self, value: Any) -> str:
        if isinstance(value, ast.AST):
            return self._node(value)
        if isinstance(value, list):
            return f"[{', '.join([self._text(item) for item in value])}]"
        return repr(value)

    def _node(self, node: ast.AST) -> str:
        kind = type(node)
        if kind is ast.Name:
            self.names.add(node.id)  # type: ignore[attr-defined]
        elif kind is ast.Attribute:
            self.words.add(node.attr)  # type: ignore[attr-defined]
        elif kind is ast.Constant and type(node.value) is str:  # type: ignore[attr-defined]
            self.words.add(node.value)  # type: ignore[attr-defined]
        fields = node.__dict__
        said = [
            f"{name}={self._text(fields[name])}"
            for name in kind._fields
            # It leaves out a None that the kind has where nothing is said.
            if name in fields and (fields[name] is not None or getattr(kind, name, ...) is not None)
        ]
        return f"{kind.__name__}({', '.join(said)})"


def _parts(definition: Definition) -> list[ast.AST | str]:
    if isinstance(definition, Class):
        return [item for pair in definition.fields.items() for item in pair]
    if isinstance(definition.node, ast.Assign):
        return [definition.node.value]
    return [definition.node.args, *without_docstring(definition.node.body)]
