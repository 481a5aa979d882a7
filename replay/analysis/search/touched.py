"""What a patch changes of what the model has, and which logs run through that."""

import ast
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.search.coverage import Coverage, Names, reached_functions
from replay.series import CPatch, Hunk, Patch, Tree, offsets


class ChangedHunk(Struct, frozen=True):
    """A hunk of a patch, and the definitions that it changes; "" is what stands outside of all."""

    file: str
    line: int
    names: tuple[str, ...]


class ModelDefinition(Struct, frozen=True):
    """A function, class or constant of the model, and where it stands."""

    name: str
    kind: str
    file: str
    line: int


class TouchedDefinition(Struct, frozen=True):
    """A definition that a patch changes: the model's, None if it has none, and who reaches it.

    `files` are the patch's files in which it is changed.
    """

    name: str
    files: tuple[str, ...]
    model: ModelDefinition | None
    logs: Names


class Touched(Struct, frozen=True):
    """What a patch changes: its title, its hunks, and each definition once."""

    title: str
    hunks: tuple[ChangedHunk, ...]
    definitions: tuple[TouchedDefinition, ...]

    @property
    def logs(self) -> Names:
        """The logs that run through any of it, by name."""
        return tuple(sorted({name for item in self.definitions for name in item.logs}))


def touched_by_c(patch: CPatch, title: str, covered: Coverage) -> Touched:
    """What a patch of the C program changes."""
    hunks = tuple(ChangedHunk(item.file, item.line, item.names) for item in patch.hunks)
    return _touched(patch.subject or title, hunks, covered, [covered.variant.tree])


def touched_by_model(patch: Patch, before: Tree, after: Tree, covered: Coverage) -> Touched:
    """What a patch of the model changes, which leads from one tree to the other."""
    names = changed_definitions(before, after)
    moved = iter(offsets(before, patch))
    places = [_Places(tree) for tree in (before, after)]
    hunks: list[ChangedHunk] = []
    for change in patch.files:
        grown = 0
        for hunk in change.hunks:
            old = max(hunk.start, 1) + next(moved)
            inside = _names_in(hunk, change.path, (old, old + grown), places)
            grown += sum({"+": 1, "-": -1}.get(edit.mark, 0) for edit in hunk.edits)
            hunks.append(ChangedHunk(change.path, hunk.line, tuple(dict.fromkeys(inside))))
    # A hunk of comments changes nothing; what its lines stand in is not touched by it.
    own_hunks = tuple(
        replace(hunk, names=tuple(n for n in hunk.names if n in names or not n)) for hunk in hunks
    )
    return _touched(patch.subject or patch.name, own_hunks, covered, [after, before])


class _Places:
    """The definitions of a tree by the lines that they take."""

    def __init__(self, tree: Tree) -> None:
        self._names: dict[tuple[str, int], str] = {}
        for file in tree.files:
            for node in ast.parse(file.text).body:
                match node:
                    case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                        pass
                    case ast.Assign(targets=[ast.Name(id=name)]):
                        pass
                    case _:
                        continue
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    self._names[file.name, line] = name

    def at(self, file: str, line: int) -> str:
        """The definition at a line, "" outside of all."""
        return self._names.get((file, line), "")


def _names_in(
    hunk: Hunk, file: str, starts: tuple[int, int], places: Sequence[_Places]
) -> Iterator[str]:
    """The definitions in which lines of the hunk come or go; it starts at these lines."""
    (before, after), (old, new) = places, starts
    for edit in hunk.edits:
        if edit.text.strip():
            if edit.mark == "-":
                yield before.at(file, old)
            elif edit.mark == "+":
                yield after.at(file, new)
            elif before.at(file, old) != after.at(file, new):
                # A line that stays belongs to another when the head between the two goes.
                yield from (before.at(file, old), after.at(file, new))
        old += edit.mark != "+"
        new += edit.mark != "-"


def _touched(
    title: str, hunks: tuple[ChangedHunk, ...], covered: Coverage, trees: Sequence[Tree]
) -> Touched:
    model: dict[str, ModelDefinition] = {}
    for tree in trees:
        model = definitions(tree) | model
    reached = reached_functions(covered)
    files: dict[str, dict[str, None]] = {}
    for hunk in hunks:
        for name in filter(None, hunk.names):
            files.setdefault(name, {})[hunk.file] = None
    touched = tuple(
        TouchedDefinition(name, tuple(where), model.get(name), reached.get(name, ()))
        for name, where in files.items()
    )
    return Touched(title, hunks, touched)


def functions_of_patch(covered: Coverage, patch: Patch) -> dict[str, Names]:
    """The functions that a patch of the series changes, each with the logs that reach it.

    None for a patch that is not of the series.
    """
    series = covered.variant.subject.series
    if patch not in series.patches:
        return {}
    index = series.patches.index(patch)
    names = changed_definitions(series.tree(index), series.tree(index + 1))
    reached = reached_functions(covered)
    return {name: reached.get(name, ()) for name, item in names.items() if item.kind == "function"}


def definitions(tree: Tree) -> dict[str, ModelDefinition]:
    """All functions, classes and constants of a model by name."""
    return {
        definition.name: definition
        for file in tree.files
        for definition, _ in _parsed(file.name, file.text)
    }


def changed_definitions(before: Tree, after: Tree) -> dict[str, ModelDefinition]:
    """The definitions that two trees do not have alike; those that are gone stand as they were.

    Comments and places do not count, and texts that describe do not.
    """
    was, now = (_meanings(tree) for tree in (before, after))
    gone = {name: item for name, (item, _) in was.items() if name not in now}
    return {
        name: item for name, (item, text) in now.items() if name not in was or was[name][1] != text
    } | gone


def _meanings(tree: Tree) -> dict[str, tuple[ModelDefinition, str]]:
    return {
        item.name: (item, text)
        for file in tree.files
        for item, text in _parsed(file.name, file.text)
    }


def _parsed(file: str, text: str) -> Iterable[tuple[ModelDefinition, str]]:
    """The definitions of a file, each with what it means as text."""
    for node in ast.parse(text).body:
        match node:
            case ast.FunctionDef(name=name):
                yield ModelDefinition(name, "function", file, node.lineno), _meaning(node)
            case ast.ClassDef(name=name):
                yield ModelDefinition(name, "class", file, node.lineno), _meaning(node)
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield ModelDefinition(name, "constant", file, node.lineno), ast.dump(node)


def _meaning(node: ast.FunctionDef | ast.ClassDef) -> str:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    head = ast.dump(node.args) if isinstance(node, ast.FunctionDef) else ""
    return head + "".join(map(ast.dump, body))
