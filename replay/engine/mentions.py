"""What a source in the model language looks at inside the texts that it is given.

Two machines whose names differ do the same as long as the model only compares names as wholes, and
cuts and joins them at separators. What else it compares them with stands in its source.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple


class Mentions(NamedTuple):
    """The texts in a source.

    `whole` are all of them; a text may be equal to one. `functions` are the names of its
    functions. `inside` are the texts that are looked for in a part of another. `lowers` says that
    letters are made small. `is_clear` is False if parts of texts are compared with what only a
    run can tell.
    """

    whole: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    lowers: bool = False
    is_clear: bool = True

    def union(self, others: Iterable["Mentions"]) -> "Mentions":
        """What several sources look at."""
        every = (self, *others)
        return Mentions(
            frozenset().union(*(one.whole for one in every)),
            frozenset().union(*(one.functions for one in every)),
            frozenset().union(*(one.inside for one in every)),
            any(one.lowers for one in every),
            all(one.is_clear for one in every),
        )


SEARCHES = frozenset({"startswith", "endswith", "partition", "rpartition", "split"})
"""Methods that look for their argument inside a text."""

HOLDS = frozenset({"get", "items", "keys", "values", "pop", "append", "insert", "remove"})
"""Methods that only lists and dicts have."""


class _Chunk(NamedTuple):
    """What a part of a source looks at, by itself.

    `containers` are expressions that it uses as lists or dicts, as their dumps. `doubtful` are
    texts that are looked for in an expression which may be a text or a container.
    """

    mentions: Mentions
    containers: frozenset[str]
    doubtful: tuple[tuple[str, str], ...]


DEFINITION = re.compile(r"^(?=def |class )", re.MULTILINE)
"""Where a chunk of a source begins."""


# Most files are the same in most trees of a series.
@lru_cache(maxsize=512)
def mentions(source: str) -> Mentions:
    """What a checked source looks at."""
    try:
        chunks = [_chunk(text) for text in DEFINITION.split(source)]
    except SyntaxError:  # a text over several lines can look like the beginning of a definition
        chunks = [_chunk(source)]
    containers = frozenset[str]().union(*(chunk.containers for chunk in chunks))
    doubtful = (pair for chunk in chunks for pair in chunk.doubtful)
    inside = frozenset(text for text, holder in doubtful if holder not in containers)
    return Mentions(inside=inside).union(chunk.mentions for chunk in chunks)


# A patch leaves most chunks of a file as they are.
@lru_cache(maxsize=8192)
def _chunk(source: str) -> _Chunk:
    module = ast.parse(source)
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    names = frozenset(function.name for function in functions)
    parts = list(map(_of_function, functions))
    own = Mentions(frozenset(_texts(module)), names).union(part.mentions for part in parts)
    doubtful = tuple(pair for part in parts for pair in part.doubtful)
    return _Chunk(own, frozenset(_used_as_containers(ast.walk(module))), doubtful)


def _texts(module: ast.Module) -> Iterator[str]:
    """All texts but those that describe, which are statements of their own."""
    nodes = list(ast.walk(module))
    describing = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    yield from _literals(node for node in nodes if id(node) not in describing)


def _of_function(function: ast.FunctionDef) -> _Chunk:
    nodes = list(ast.walk(function))
    containers = _used_as_containers(nodes)
    texts = _used_as_texts(nodes)
    inside: set[str] = set()
    doubtful: list[tuple[str, str]] = []
    lowers, is_clear = False, True
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=arguments) if name in SEARCHES:
                inside |= set(_literals(arguments))
                is_clear = is_clear and all(isinstance(one, ast.Constant) for one in arguments)
            case ast.Call(func=ast.Attribute(attr="lower")):
                lowers = True
            case ast.Call(func=ast.Name(id="int"), args=[_, _]):
                is_clear = False
            case ast.Compare(left=left, ops=operators, comparators=rights):
                for operator, one, other in zip(operators, [left, *rights], rights, strict=False):
                    for text, holder in _compared(operator, one, other):
                        if not holder or (holder in texts and holder not in containers):
                            inside.add(text)
                        elif holder not in containers:
                            doubtful.append((text, holder))
    found = Mentions(inside=frozenset(inside), lowers=lowers, is_clear=is_clear)
    return _Chunk(found, frozenset(containers), tuple(doubtful))


def _used_as_containers(nodes: Iterable[ast.AST]) -> set[str]:
    """The expressions that are used as lists or dicts, as their dumps."""
    containers: set[str] = set()
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr=name, value=value)) if name in HOLDS:
                containers.add(ast.dump(value))
            case ast.Subscript(value=value, slice=ast.Constant(value=str())):
                containers.add(ast.dump(value))
            case ast.For(iter=value):
                containers.add(ast.dump(value))
    return containers


def _used_as_texts(nodes: Iterable[ast.AST]) -> set[str]:
    """The expressions that are used as texts, as their dumps."""
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    return {
        ast.dump(called.value)
        for called in calls
        if isinstance(called, ast.Attribute) and called.attr in SEARCHES
    }


def _compared(operator: ast.cmpop, left: ast.expr, right: ast.expr) -> Iterator[tuple[str, str]]:
    """What a comparison looks for in a part of a text; or perhaps in a container, as its dump."""
    if isinstance(operator, ast.In | ast.NotIn):
        if isinstance(right, ast.Constant):
            for text in _literals([right]):
                yield from ((letter, "") for letter in text)
        elif not isinstance(right, ast.List | ast.Tuple):
            yield from ((text, ast.dump(right)) for text in _literals([left]))
        return
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ast.Subscript):
            is_slice = isinstance(one.slice, ast.Slice)
            yield from ((text, "") for text in _literals([other]) if is_slice or len(text) == 1)


def _literals(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
