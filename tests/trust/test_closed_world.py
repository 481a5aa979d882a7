"""The grammar looks at every field that Python gives a node of the syntax, and knows every node.

A new Python may give nodes new fields, or models new nodes. A field that nothing looks at is a way
around the grammar.
"""

# A list of snippets is easier to read with several in a line.
# ruff: noqa: E501

import ast
import inspect
import re
from collections.abc import Iterator

import pytest

from replay.language import definitions, grammar, vocabulary
from replay.language.check import check
from replay.language.vocabulary import OPERATORS
from replay.series import Tree, source_file

LOOKED_AT = {
    "FunctionDef": {"name", "args", "body", "decorator_list", "returns", "type_params"},
    "ClassDef": {"name", "bases", "keywords", "body", "decorator_list", "type_params"},
    "arguments": {"posonlyargs", "args", "vararg", "kwonlyargs", "kwarg", "defaults"},
    "arg": {"arg", "annotation"},
    "Assign": {"targets", "value"},
    "AnnAssign": {"target", "value", "annotation", "simple"},
    "AugAssign": {"target", "op", "value"},
    "If": {"test", "body", "orelse"},
    "For": {"target", "iter", "body", "orelse"},
    "Return": {"value"},
    "Assert": {"test", "msg"},
    "Expr": {"value"},
    "Delete": {"targets"},
    "Constant": {"value"},
    "Name": {"id"},
    "Attribute": {"value", "attr"},
    "Subscript": {"value", "slice"},
    "Slice": {"lower", "upper", "step"},
    "BoolOp": {"values"},
    "UnaryOp": {"op", "operand"},
    "BinOp": {"left", "op", "right"},
    "IfExp": {"test", "body", "orelse"},
    "Compare": {"left", "ops", "comparators"},
    "List": {"elts"},
    "Tuple": {"elts"},
    "Dict": {"keys", "values"},
    "Call": {"func", "args", "keywords"},
    "Pass": set(),
    "Break": set(),
    "Continue": set(),
}
"""The nodes that a model may have, and the fields of each that are looked at."""

WITHOUT_MEANING = {
    "type_comment": "comments are not read",
    "ctx": "it follows from where a node stands",
    "kind": "it tells u'' from ''",
    "kw_defaults": "there are as many as kwonlyargs, and there may be none",
    "simple": "it tells a name in parentheses",
}
"""Fields that change nothing of what runs."""

TWO_WAYS = {"BoolOp": {"op"}}
"""Fields each value of which is allowed: and, or."""


@pytest.mark.parametrize("name", LOOKED_AT)
def test_python_gives_a_node_no_field_that_is_not_looked_at(name):
    fields = set(getattr(ast, name)._fields)
    known = LOOKED_AT[name] | WITHOUT_MEANING.keys() | TWO_WAYS.get(name, set())
    assert fields - known == set()


def test_the_grammar_visits_just_these_nodes():
    visited = {name.removeprefix("visit_") for name in vars(grammar._Grammar) if "visit_" in name}
    outer = {"FunctionDef", "ClassDef", "arguments", "arg", "AnnAssign", "Slice"}
    assert visited - {"generic_visit"} | outer == LOOKED_AT.keys() | visited & {"generic_visit"}


@pytest.mark.parametrize(
    ("node", "field"),
    [(node, field) for node, fields in LOOKED_AT.items() for field in sorted(fields)],
)
def test_each_field_is_named_where_the_language_is_checked(node, field):
    if (node, field) in {("Name", "id"), ("AnnAssign", "annotation")} or field == "simple":
        return
    source = "".join(map(inspect.getsource, (grammar, vocabulary, definitions)))
    assert re.search(rf"\b{field}\b", source)


def test_every_operator_of_python_is_decided_upon():
    binary = {
        op for op in vars(ast).values() if inspect.isclass(op) and ast.operator in op.__bases__
    }
    refused = {ast.Div, ast.Pow, ast.MatMult}
    assert binary == {*OPERATORS} | refused


