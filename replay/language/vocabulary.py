"""The words of the model language, the names a model may not define, and errors of misuse."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from replay.language.limits import MAX_INT, MAX_NUMBER_KEYS, MAX_TEXT
from replay.language.operators import LIMITED, NATIVE

OPERATORS = tuple(op for op in (*LIMITED, *NATIVE) if issubclass(op, ast.operator))
"""The operators between two values."""

MAX_DEPTH = 100
"""Levels of syntax inside each other."""


class MisuseError(Exception):
    """Something that the language does not have, at a line of a file."""

    def __init__(self, node: ast.AST | int, what: str, do: str = "") -> None:
        self.line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        self.what = what
        self.do = do
        super().__init__(what)


class Use(NamedTuple):
    """A name that a function takes from its tree.

    `kind` is variable, function, class, field or machine field, or local for one that it binds
    itself; `arguments` counts those of a call.
    """

    kind: str
    name: str
    line: int
    arguments: int = 0


def constant_uses(node: ast.expr) -> tuple[Use, ...]:
    """The constants that a constant expression uses; raises MisuseError for what is none."""
    return tuple(_constants(node))


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right inside a node, as `ast.iter_child_nodes` gives them, in half its time."""
    inside: list[ast.AST] = []
    for value in node.__dict__.values():
        if isinstance(value, ast.AST):
            inside.append(value)
        elif type(value) is list:
            inside += [item for item in value if isinstance(item, ast.AST)]
    return inside


def descendants(node: ast.AST) -> list[ast.AST]:
    """A node and all that is inside it, as `ast.walk` gives them, in half its time."""
    nodes = [node]
    for each in nodes:  # it grows meanwhile
        nodes += children(each)
    return nodes


def check_depth(node: ast.AST) -> None:
    """Raises MisuseError for what is nested so deeply that tools would choke on it."""
    level = [node]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in children(parent)]
        if not level:
            return
    if level:
        raise MisuseError(node, f"nested more than {MAX_DEPTH} levels deep")


def check_name(name: str, node: ast.AST | int) -> None:
    """Raises MisuseError for a name that is the runtime's, or a word of the language."""
    if name.startswith("_"):
        raise MisuseError(node, f"{name} starts with an underscore")
    if name in RESERVED:
        raise MisuseError(node, f"{name} is a word of the language")


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements without the text that describes them."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body


HALF = re.compile("[\ud800-\udfff]")
"""Half of a character, which no text can be written with."""


def check_literal(node: ast.Constant) -> None:
    """Refuses literals of other types, and those beyond the limits."""
    value = node.value
    if value is not None and type(value) not in (bool, int, str):
        raise MisuseError(node, f"a {type(value).__name__} literal is not in the language")
    if type(value) is int and value > MAX_INT:
        raise MisuseError(node, "an integer has 64 bits")
    if type(value) is str and len(value) > MAX_TEXT:
        raise MisuseError(node, f"a text has at most {MAX_TEXT} characters")
    if type(value) is str and HALF.search(value):
        raise MisuseError(node, "a text has whole characters, and no half of a pair")


def _constants(node: ast.expr) -> Iterator[Use]:
    match node:
        case ast.Constant():
            check_literal(node)
        case ast.Name(id=name):
            yield Use("variable", name, node.lineno)
        case ast.UnaryOp(op=ast.USub() | ast.Invert() | ast.Not()):
            yield from _constants(node.operand)
        case ast.BinOp(op=op) if isinstance(op, OPERATORS):
            yield from _constants(node.left)
            yield from _constants(node.right)
        case ast.List() | ast.Tuple():
            for item in node.elts:
                yield from _constants(item)
        case ast.Dict():
            for item in (*keys(node), *node.values):
                yield from _constants(item)
        case _:
            raise MisuseError(node, f"{type(node).__name__} is not in the language in a constant")


def keys(node: ast.Dict) -> list[ast.expr]:
    """The keys of a dict display; raises MisuseError for what is none, or one too many."""
    present = [key for key in node.keys if key is not None]
    if len(present) < len(node.keys):
        raise MisuseError(node, "** is not in the language")
    if len(present) > MAX_NUMBER_KEYS and not all(map(_is_text, present)):
        raise MisuseError(node, f"the keys of more than {MAX_NUMBER_KEYS} items are plain texts")
    return present


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


MACHINE = "machine"

BUILTINS: dict[str, tuple[int, int]] = {
    "bool": (1, 1),
    "dict": (0, 1),
    "disk_backing_file": (1, 1),
    "disk_backing_format": (1, 1),
    "disk_clear": (1, 1),
    "disk_copy": (3, 3),
    "disk_create": (5, 5),
    "disk_extents": (2, 2),
    "disk_format": (1, 1),
    "disk_open": (1, 1),
    "disk_read": (3, 3),
    "disk_realpath": (1, 1),
    "disk_resize": (2, 2),
    "disk_set_backing": (3, 3),
    "disk_size": (1, 1),
    "disk_temporary": (0, 0),
    "disk_unlink": (1, 1),
    "disk_write": (4, 4),
    "fail": (1, 1),
    "free": (1, 1),
    "int": (1, 2),
    "len": (1, 1),
    "list": (0, 1),
    "max": (1, 16),
    "min": (1, 16),
    "new": (1, 1),
    "range": (1, 3),
    "ranges_common": (2, 2),
    "ranges_rounded": (2, 2),
    "ranges_union": (2, 2),
    "ranges_without": (2, 2),
    "refuse": (2, 2),
    "sorted": (1, 1),
    "str": (1, 1),
    "swap": (2, 2),
    "type_of": (1, 1),
    "walk": (2, 2),
}
"""The least and greatest number of arguments that each takes."""

METHODS: dict[str, tuple[int, int]] = {
    "append": (1, 1),
    "count": (1, 1),
    "endswith": (1, 1),
    "get": (1, 2),
    "index": (1, 1),
    "insert": (2, 2),
    "items": (0, 0),
    "join": (1, 1),
    "keys": (0, 0),
    "lower": (0, 0),
    "partition": (1, 1),
    "pop": (0, 2),
    "remove": (1, 1),
    "rpartition": (1, 1),
    "split": (0, 2),
    "startswith": (1, 1),
    "values": (0, 0),
}
"""Of texts, lists and dicts."""

RESERVED = frozenset({MACHINE, *BUILTINS})
"""Names that a model can't define."""
