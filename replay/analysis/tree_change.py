"""What differs between two trees: hunks with the statements that run through them, and fields."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property, lru_cache

from msgspec import Struct

from replay.analysis.search.statements import FunctionCode, Line, code
from replay.language.vocabulary import descendants
from replay.series import Tree

CONTEXT = 3
"""Changed lines with fewer lines than twice this between them are one hunk, as in a patch."""

Lines = frozenset[Line]


class TreeHunk(Struct, frozen=True):
    """Changed lines of a file that stand together, of which one tree may have none.

    `first` and `last` are lines of the later tree, of the earlier one where nothing is left.
    `before` and `after` are the statements of each tree that run through the hunk: those in it, and
    those that use what it changes of a class or constant.
    """

    file: str
    first: int
    last: int
    is_left: bool
    before: Lines
    after: Lines

    @property
    def can_run(self) -> bool:
        """Whether there is any statement; in a hunk of comments there is none."""
        return bool(self.before or self.after)


class OwnField(Struct, frozen=True):
    """A field that objects of a class have in one of two trees only."""

    kind: str
    name: str
    is_new: bool


class TreeChange(Struct, frozen=True):
    """What differs between two trees, by file and line."""

    hunks: tuple[TreeHunk, ...]
    fields: tuple[OwnField, ...]


# Every log of many is asked about the same change.
@lru_cache(maxsize=64)
def tree_change(before: Tree, after: Tree) -> TreeChange:
    """The change from one tree to another."""
    texts = [{file.name: file.text.split("\n") for file in tree.files} for tree in (before, after)]
    sides = _Side(before), _Side(after)
    hunks = (
        _hunk(name, group, lines, sides)
        for name in sorted({*texts[0], *texts[1]})
        for lines in [(texts[0].get(name, []), texts[1].get(name, []))]
        for group in SequenceMatcher(None, *lines, autojunk=False).get_grouped_opcodes(CONTEXT)
    )
    return TreeChange(tuple(hunks), tuple(_own_fields(before, after)))


Opcode = tuple[str, int, int, int, int]


def _hunk(
    file: str,
    group: Iterable[Opcode],
    texts: tuple[list[str], list[str]],
    sides: tuple["_Side", "_Side"],
) -> TreeHunk:
    changes = [opcode for opcode in group if opcode[0] != "equal"]
    old = [n for _, start, end, _, _ in changes for n in _telling(texts[0], start, end)]
    new = [n for _, _, _, start, end in changes for n in _telling(texts[1], start, end)]
    places = new or old or [changes[0][3] + 1]
    return TreeHunk(
        file,
        min(places),
        max(places),
        bool(new),
        sides[0].statements(file, old),
        sides[1].statements(file, new),
    )


def _telling(text: Sequence[str], start: int, end: int) -> Iterator[int]:
    """The numbers of lines that say something: not those that are empty or a comment."""
    for index in range(start, end):
        line = text[index].strip()
        if line and not line.startswith("#"):
            yield index + 1


class _Side:
    """A tree in which statements are looked for."""

    def __init__(self, tree: Tree) -> None:
        self._code = code(tree)
        self._parsed = {file.name: ast.parse(file.text).body for file in tree.files}

    def statements(self, file: str, lines: Iterable[int]) -> Lines:
        """The statements that run through any of these lines."""
        return frozenset(place for line in lines for place in self._through(file, line))

    def _through(self, file: str, line: int) -> Iterator[Line]:
        statement = self._code.statement_at.get((file, line))
        if statement is not None:
            yield file, statement
            return
        for node in self._parsed[file]:
            if node.lineno <= line <= (node.end_lineno or node.lineno):
                yield from self._through_definition(file, node, line)

    def _through_definition(self, file: str, node: ast.stmt, line: int) -> Iterator[Line]:
        """Of a function's head its first statement; of a field or constant whatever uses it."""
        match node:
            case ast.FunctionDef(name=name):
                function = next(it for it in self._code.functions if it.name == name)
                if line < node.body[0].lineno:
                    yield file, function.statements[0]
            case ast.ClassDef(name=name, body=body):
                field = next((it for it in body if it.lineno <= line <= (it.end_lineno or 0)), None)
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    yield from self._mentioning(field.target.id, ast.Attribute)
                elif field is None:
                    yield from self._mentioning(name, ast.Name)
            case ast.Assign(targets=[ast.Name(id=name)]):
                for constant in self._constants(name):
                    yield from self._mentioning(constant, ast.Name)

    def _constants(self, name: str) -> set[str]:
        """A constant with those that are made of it."""
        names, before = {name}, 0
        while len(names) > before:
            before = len(names)
            names |= {made for made, used in self._made_of.items() if names & used}
        return names

    @cached_property
    def _made_of(self) -> Mapping[str, frozenset[str]]:
        """The names that stand in the values of constants, by the constants' own."""
        made_of = {}
        for node in (node for body in self._parsed.values() for node in body):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    names = (it.id for it in descendants(value) if isinstance(it, ast.Name))
                    made_of[name] = frozenset(names)
        return made_of

    def _mentioning(self, name: str, kind: type[ast.expr]) -> Iterable[Line]:
        """The statements in which a name, or a field of that name, stands."""
        return self._mentions.get((kind, name), ())

    @cached_property
    def _mentions(self) -> Mapping[tuple[type[ast.expr], str], list[Line]]:
        """The statements in which each name stands, and each field."""
        mentions: dict[tuple[type[ast.expr], str], list[Line]] = defaultdict(list)
        for file, body in self._parsed.items():
            for node in (node for definition in body for node in descendants(definition)):
                if isinstance(node, ast.Name | ast.Attribute):
                    word = node.id if isinstance(node, ast.Name) else node.attr
                    statement = self._code.statement_at.get((file, node.lineno))
                    if statement is not None:
                        mentions[type(node), word].append((file, statement))
        return mentions


def _own_fields(before: Tree, after: Tree) -> Iterator[OwnField]:
    was, now = (set(_fields(tree)) for tree in (before, after))
    for kind, name in sorted(was ^ now):
        yield OwnField(kind, name, (kind, name) in now)


def _fields(tree: Tree) -> Iterator[tuple[str, str]]:
    """The class and name of every field."""
    for file in tree.files:
        for node in ast.parse(file.text).body:
            if isinstance(node, ast.ClassDef):
                for item in node.body:
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                        yield node.name, item.target.id


def function_at(tree: Tree, place: Line) -> FunctionCode | None:
    """The function in which a line stands."""
    file, line = place
    every = (it for it in code(tree).functions if it.file == file and it.line <= line <= it.last)
    return next(every, None)
