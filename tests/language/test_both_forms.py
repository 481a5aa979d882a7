"""The plain and the traced form give every expression of the grammar the same value or refusal."""

import ast
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from replay.language import Returned, compile_tree
from replay.language.grammar import _Grammar
from replay.language.operators import COMPARISONS, LIMITED, NATIVE
from replay.language.traced.program import trace_tree
from replay.language.vocabulary import BUILTINS, METHODS, OPERATORS
from replay.series import Tree, source_file
from replay.state.objects import Ref

CLASSES = """
BITS = 6
NAMES = ["a", ["b"]]


class Machine:
    word: str = "w"
    node: "Node | None" = None


class Node:
    word: str = ""
    node: "Node | None" = None


def given(x, y=BITS):
    return [x, y]
"""

VALUES: list[Any] = [
    *(None, True, 0, 5, -3, "", "ab", "7", [], ["ab", [5]], {}, {"ab": 5, "7": ["ab"]}),
    Ref(1),
]
"""One of each kind, and those at the edge of it. The last one is the machine."""

FEW: list[Any] = [None, 1, "ab", ["ab"], {"ab": 1}, Ref(1)]
"""What expressions of three values are tried with."""

SYMBOLS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^",
    ast.USub: "-", ast.Not: "not ", ast.Invert: "~",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip
UNARY = (ast.USub, ast.Not, ast.Invert)
SINGLETONS = ("None", "True", "False")
LITERALS = ("None", "3", "-3", "'ab'", "('ab', 5)", "['ab', a]", "{'ab': 5}", "NAMES", "machine")
EFFECTS = ("walk", "new")
"""What is a word of other statements, or takes no value."""


def operations() -> Iterator[str]:
    """Every operator over two values, with and without a literal, in place, and in a chain."""
    for op in OPERATORS:
        yield f"a {SYMBOLS[op]} b"
        yield from (f"a {SYMBOLS[op]} {literal}" for literal in LITERALS)
    yield from (f"{SYMBOLS[op]}a" for op in UNARY)
    for op in COMPARISONS:
        rights = SINGLETONS if op in (ast.Is, ast.IsNot) else ("b", *LITERALS)
        yield from (f"a {SYMBOLS[op]} {right}" for right in rights)
        lefts = () if op in (ast.Is, ast.IsNot) else LITERALS
        yield from (f"{left} {SYMBOLS[op]} a" for left in lefts)


def forms() -> Iterator[str]:
    """The other expressions over two values."""
    yield from LITERALS
    yield from ("a and b", "a or b", "not a and b or a", "a if b else [a]", "[a, b]", "(b, a)")
    yield from ("{a: b}", "{'x': a, 'y': [b]}", "a[b]", "a.word", "a.node.word", "BITS")
    yield from ("a[b:]", "a[:b]", "a[::b]", "given(a)", "given(a, b)", "given(given(a), [b])")
    yield from ("new(Node).word", "a == [b, [b]] == b", "-(-a)", "a[0:1] + b", "c")


def calls() -> Iterator[str]:
    """Every builtin and method with every number of arguments, of up to three values."""
    letters = ["a", "b", "c", "a", "b", "c"]
    for name, (least, most) in BUILTINS.items():
        if name not in EFFECTS:
            for count in range(least, min(most, 6) + 1):
                yield f"{name}({', '.join(letters[:count])})"
    for name, (least, most) in METHODS.items():
        for count in range(least, most + 1):
            yield f"a.{name}({', '.join(letters[1 : count + 1])})"