def holes() -> Iterator[str]:
    """Snippets with a node in every place that a model's syntax has, the node written as HOLE."""
    yield from (
        "def f():\n    return HOLE", "def f():\n    x = HOLE", "def f(x):\n    x.a = HOLE",
        "def f(x):\n    x[HOLE] = 1", "def f(x):\n    x[HOLE:1]", "def f(x):\n    x = x[HOLE:1]",
        "def f(x):\n    x = x[1:HOLE]", "def f(x):\n    x = x[1:2:HOLE]", "def f(x=HOLE):\n    return x",
        "X = HOLE", "class C:\n    a: int = HOLE", "class C(HOLE):\n    pass", "X = [HOLE]", "X = {1: HOLE}",
        "X = {HOLE: 1}", "X = -HOLE", "X = 1 + HOLE", "def f():\n    if HOLE:\n        return 1",
        "def f():\n    for x in HOLE:\n        return 1", "def f(x):\n    for x[HOLE] in [1]:\n        return 1",
        "def f():\n    assert HOLE", "def f():\n    assert 1, HOLE", "def f(x):\n    del x[HOLE]",
        "def f(x):\n    x += HOLE", "def f(x):\n    x[HOLE] += 1", "def f(x):\n    len(HOLE)",
        "def f(x):\n    x.append(HOLE)", "def f(x):\n    HOLE.append(1)", "def f(x):\n    x = HOLE.a",
        "def f(x):\n    x = HOLE[1]", "def f(x):\n    x = 1 if HOLE else 2", "def f(x):\n    x = x < HOLE",
        "def f(x):\n    x = x and HOLE", "def f(x):\n    x = not HOLE", "def f(x):\n    x = (HOLE, 1)",
        "def f(x):\n    x = {1: HOLE}", "def f(x: HOLE):\n    return x", "def f(x) -> HOLE:\n    return x",
        "@HOLE\ndef f(x):\n    return x", "class C:\n    a: HOLE = 1", "def f(x):\n    refuse(HOLE, 1)",
    )  # fmt: skip


ESCAPES = (
    "lambda: 1", "(yield)", "(await x)", "(x := 1)", "[x for x in y]", "{x for x in y}", "f'{x}'",
    "{x: x for x in y}", "(x for x in y)", "*x", "{**x}", "x.__class__", "x.format", "x.format_map",
    "x.__reduce__", "x.__globals__", "x.gi_frame", "x.f_back", "x.tb_frame", "x.obj", "x._id",
    "x._heap", "__import__('os')", "eval('1')", "exec('1')", "getattr(x, 'a')", "open('f')",
    "globals()", "vars()", "type(x)", "object()", "print(1)", "compile('1', '', 'eval')", "print",
    "len", "f", "...", "1.5", "1j", "b'x'", "x @ y", "x ** y", "x / y", "__builtins__", "__name__",
    "__enter", "__tick(0)", "__machine", "__default_0_f", "setattr(x, 'a', 1)", "delattr(x, 'a')",
    "x.__dict__", "x.__init__", "x.mro()", "''.join.__self__", "new(x.y)", "walk(x, y)", "super()",
    "x(1)(2)", "(x)(1)", "x.y()()", "f(a=1)", "f(*x)", "f(**x)", "len(*x)", "slice(1)", "breakpoint()",
)  # fmt: skip
"""Families of ways out that other languages in Python fell to, each as an expression."""


@pytest.mark.parametrize("escape", ESCAPES)
def test_no_way_out_stands_in_any_place(escape):
    passed = []
    for hole in holes():
        text = hole.replace("HOLE", escape) + "\n"
        try:
            ast.parse(text)
        except SyntaxError:
            continue
        if is_annotation(hole) or is_accepted(text):
            passed.append(hole)
    assert [hole for hole in passed if not is_annotation(hole)] == []


def is_annotation(hole: str) -> bool:
    """Whether what stands there is never evaluated: the annotation of a class's field."""
    return ": HOLE =" in hole


def is_accepted(text: str) -> bool:
    try:
        check(Tree((source_file("f.py", text),)))
    except Exception as error:
        assert type(error).__name__ == "NotInLanguage", text
        return False
    return True


def test_the_places_are_ones_that_a_model_has():
    accepted = [hole for hole in holes() if is_accepted(hole.replace("HOLE", "1") + "\n")]
    assert len(accepted) > 30


STATEMENTS = (
    "import os", "from os import path", "try:\n        pass\n    except* E:\n        pass",
    "try:\n        pass\n    finally:\n        pass", "raise x", "with x:\n        pass", "global x",
    "nonlocal x", "async def g():\n        pass", "def g():\n        pass", "class C:\n        pass",
    "while 1:\n        pass", "match x:\n        case 1:\n            pass", "x: int = 1", "del x",
    "del x.a", "del x[1:2]", "x[1:2] = y", "*x, y = z", "x.a.b()()", "yield 1", "x", "x.a: int = 1",
    "(x, y) += 1", "for x in y:\n        pass\n    else:\n        pass", "x.__class__ = y",
    "x[0].__class__ = y", "x.__class__ += y", "len = 1", "machine = 1", "f = 1", "__x = 1",
    "for __x in y:\n        pass", "for len in y:\n        pass", "x().a += 1", "return lambda: 1",
)  # fmt: skip


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_of_another_kind_stands_in_a_function(statement):
    text = f"def f(x, y):\n    {statement}\n"
    assert not is_accepted(text)


@pytest.mark.parametrize(
    "parameters", ["x, /", "*, x", "*x", "**x", "x: int", "x=[]", "x={}", "x=()", "x=len", "_x"]
)
def test_a_function_has_plain_parameters_only(parameters):
    assert not is_accepted(f"def f({parameters}):\n    return 1\n")