CHAINS = [
    f"a {SYMBOLS[one]} b {SYMBOLS[two]} c"
    for one, two in product(COMPARISONS, COMPARISONS)
    if not {one, two} & {ast.Is, ast.IsNot}
] + [
    "a <= (b if b else c) <= c < [a][0]",
    "a < [b, c][0] < (a < [b][0] < c) < c",
    "a in [b, c] in c",
]
STATEMENTS = [
    *(f"a {SYMBOLS[op]}= b\n    return a" for op in OPERATORS),
    *(f"a.word {SYMBOLS[op]}= b\n    return a.word" for op in OPERATORS),
    *(f"a['ab'] {SYMBOLS[op]}= b\n    return a" for op in OPERATORS),
    "a.append(b)\n    return a",
    "del a[b]\n    return a",
    "a[b] = c\n    return a",
    "x, y = a\n    return [y, x, b]",
    "for x in a:\n        b = [x, b]\n    return b",
    "assert a == b\n    return 1",
    "assert a, 'none'\n    return b",
    "x = (\n        a +\n        b)\n    return x",
    "x = [\n        a,\n        given(\n            b[a])]\n    return x",
    "a.word, a[\n        0] = (\n        b)\n    return a",
    "if (a and\n            b < c):\n        return 1\n    return 2",
    "for x in (\n            b):\n        a = x\n    return a",
    "x = a < b < (\n        c)\n    return x",
    "x = a if (\n        b + c) else (\n        a + b)\n    return x",
]

BODIES = [f"return {e}" for e in (*operations(), *forms(), *calls(), *CHAINS)] + STATEMENTS


def functions() -> str:
    """A function of each body."""
    return "\n\n".join(f"def f{n}(a, b, c):\n    {body}\n" for n, body in enumerate(BODIES))


TREE = Tree((source_file("m.py", CLASSES), source_file("n.py", functions())))
PLAIN = compile_tree(TREE, "Machine", "Node")
TRACED = trace_tree(TREE, "Machine", "Node")


def arguments(body: str) -> Iterator[tuple[Any, ...]]:
    """What a body is called with: all combinations of the values that it looks at."""
    nodes = ast.walk(ast.parse(f"def f():\n    {body}\n"))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    if "c" in names:
        return product(FEW, FEW, FEW)
    return product(VALUES, VALUES if "b" in names else [None], [None])


@pytest.mark.parametrize("part", range(4))
def test_every_expression_has_one_value_or_one_refusal(part):
    start = PLAIN.initial()
    wrong = []
    for number, body in enumerate(BODIES):
        if number % 4 == part:
            for given in arguments(body):
                plain = PLAIN.call(f"f{number}", given, start)
                traced = TRACED.trace(f"f{number}", given, start)[:2]
                if traced != plain:
                    wrong.append((body, given, plain[1], traced[1]))
    assert wrong == []


def test_the_expressions_are_all_that_the_grammar_takes():
    tree = ast.parse(functions())
    used = {type(node) for node in ast.walk(tree)}
    taken = {getattr(ast, name[6:]) for name in vars(_Grammar) if name.startswith("visit_")}
    expressions = {node for node in taken if issubclass(node, ast.expr)}
    assert len(expressions) > 10
    assert expressions <= used
    assert {*LIMITED, *NATIVE} == {*SYMBOLS}
    assert {*LIMITED, *NATIVE} <= used


def test_most_expressions_have_a_value_for_some_arguments():
    start = PLAIN.initial()

    def has_value(number: int, body: str) -> bool:
        endings = (PLAIN.call(f"f{number}", given, start)[1] for given in arguments(body))
        return any(isinstance(ending, Returned) for ending in endings)

    having = sum(has_value(number, body) for number, body in enumerate(BODIES))
    assert having > len(BODIES) * 0.6


IN_PLACE = """
class Machine:
    node: "Node | None" = None
    many: list = [10, 20]
    number: int = 0


class Node:
    number: int = 7
"""

OTHERS = """
def another():
    machine.node = new(Node)
    machine.many = [0, 0]
    machine.number += 1
    return 1


def change():
    machine.node = new(Node)
    node = machine.node
    many = machine.many
    machine.node.number += another()
    many[machine.number - 1] -= another()
    machine.many[machine.number - 2] += another()
    return [node.number, machine.node.number, many, machine.many]
"""


def test_what_is_changed_in_place_is_settled_before_its_value():
    """As in Python: the value may put something else where the changed thing was."""
    tree = Tree((source_file("classes.py", IN_PLACE), source_file("functions.py", OTHERS)))
    plain, traced = (make(tree, "Machine", "Node") for make in (compile_tree, trace_tree))
    ending = plain.call("change", (), plain.initial())
    assert ending[1] == Returned((8, 7, (9, 20), (0, 0)))
    assert traced.trace("change", (), traced.initial())[:2] == ending
