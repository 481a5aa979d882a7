"""The model language: what is refused before it runs, and what is stopped while it runs."""

import errno
import hashlib
import sys
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest

from replay.errors import NotInLanguage, ReplayError
from replay.language import Crashed, Ending, Failed, Program, Refused, Returned, check, compile_tree
from replay.language.endings import ERRNO, Stopped
from replay.language.limits import MAX_DEPTH
from replay.language.traced.program import TracedProgram, trace_tree
from replay.series import SourceFile, SourceLine, Tree, apply, parse_patch, source_file
from replay.state.objects import Ref, State, plain

CLASSES = '''
class Machine:
    """The machine."""

    nodes: "list[Node]" = []
    table: dict = {}
    text: str = ""
    number: int = 0
    any: "Node | None" = None


class Node:
    name: str = ""
    child: "Node | None" = None
    other: "Node | None" = None
    count: int = 0
'''.replace("    count: int = 0\n", "    size: int = 0\n")


def tree(text: str, classes: str = CLASSES) -> Tree:
    """A tree of the classes and one more file, whose first line is line 1."""
    return Tree((source_file("classes.py", classes), source_file("model.py", dedent(text))))


def program(text: str) -> Program:
    """The compiled model of `tree`."""
    return compile_tree(tree(text), "Machine", "Node")


def run(text: str, *arguments: Any, function: str = "f") -> tuple[State, Ending]:
    """The function's ending on a fresh machine, and the state after it."""
    made = program(text)
    return made.call(function, arguments, made.initial())


def value(text: str, *arguments: Any) -> Any:
    """What f returns."""
    ending = run(text, *arguments)[1]
    assert isinstance(ending, Returned), ending
    return plain(ending.value)


def evaluate(expression: str, *arguments: Any) -> Any:
    """The value of an expression over a, b and c."""
    return value(f"def f(a=None, b=None, c=None):\n    return {expression}\n", *arguments)


def crash(text: str, *arguments: Any) -> Crashed:
    """How f crashed."""
    ending = run(text, *arguments)[1]
    assert isinstance(ending, Crashed), ending
    return ending


def fields(state: State, id: int) -> dict[str, Any]:
    """The fields of an object of a state."""
    return next(dict(thing.fields) for thing in state.objects if thing.id == id)


# What is refused before anything runs


def body(statement: str) -> str:
    """A function whose third line is the statement."""
    return "def f(a, b=1):\n    x = 1\n" + "".join(
        f"    {line}\n" for line in statement.split("\n")
    )


REFUSED = {
    "while x:\n    pass": "While is not in the language",
    "try:\n    pass\nexcept a:\n    pass": "Try is not in the language",
    "with a:\n    pass": "With is not in the language",
    "import os": "Import is not in the language",
    "from os import path": "ImportFrom is not in the language",
    "raise a": "Raise is not in the language",
    "global x": "Global is not in the language",
    "nonlocal x": "Nonlocal is not in the language",
    "def g():\n    pass": "FunctionDef is not in the language",
    "class C:\n    pass": "ClassDef is not in the language",
    "async def g():\n    pass": "AsyncFunctionDef is not in the language",
    "match a:\n    case 1:\n        pass": "Match is not in the language",
    "y: int = 1": "AnnAssign is not in the language",
    "del x": "del takes an item out of a dict",
    "del a[1:2]": "del takes an item out of a dict",
    "del a.name": "del takes an item out of a dict",
    "y = lambda: 1": "Lambda is not in the language",
    "y = [n for n in a]": "ListComp is not in the language",
    "y = {n for n in a}": "SetComp is not in the language",
    "y = {n: n for n in a}": "DictComp is not in the language",
    "y = len(n for n in a)": "GeneratorExp is not in the language",
    "y = {1, 2}": "Set is not in the language",
    "y = f'{a}'": "JoinedStr is not in the language",
    "y = (z := 1)": "NamedExpr is not in the language",
    "y = [*a]": "Starred is not in the language",
    "y = {**a}": "** is not in the language",
    "y, *z = a": "Starred is not in the language",
    "y = yield": "Yield is not in the language",
    "y = 1.5": "a float literal is not in the language",
    "y = b'a'": "a bytes literal is not in the language",
    "y = 1j": "a complex literal is not in the language",
    "y = ...": "a ellipsis literal is not in the language",
    "y = 9223372036854775808": "an integer has 64 bits",
    "y = a / b": "the operator Div is not in the language",
    "y = a @ b": "the operator MatMult is not in the language",
    "x /= 2": "the operator Div is not in the language",
    "y = +a": "UAdd is not in the language",
    "y = a is b": "is compares with None, True or False",
    "a[1:2] = b": "a slice can't be assigned",
    "g().size += 1": "a call in what is changed",
    "y = a.__class__": "__class__ starts with an underscore",
    "a.__dict__ = b": "__dict__ starts with an underscore",
    "y = a._id": "_id starts with an underscore",
    "y = __import__('os')": "__import__ starts with an underscore",
    "__tick = 1": "__tick starts with an underscore",
    "y = __builtins__": "__builtins__ starts with an underscore",
    "y = a.nam": "there is no field of any class called nam; did you mean name",
    "a.filename = 1": "there is no field of any class called filename",
    "machine.child = a": "there is no field of the machine called child",
    "for n in walk(a, 'chile'):\n    pass": "called chile; did you mean child",
    "y = walk(a, 'child')": "walk stands in a for",
    "for n in walk(a, b):\n    pass": "walk stands in a for",
    "y = eval('1')": "there is no function eval",
    "y = open('x')": "there is no function open",
    "y = getattr(a, 'name')": "there is no function getattr",
    "y = g(1)": "g takes 0 arguments, not 1",
    "y = f()": "f takes 1 to 2 arguments, not 0",
    "y = len()": "len takes 1 arguments, not 0",
    "y = a.append(1, 2)": "append takes 1 arguments, not 2",
    "y = a.format(b)": "there is no method format",
    "y = a.encode()": "there is no method encode",
    "y = f(a=1)": "arguments are given by position",
    "y = f(*a)": "arguments are given by position",
    "y = a[0](1)": "only what has a name can be called",
    "y = new(Nod)": "there is no class Nod; did you mean Node",
    "y = new(a, b)": "new takes the name of a class",
    "y = len": "len is no value here",
    "y = g": "g is no value here",
    "y = Node": "Node is no value here",
    "y = unknown": "there is no variable or constant unknown",
    "count = 1\ny = coun": "there is no variable or constant coun; did you mean count",
    "len = 1": "len is a word of the language",
    "machine = 1": "machine is a word of the language",
    "g = 1": "g hides what is defined at model.py:",
    "LIMIT = 1": "LIMIT hides what is defined at model.py:",
    "Node = 1": "Node hides what is defined at classes.py:",
    "break": "this stands in no loop",
    "continue": "this stands in no loop",
    "for n in a:\n    pass\nelse:\n    pass": "for has no else",
    "1": "an expression that is no call",
    "'text'": "an expression that is no call",
    "assert a, b": "the message of an assert is a plain text",
    "y = " + "-" * 150 + "a": "nested more than 100 levels deep",
    "y = " + " + ".join("a" * 150): "nested more than 100 levels deep",
}


@pytest.mark.parametrize("statement", ["import os", "y = lambda: 1", "y = a.__class__", "y = z"])
def test_what_is_refused_does_not_run_though_the_tree_is_said_to_be_checked(statement):
    made = compile_tree(tree(body(statement)), "Machine", "Node", is_checked=True)
    with pytest.raises(NotInLanguage):
        made.call("f", [1], made.initial())


@pytest.mark.parametrize("statement", REFUSED)
def test_a_statement_that_is_not_in_the_language_is_refused_with_its_line(statement: str) -> None:
    text = body(statement) + "\n\nLIMIT = 2\n\n\ndef g():\n    pass\n"
    with pytest.raises(ReplayError) as error:
        check(tree(text), "Machine")
    assert REFUSED[statement] in str(error.value)
    place, _, line = error.value.where.partition(":")
    assert place == "model.py"
    assert int(line) in range(1, 3 + 2 + statement.count("\n"))
    if "levels deep" not in REFUSED[statement]:
        assert int(line) >= 3


OUTSIDE = {
    "import os": "Import is not in the language here",
    "print(1)": "Expr is not in the language here",
    "if True:\n    pass": "If is not in the language here",
    "for n in []:\n    pass": "For is not in the language here",
    "A = B = 1": "Assign is not in the language here",
    "A, B = 1, 2": "Assign is not in the language here",
    "A: int = 1": "AnnAssign is not in the language here",
    "A += 1": "AugAssign is not in the language here",
    "_A = 1": "_A starts with an underscore",
    "__builtins__ = 1": "__builtins__ starts with an underscore",
    "A = len('a')": "Call is not in the language in a constant",
    "A = [n for n in ()]": "ListComp is not in the language in a constant",
    "A = 'a'.lower": "Attribute is not in the language in a constant",
    "A = {**{}}": "** is not in the language",
    "A = B": "there is no variable or constant B",
    "A = B\nB = 1": "the constant B is defined only later",
    "A = 1\nA = 2": "A is defined at model.py:1 already",
    "A = 1 << 64": "this has no value: an integer of more than 64 bits",
    "A = 2 ** 1000000000": "this has no value: an integer of more than 64 bits",
    "A = 'a' * 5000": "this has no value: a text where a number is needed",
    "A = 1 // 0": "this has no value",
    "A = 'a' % 1": "this has no value",
    f"A = {'a' * 5000!r}": "a text has at most 4096 characters",
    "class A(Node):\n    pass": "a class has no bases",
    "@f\nclass A:\n    pass": "a class has no bases and no decorators",
    "class A:\n    x = 1": "a class has only fields with a default",
    "class A:\n    x: int": "a class has only fields with a default",
    "class A:\n    def f(self):\n        pass": "a class has only fields with a default",
    "class A:\n    x: int = f()": "Call is not in the language in a constant",
    "class A:\n    x: int = 1\n    x: int = 2": "the field x is there twice",
    "class A:\n    items: int = 1": "a field can't be called items",
    "class A:\n    __slots__: int = 1": "a field can't be called __slots__",
    "class Node:\n    pass": "Node is defined at classes.py:12 already",
    "class len:\n    pass": "len is a word of the language",
    "@f\ndef g():\n    pass": "a function has no decorator",
    "def g() -> int:\n    pass": "a function has no decorator and no annotation",
    "def g(a: int):\n    pass": "a parameter has no annotation",
    "def g(*a):\n    pass": "a function has plain parameters only",
    "def g(**a):\n    pass": "a function has plain parameters only",
    "def g(*, a):\n    pass": "a function has plain parameters only",
    "def g(a, /):\n    pass": "a function has plain parameters only",
    "def g(a, a):\n    pass": "there are two parameters a",
    "def g(a=[]):\n    pass": "a parameter's default is None, a number or a text",
    "def g(a=len('')):\n    pass": "Call is not in the language in a constant",
    "def g(_a):\n    pass": "_a starts with an underscore",
    "def g(len):\n    pass": "len is a word of the language",
    "def _g():\n    pass": "_g starts with an underscore",
    "def swap():\n    pass": "swap is a word of the language",
    "async def g():\n    pass": "AsyncFunctionDef is not in the language here",
    "def g(:\n    pass": "not Python",
    "def g():\n  pass\n pass": "not Python",
    'def g():\n    return """\ndef h():\n    pass': "not Python",
    "A = '\0'": "not Python",
    "A = " + "(" * 10000: "not Python",
}


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_definition_that_is_not_in_the_language_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ReplayError) as error:
        compile_tree(tree("\n\n" + text), "Machine")
    assert OUTSIDE[text].replace("model.py:1", "model.py:3") in str(error.value)
    assert error.value.where.startswith("model.py:")


def test_loops_can_not_be_nested_without_end() -> None:
    lines = [f"{'    ' * (n + 1)}for x{n} in a:\n" for n in range(18)]
    text = "def f(a):\n" + "".join(lines) + "    " * 19 + "pass\n"
    with pytest.raises(ReplayError, match="more than 15 loops inside each other"):
        check(tree(text))


def test_an_error_names_the_patch_that_put_the_line_there() -> None:
    base = Tree((source_file("model.py", "class M:\n    x: int = 1\n\n\ndef f():\n    pass\n"),))
    change = (
        "--- a/model.py\n+++ b/model.py\n@@ -5,2 +5,2 @@\n def f():\n-    pass\n+    import os\n"
    )
    patched = apply(base, parse_patch(change, "0001-bad.patch"))
    with pytest.raises(ReplayError) as error:
        check(patched, "M")
    assert error.value.where == "model.py:6 (0001-bad.patch)"
    alone = Tree((SourceFile("m.py", (SourceLine("import os", 4),)),))
    with pytest.raises(ReplayError, match=r"m.py:1 \(patch 4\)"):
        check(alone)


def test_a_machine_needs_its_class() -> None:
    with pytest.raises(ReplayError, match="no class Engine"):
        compile_tree(tree("A = 1"), "Engine")


def test_a_text_that_looks_like_a_definition_is_a_text() -> None:
    text = 'def f():\n    return """\ndef g(:\nclass X"""\n\n\ndef g():\n    return 1 // 0\n'
    assert value(text) == "\ndef g(:\nclass X"
    made = program(text)
    ending = made.call("g", (), made.initial())[1]
    assert isinstance(ending, Crashed)
    assert made.place(ending) == ("model.py", 8)


# What runs


EXPRESSIONS: dict[str, Any] = {
    "1 + 2 * 3 - 4 // 3 % 5": 6,
    "-7 // 2": -4,
    "-7 % 3": 2,
    "2 ** 62 + (2 ** 62 - 1)": 2**63 - 1,
    "-(2 ** 62) - 2 ** 62": -(2**63),
    "1 << 62": 2**62,
    "~5 & 0xff | 0x100 ^ 0x1": 0x1FB,
    "5 >> 1": 2,
    "True + True": 2,
    "'a' + 'b'": "ab",
    "[1] + [2]": [1, 2],
    "(1, 2)": [1, 2],
    "(1, 2) == [1, 2]": True,
    "1 < 2 <= 2 != 3": True,
    "'a' in 'cab' and 'x' not in ['y']": True,
    "1 if None else 2": 2,
    "None is None and True is not None": True,
    "'abcd'[1:3] + 'abcd'[-1]": "bcd",
    "[1, 2, 3][::2]": [1, 3],
    "{'a': 1, 'b': [2]}['b'][0]": 2,
    "len('abc') + len([1]) + len({})": 4,
    "[min(3, 1), max([1, 2]), sorted([2, 1]), sorted({'b': 1, 'a': 2})]": [
        1,
        2,
        [1, 2],
        ["a", "b"],
    ],
    "[range(3), range(5, 1, -2), range(1, 1)]": [[0, 1, 2], [5, 3], []],
    "[str(1), str(True), str(None), str('a')]": ["1", "True", "None", "a"],
    "[int('12'), int('ff', 16), int('0x10', 0), int(True)]": [12, 255, 16, 1],
    "[bool(''), bool([0])]": [False, True],
    "[list({'a': 1}), list(), dict({'a': 1}), dict()]": [["a"], [], {"a": 1}, {}],
    "'a,b,c'.split(',')": ["a", "b", "c"],
    "'a b  c'.split()": ["a", "b", "c"],
    "'a,b,c'.split(',', 1)": ["a", "b,c"],
    "'a/b/c'.partition('/')": ["a", "/", "b/c"],
    "'a/b/c'.rpartition('/')[2]": "c",
    "'-'.join(['a', 'b'])": "a-b",
    "'ABC'.lower().startswith('a') and 'abc'.endswith('c')": True,
    "{'a': 1}.get('a') + {'a': 1}.get('b', 5)": 6,
    "{'a': 1}.items()": [["a", 1]],
    "[{'a': 1}.keys(), {'a': 1}.values()]": [["a"], [1]],
    "[[1, 2, 1].count(1), [1, 2].index(2), 'abab'.count('ab'), 'ab'.index('b')]": [2, 1, 2, 1],
    "TABLE['x'][1] | FLAG": 0x13,
    "FLAG in LIST": True,
}

CONSTANTS = 'FLAG = 0x10\nTABLE = {\n    "x": [1, 3],\n}\nLIST = [FLAG]\n\n\n'


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_means_what_it_means_in_python(expression: str) -> None:
    assert value(f"{CONSTANTS}def f():\n    return {expression}\n") == EXPRESSIONS[expression]


def test_statements_mean_what_they_mean_in_python() -> None:
    text = """
    def f(n):
        total = 0
        seen = []
        table = {"a": 1, "b": 2}
        for i in range(n):
            if i == 1:
                continue
            elif i > 4:
                break
            else:
                total += i
        for key, number in table.items():
            seen += [key]
            total |= number << 8
        a, [b, c] = 1, (2, 3)
        x = y = a + b + c
        del table["a"]
        table["b"] **= 3
        seen.insert(0, table.pop("b"))
        seen.remove("a")
        x -= 1
        x *= 10
        x //= 3
        x %= 10
        y ^= 1
        y <<= 2
        y >>= 1
        y &= 0xff
        return [total, seen, x, y, table, add(1), seen.pop(), seen.pop(0)]

    def add(a, b=2):
        if a:
            return a + b
    """
    assert value(text, 10) == [0x309, [], 6, 14, {}, 3, "b", 8]


def test_a_function_without_a_return_gives_none() -> None:
    assert value("def f():\n    pass\n") is None
    assert value("def f():\n    '''Only this.'''\n") is None
    assert value("def f():\n    return\n") is None


def test_classes_constants_and_functions_of_all_files_share_one_name_space() -> None:
    first = source_file("a.py", "A = 1\n\n\ndef f():\n    return g() + B + new(M).x\n")
    second = source_file(
        "b.py", "B = A + 1\n\n\nclass M:\n    x: int = B << 4\n\n\ndef g(n=B):\n    return n\n"
    )
    made = compile_tree(Tree((first, second)), "M")
    ending = made.call("f", (), made.initial())[1]
    assert ending == Returned(2 + 2 + 32)


def test_an_argument_is_a_copy() -> None:
    given = {"list": [1]}
    text = 'def f(a):\n    a["list"].append(2)\n    machine.table = a\n    return a\n'
    state, ending = run(text, given)
    assert isinstance(ending, Returned)
    assert plain(ending.value) == {"list": [1, 2]}
    assert given == {"list": [1]}
    assert plain(fields(state, 1)["table"]) == {"list": [1, 2]}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (1.5, "a float is no value of the model"),
        (2**63, "an integer of more than 64 bits"),
        ("x" * 4097, "a text of more than 4096 characters"),
        ({"x" * 4097: 1}, "a text of more than 4096 characters"),
        ({"a": [{"b": 1.5}]}, "a float is no value of the model"),
        ([1] * 200_001, "more than 200000 values"),
        ({"a": [[1] * 100_000, {"b": [1] * 100_000}]}, "more than 200000 values"),
    ],
)
def test_an_argument_that_the_model_can_not_have_is_refused(given: Any, reason: str) -> None:
    made = program("def f(a):\n    machine.number = 1\n")
    before = made.initial()
    state, ending = made.call("f", (given,), before)
    assert (state, ending) == (before, Refused("InvalidArgument", reason))


def test_a_deep_argument_is_refused() -> None:
    deep: Any = []
    for _ in range(100):
        deep = [deep]
    assert run("def f(a):\n    return 1\n", deep)[1] == Refused(
        "InvalidArgument", "nested too deeply"
    )


# What is stopped


FAULTS = {
    "machine.any.name": "'NoneType' object has no attribute 'name'",
    "{}['x']": "no item 'x'",
    "[1][1]": "list index out of range",
    "1 // 0": "",
    "1 % 0": "",
    "int('x')": "invalid literal",
    "int(None)": "int of None",
    "int('1', '2')": "a text where a number is needed",
    "2 ** -1": "a negative exponent",
    "1 << -1": "negative shift count",
    "'a' + 1": "a text + a number",
    "[1] + 'a'": "a list + a text",
    "'a' * 3": "a text where a number is needed",
    "[0] * 3": "a list where a number is needed",
    "'%s' % 1": "a text where a number is needed",
    "{} | {}": "a dict | a dict",
    "-'a'": "a text where a number is needed",
    "None < 1": "None has no order",
    "[1] < [2]": "a list has no order",
    "1 < 'a'": "not supported",
    "1 in 1": "a number holds nothing",
    "machine in machine": "an object holds nothing",
    "len(1)": "len of a number",
    "str(machine)": "str of an object",
    "str([1])": "str of a list",
    "sorted([machine])": "an object has no order",
    "min([1, 2], 'x')": "a list has no order",
    "sorted([1, 'a'])": "not supported",
    "max([])": "",
    "range('a')": "a text where a number is needed",
    "range(1, 2, 0)": "must not be zero",
    "list('abc')": "list of a text",
    "dict([])": "dict of a list",
    "{[]: 1}": "unhashable",
    "machine[0]": "not subscriptable",
    "1[1:2]": "a slice of a number",
    "'a'.append(1)": "a text where a list is needed",
    "[1].remove(2)": "not in list",
    "[1].startswith('a')": "a list where a text is needed",
    "'a'.startswith(['a'])": "a list where a text is needed",
    "'a'.split('')": "empty separator",
    "','.join([1])": "a number where a text is needed",
    "','.join('ab')": "join of a text",
    "machine.get(1)": "an object where a dict is needed",
    "[].pop()": "pop from empty list",
    "TABLE['x'].append(1)": "a constant can't be changed",
    "TABLE.pop('x')": "a constant can't be changed",
    "swap(machine, 1)": "a number where an object is needed",
    "swap(machine, new(Node))": "swap of Machine 1 and Node 2",
    "free(None)": "None where an object is needed",
    "fail(1)": "fail of 1, which is no negative errno",
    "refuse(1, '')": "a number where a text is needed",
    "disk_read([9], 0, 512)": "no item 9",
    "disk_read(9, 0, 512)": "a number where a list of inodes is needed",
    "disk_create('a', 'raw', -1, '', '')": "a size of -1 bytes",
    "disk_create('a', 'raw', 1, None, '')": "None where a text is needed",
    "machine": "a handler returned an object",
    "[machine]": "a handler returned an object",
    "{'a': machine}": "a handler returned an object",
    "{machine: 1}": "an object as a key",
}


@pytest.mark.parametrize("expression", FAULTS)
def test_a_run_time_error_is_a_fault_with_its_line(expression: str) -> None:
    made = program(f"{CONSTANTS}def f():\n    x = 1\n    return {expression}\n")
    state, ending = made.call("f", (), made.initial())
    assert isinstance(ending, Crashed)
    assert ending.cls == "Fault"
    assert FAULTS[expression] in ending.desc
    assert "0x" not in ending.desc
    assert state.machine is None
    line = 8 if "returned an object" in ending.desc or "as a key" in ending.desc else 10
    assert made.place(ending) == ("model.py", line)


STATEMENT_FAULTS = {
    "TABLE['x'][0] = 1": "a constant can't be changed",
    "TABLE['y'] = 1": "a constant can't be changed",
    "TABLE.size = 1": "object has no attribute 'size'",
    "LIST.size = 1": "object has no attribute 'size'",
    "del TABLE['x']": "a constant can't be changed",
    "TABLE['x'] += [1]": "a constant can't be changed",
    "del [1][0]": "a list where a dict is needed",
    "machine.any.name = 1": "'NoneType' object has no attribute 'name'",
    "machine.any.size += 1": "'NoneType' object has no attribute 'size'",
    "a, b = [1]": "not enough values",
    "for n in 'abc':\n        pass": "for over a text",
    "for n in machine:\n        pass": "for over an object",
    "for n in walk(1, 'child'):\n        pass": "a number where an object is needed",
    "return unbound\n    unbound = 1": "",
    "x = {'a': 1}\n    for k in x:\n        x[k + 'b'] = 1": "changed size",
}


@pytest.mark.parametrize("statement", STATEMENT_FAULTS)
def test_a_statement_can_fault_too(statement: str) -> None:
    ending = crash(f"{CONSTANTS}def f():\n    {statement}\n")
    assert ending.cls == "Fault"
    assert STATEMENT_FAULTS[statement] in ending.desc


LIMITS = {
    "a loop": "for i in range(900000):\n        x = i\n        y = i",
    "loops in loops": "for i in range(2000):\n        for j in range(2000):\n            pass",
    "recursion": "f()",
    "a large range": "x = range(10 ** 18)",
    "a large range backwards": "x = range(10 ** 18, 0, -1)",
    "a range over all numbers": "for i in range(0 - 2 ** 62, 2 ** 62):\n        pass",
    "a growing text": "x = 'a'\n    for i in range(20):\n        x = x + x",
    "a growing text in place": "x = 'a'\n    for i in range(20):\n        x += x",
    "a growing list": "x = [1]\n    for i in range(60):\n        x = x + x",
    "a growing list in place": "x = [1]\n    for i in range(60):\n        x += x",
    "a list that grows while it is run over": "x = [1]\n    for i in x:\n        x.append(1)",
    "a long join": "x = 'x'.join(range_of(1000))",
    "a product": "x = 2 ** 62 * 4",
    "a sum": "x = 2 ** 62 + 2 ** 62",
    "a difference": "x = 0 - 2 ** 62 - 2 ** 62 - 1",
    "a negation": "x = -(0 - 2 ** 62 - 2 ** 62)",
    "a power": "x = 10 ** 1000000000",
    "a shift": "x = 1 << 1000000000",
    "a shift by one too many": "x = 1 << 63",
    "a quotient": "x = (0 - 2 ** 62 - 2 ** 62) // -1",
    "a number in a text": "x = int('9' + '99999999999999999999')",
    "a list in itself, compared": "x = [1]\n    x.append(x)\n    x = x == [x]",
    "doubled lists, compared": "x = [1]\n    for i in range(64):\n        x = [x, x]\n"
    "    y = [1]\n    for i in range(64):\n        y = [y, y]\n    return x == y",
    "doubled lists, searched": "x = [1]\n    for i in range(64):\n        x = [x, x]\n"
    "    y = [1]\n    for i in range(64):\n        y = [y, y]\n    return x in [y]",
    "doubled lists, counted": "x = [1]\n    for i in range(64):\n        x = [x, x]\n"
    "    y = [1]\n    for i in range(64):\n        y = [y, y]\n    return [y].count(x)",
    "doubled lists, kept": "x = [1]\n    for i in range(60):\n        x = [x, x]\n"
    "    machine.nodes = x",
    "a list in itself, kept": "x = []\n    x.append(x)\n    machine.nodes = x",
    "a dict in itself, kept": "x = {}\n    x['x'] = x\n    machine.table = x",
    "a list in itself, returned": "x = []\n    x.append(x)\n    return x",
    "a deep list, kept": "x = []\n    for i in range(99):\n        x = [x]\n    machine.nodes = x",
    "objects without end": "for i in range(400000):\n        x = new(Node)",
    "taking out the first of many": "x = range(400000)\n    for i in x:\n        x.pop(0)",
    "searching a long list": "x = range(400000)\n    for i in range(10000):\n        y = -1 in x",
    "sorting again and again": "x = range(100000)\n    for i in range(100):\n        y = sorted(x)",
    "copies": "x = range(400000)\n    for i in range(10000):\n        y = list(x)",
    "slices": "x = range(400000)\n    for i in range(10000):\n        y = x[1:]",
    "long numbers": "x = ''.join(['0'] + zeros(4000))\n    for i in range(300000):\n"
    "        y = int(x)",
    "files without end": "for i in range(100000):\n"
    "        disk_create('/a/' + str(i), 'q', 1, '', '')",
    "long chains": "d = disk_create('/a', 'q', 1 << 40, '', '')\n    for i in range(300000):\n"
    "        disk_write([d], i * 131072, 512, 1)\n        disk_read([d, d, d], 0, 1 << 40)",
}
HELPERS = """

def zeros(n):
    parts = []
    for i in range(n):
        parts.append("0")
    return parts


def range_of(n):
    parts = []
    for i in range(n):
        parts.append("abcdefghij")
    return parts
"""


@pytest.mark.parametrize("case", LIMITS)
def test_nothing_runs_away(case: str) -> None:
    text = f"def f():\n    {LIMITS[case]}\n{HELPERS}"
    assert crash(text).cls == "StepLimit"


def test_a_crash_leaves_the_disk_as_it_was_at_that_moment() -> None:
    text = """
    def f():
        machine.number = 5
        disk_create("/images/a", "raw", 512, "", "")
        new(Node)
        assert machine.number == 6
        disk_unlink("/images/a")
    """
    made = program(text)
    state, ending = made.call("f", (), made.initial())
    assert isinstance(ending, Crashed)
    assert (ending.cls, ending.desc) == ("Assertion", "machine.number == 6")
    assert made.place(ending) == ("model.py", 6)
    assert (state.objects, state.machine) == ((), None)
    assert [name for name, _ in state.disk.directory] == ["/images/a"]
    assert state.next_id == 3


def test_an_assertion_may_have_words_of_its_own() -> None:
    assert crash("def f():\n    assert 1 == 2, 'one is two'\n").desc == "one is two"


def test_the_place_of_a_crash_is_in_the_function_that_crashed() -> None:
    text = (
        "def f():\n    return g(1)\n\n\ndef g(x):\n    '''Doc.'''\n    # why\n    return x.name\n"
    )
    made = program(text)
    ending = made.call("f", (), made.initial())[1]
    assert isinstance(ending, Crashed)
    assert made.place(ending) == ("model.py", 8)


def test_a_refusal_keeps_what_was_changed_before() -> None:
    text = """
    def f():
        machine.number = 5
        g()
        machine.number = 6

    def g():
        disk_create("/images/a", "raw", 512, "", "")
        refuse("DeviceInUse", "it is in use")
    """
    state, ending = run(text)
    assert ending == Refused("DeviceInUse", "it is in use")
    assert fields(state, 1)["number"] == 5
    assert len(state.disk.directory) == 1


@pytest.mark.parametrize(
    ("number", "name"),
    [(-2, "ENOENT"), (-13, "EACCES"), (-95, "ENOTSUP"), (-123, "ENOMEDIUM"), (-999, "E999")],
)
def test_a_failure_is_named_by_its_errno(number: int, name: str) -> None:
    state, ending = run("def f(n):\n    machine.number = 5\n    fail(n)\n", number)
    assert ending == Failed(name)
    assert fields(state, 1)["number"] == 5


def test_an_event_starts_afresh_after_one_that_was_stopped() -> None:
    made = program("def f(n):\n    if n:\n        f(n - 1)\n    return n\n")
    start = made.initial()
    assert isinstance(made.call("f", (MAX_DEPTH,), start)[1], Stopped)
    assert made.call("f", (MAX_DEPTH - 1,), start)[1] == Returned(MAX_DEPTH - 1)


@pytest.mark.parametrize(
    "inner", ["f(n - 1)", "x = [f(n - 1)]", "for x in f(n - 1):\n            pass"]
)
@pytest.mark.parametrize("compiled", [compile_tree, trace_tree])
def test_ten_thousand_calls_inside_each_other_are_the_most(compiled, inner) -> None:
    text = f"def f(n):\n    if n:\n        {inner}\n    return []\n"
    made = compiled(tree(text), "Machine", "Node")
    call = made.trace if isinstance(made, TracedProgram) else made.call
    assert call("f", (9_999,), made.initial())[1] == Returned(())
    assert isinstance(call("f", (10_000,), made.initial())[1], Stopped)


# Objects


def test_objects_keep_their_ids_and_references_from_event_to_event() -> None:
    text = """
    def make():
        a = new(Node)
        b = new(Node)
        a.name = "a"
        a.child = b
        b.child = a
        b.other = b
        machine.nodes = [a]
        machine.table = {"b": b}

    def f():
        a = machine.nodes[0]
        assert a.child.child == a
        assert a.child.other == machine.table["b"]
        a.child.size = 7
    """
    made = program(text)
    state, _ = made.call("make", (), made.initial())
    assert [(thing.id, thing.cls) for thing in state.objects] == [
        (1, "Machine"),
        (2, "Node"),
        (3, "Node"),
    ]
    assert fields(state, 3)["child"] is Ref(2)
    after, ending = made.call("f", (), state)
    assert ending == Returned(None)
    assert fields(after, 3)["size"] == 7
    assert after.objects[:2] == state.objects[:2]


def test_an_event_that_changes_nothing_gives_the_same_state_object() -> None:
    made = program("def f():\n    machine.number += 1\n    machine.number -= 1\n")
    start = made.initial()
    assert made.call("f", (), start)[0] is start


def test_swap_exchanges_all_but_the_identity() -> None:
    text = """
    def f():
        a = new(Node)
        b = new(Node)
        machine.nodes = [a, b]
        a.name = "a"
        b.name = "b"
        a.child = b
        a.other = a
        swap(a, b)
    """
    state, _ = run(text)
    assert fields(state, 2) == {"name": "b", "child": None, "other": None, "size": 0}
    assert fields(state, 3) == {"name": "a", "child": Ref(3), "other": Ref(2), "size": 0}


def test_a_leaked_node_stays_and_a_freed_one_goes() -> None:
    text = """
    class Job:
        node: "Node" = None

    def f():
        leaked = new(Node)
        leaked.child = new(Node)
        leaked.child.child = leaked
        gone = new(Node)
        free(gone)
        job = new(Job)
        job.node = leaked

    def later():
        return new(Node).name
    """
    made = program(text)
    state, _ = made.call("f", (), made.initial())
    assert [thing.id for thing in state.objects] == [1, 2, 3]
    assert state.next_id == 6
    after, _ = made.call("later", (), state)
    assert [thing.id for thing in after.objects] == [1, 2, 3, 6]


def test_a_reference_to_what_was_freed_reads_none_in_the_next_event() -> None:
    text = """
    def f():
        node = new(Node)
        node.size = 4
        machine.any = node
        machine.nodes = [node]
        free(node)
        return machine.any.size
    """
    state, ending = run(text)
    assert ending == Returned(4)
    assert fields(state, 1)["any"] is None
    assert fields(state, 1)["nodes"] == (None,)
    assert len(state.objects) == 1


def test_nothing_is_freed_twice() -> None:
    assert "freed twice" in crash("def f():\n    x = new(Node)\n    free(x)\n    free(x)\n").desc
    assert "the machine" in crash("def f():\n    free(machine)\n").desc


def test_defaults_are_fresh_for_each_object() -> None:
    text = """
    class Box:
        list: "list" = [[1], (2, 3)]
        dict: "dict" = {"a": [1]}

    def f():
        a = new(Box)
        a.list[0].append(5)
        a.dict["a"].append(5)
        b = new(Box)
        return [a.list, a.dict, b.list, b.dict]
    """
    assert value(text) == [[[1, 5], [2, 3]], {"a": [1, 5]}, [[1], [2, 3]], {"a": [1]}]


def test_walk_ends_at_none_or_at_a_node_seen_before() -> None:
    text = """
    def f():
        a = new(Node)
        b = new(Node)
        c = new(Node)
        a.child = b
        b.child = c
        names = []
        for n in walk(a, "child"):
            names.append("x")
        c.child = b
        for n in walk(a, "child"):
            names.append("y")
        for n in walk(None, "child"):
            names.append("z")
        return "".join(names)
    """
    assert value(text) == "xxxyyy"


def test_a_walk_follows_the_chain_as_it_is_when_it_steps_on() -> None:
    text = """
    def f():
        a = new(Node)
        a.child = new(Node)
        a.child.child = new(Node)
        count = 0
        for n in walk(a, "child"):
            count += 1
            n.child = None
        return count
    """
    assert value(text) == 1


def test_a_function_can_not_be_kept() -> None:
    text = "class Odd:\n    format: str = ''\n\n\ndef f(x):\n    machine.text = x.format\n"
    ending = crash(text, "x")
    assert (ending.cls, ending.desc) == ("Fault", "'str' object has no attribute 'format'")


def test_a_bool_stays_a_bool() -> None:
    made = program("def f(x):\n    machine.number = x\n    return str(machine.number)\n")
    one, first = made.call("f", (1,), made.initial())
    true, second = made.call("f", (True,), one)
    assert one is not true
    assert (first, second) == (Returned("1"), Returned("True"))


def test_a_state_of_another_program_is_an_error() -> None:
    made = program("def f():\n    pass\n")
    other = compile_tree(tree("def f():\n    pass\n", CLASSES + "    more: int = 0\n"), "Machine")
    state, _ = program("def f():\n    new(Node)\n").call("f", (), made.initial())
    with pytest.raises(ValueError, match="Node 2 comes from another program"):
        other.call("f", (), state)


# The disk


def test_the_model_works_on_the_disk() -> None:
    text = """
    def f():
        base = disk_create("/images/base", "raw", 1 << 20, "", "")
        disk_write([base], 0, 65536, 17)
        top = disk_create("top", "qcow2", disk_size(base), "base", disk_format(base))
        disk_write([top, base], 65536, 512, 34)
        temporary = disk_temporary()
        disk_set_backing(top, "", "")
        copy = disk_create(temporary, "qcow2", 1 << 20, "", "")
        disk_copy([top, base], [copy], [[65536, 131072]])
        disk_resize(base, 512)
        found = [
            disk_open("/images/top") == top,
            disk_open("nothing"),
            disk_unlink("base"),
            disk_unlink("base"),
            disk_read([top, base], 0, 131072),
            disk_read([top, base], 65536, 512),
            disk_extents(top, [[0, 65536]]),
            disk_extents(top, [[100, 65600]]),
            disk_backing_file(top) + disk_backing_format(top),
            disk_create("nodir/x", "raw", 512, "", ""),
            disk_extents(copy, [[0, 1 << 20]]),
            disk_realpath("top"),
            temporary,
        ]
        disk_clear(top)
        return found + [disk_extents(top, [[0, 1 << 20]])]
    """
    assert value(text) == [
        *(True, -2, 0, -2, "mixed", 34, [], [[65536, 65600]], "", -2),
        *([[65536, 131072]], "/images/top", "<tmp0>", []),
    ]


def test_the_model_works_on_ranges() -> None:
    text = """
    def f():
        some = ranges_union([[0, 10], [30, 40]], [[10, 15], [20, 20]])
        return [
            some,
            ranges_common(some, [[5, 35]]),
            ranges_without(some, [[5, 35]]),
            ranges_rounded(some, 16),
        ]
    """
    assert value(text) == [
        *([[0, 15], [30, 40]], [[5, 15], [30, 35]], [[0, 5], [35, 40]]),
        [[0, 48]],
    ]


@pytest.mark.parametrize("bad", ["5", "[5]", "[[5]]", "[[1, 2, 3]]", "['ab']", "[[0, 'x']]"])
def test_what_is_no_list_of_ranges_is_a_fault(bad: str) -> None:
    assert crash(f"def f():\n    return ranges_union([], {bad})\n").cls == "Fault"


def test_a_range_of_more_than_64_bits_is_a_limit() -> None:
    text = f"def f():\n    return ranges_rounded([[0, {2**63 - 2}]], 1 << 20)\n"
    assert crash(text).cls == "StepLimit"


def test_python_has_no_advice_about_a_model(recwarn) -> None:
    made = program("def f(x):\n    return 1 is None\n")
    assert made.call("f", (1,), made.initial())[1] == Returned(False)
    assert not recwarn.list


# Digests


def digest(text: str, name: str = "f", classes: str = CLASSES) -> str:
    """The digest of a function."""
    return compile_tree(tree(text, classes), "Machine", "Node").functions[name].digest


PLAIN = """
A = 1
B = 2


def f(x):
    return g(x) + A


def g(x):
    if x:
        return f(x - 1)
    return new(Node).size


def h():
    return machine.number
"""

SAME = {
    "a comment": ("return g(x) + A", "return (g(x) +  A)  # why"),
    "a docstring": ("def f(x):\n", "def f(x):\n    '''Why.'''\n"),
    "empty lines": ("A = 1", "\n\n\nA = 1"),
    "a constant that it does not use": ("B = 2", "B = 3"),
    "a function that it does not call": ("return machine.number", "return 5"),
    "another function": ("def h():", "def i():\n    return 1\n\n\ndef h():"),
}
OTHER = {
    "its text": ("+ A", "- A"),
    "a constant that it uses": ("A = 1", "A = 2"),
    "what it calls": ("x - 1", "x - 2"),
    "a default": ("def f(x)", "def f(x=1)"),
    "a type": ("A = 1", "A = True"),
}


@pytest.mark.parametrize("change", SAME)
def test_a_digest_stays_the_same_with(change: str) -> None:
    assert digest(PLAIN.replace(*SAME[change])) == digest(PLAIN)


@pytest.mark.parametrize("change", OTHER)
def test_a_digest_changes_with(change: str) -> None:
    assert digest(PLAIN.replace(*OTHER[change])) != digest(PLAIN)


def test_a_digest_changes_with_the_classes_that_are_reached() -> None:
    wider = CLASSES + "    more: int = 0\n"
    busier = CLASSES.replace("number: int = 0", "number: int = 1")
    described = CLASSES.replace("size: int", "size: 'count'").replace("The machine", "It")
    assert digest(PLAIN, "f", wider) != digest(PLAIN)
    assert digest(PLAIN, "f", busier) == digest(PLAIN)
    assert digest(PLAIN, "h", wider) == digest(PLAIN, "h")
    assert digest(PLAIN, "h", busier) != digest(PLAIN, "h")
    assert digest(PLAIN, "f", described) == digest(PLAIN)


def digest_of(text: str, *names: str) -> str:
    """The digest of some functions without those that they call."""
    return compile_tree(tree(text, CLASSES), "Machine", "Node").digest_of(frozenset(names))


ALIKE_ALONE = {
    "what it calls": ("x - 1", "x - 2"),
    "a docstring": ("def f(x):\n", "def f(x):\n    '''Why.'''\n"),
    "a constant that it does not use": ("B = 2", "B = 3"),
}
OTHER_ALONE = {
    "its text": ("+ A", "- A"),
    "a constant that it uses": ("A = 1", "A = 2"),
    "its parameters": ("def f(x)", "def f(x=1)"),
    "the parameters of what it calls": ("def g(x):", "def g(x, y=1):"),
}


@pytest.mark.parametrize("change", ALIKE_ALONE)
def test_the_digest_of_a_function_alone_stays_the_same_with(change: str) -> None:
    assert digest_of(PLAIN.replace(*ALIKE_ALONE[change]), "f") == digest_of(PLAIN, "f")


@pytest.mark.parametrize("change", OTHER_ALONE)
def test_the_digest_of_a_function_alone_changes_with(change: str) -> None:
    assert digest_of(PLAIN.replace(*OTHER_ALONE[change]), "f") != digest_of(PLAIN, "f")


def test_the_digest_of_functions_changes_with_each_and_with_one_that_is_gone() -> None:
    both = digest_of(PLAIN, "f", "g")
    assert digest_of(PLAIN.replace("x - 1", "x - 2"), "f", "g") != both
    assert digest_of(PLAIN, "f", "h") != both
    assert digest_of(PLAIN, "f", "gone") != both


def test_a_program_knows_the_functions_that_its_last_call_ran_through() -> None:
    made = program(PLAIN)
    start = made.initial()
    made.call("f", (0,), start)
    assert made.called == {"f", "g"}
    made.call("h", (), start)
    assert made.called == {"h"}
    made.call("h", (1.5,), start)
    assert made.called == frozenset()


def test_the_digest_of_a_program_is_that_of_all_its_functions() -> None:
    made = program(PLAIN)
    assert made.digest == program(PLAIN + "\n\n# more\n").digest
    assert made.digest != program(PLAIN.replace("return machine.number", "return 5")).digest
    assert len(made.digest) == len(hashlib.sha256().hexdigest())
    info = made.functions["g"]
    assert (info.name, info.file, info.line, info.parameters) == ("g", "model.py", 10, ("x",))


def test_the_place_of_a_crash_is_told_in_the_lines_of_each_tree() -> None:
    text = "def f(x):\n    y = 1\n    return x.name\n"
    longer = "A = 1\n\n\n" + text.replace("    y", "    # A remark.\n    y")
    one, other = program(text), program(longer)
    assert one.functions["f"].digest == other.functions["f"].digest
    ending = one.call("f", (None,), one.initial())[1]
    assert isinstance(ending, Crashed)
    assert one.place(ending) == ("model.py", 3)
    assert other.place(ending) == ("model.py", 7)


@pytest.fixture(scope="module", autouse=True)
def _nothing_leaks_into_python() -> Iterator[None]:
    before = dict(vars(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)
    yield
    after = vars(__builtins__) if not isinstance(__builtins__, dict) else __builtins__
    assert dict(after) == before


# Runs do not touch each other


DEFAULTS = {
    "a joined list": "[] + []",
    "a constant": "LIST",
    "a joined constant": "LIST + [2]",
}


@pytest.mark.parametrize(
    ("expression", "desc"),
    [
        ("list(None)", "list of None"),
        ("dict(None)", "dict of None"),
        ("sorted('ba')", "sorted of a text"),
        ("sorted(5)", "sorted of a number"),
        ("0 << -1", "negative shift count"),
    ],
)
def test_what_python_has_no_value_for_has_none(expression: str, desc: str) -> None:
    assert crash(f"def f():\n    return {expression}\n").desc == desc


@pytest.mark.parametrize("default", DEFAULTS)
def test_a_default_is_the_same_in_every_call_and_event(default: str) -> None:
    made = program(
        f"LIST = [1]\n\n\ndef f(x={DEFAULTS[default]}):\n    x.append(7)\n    return x\n"
    )
    endings = [made.call("f", (), made.initial())[1] for _ in range(2)]
    assert endings[0] == endings[1]
    assert "a constant can't be changed" in endings[0].desc


WITHOUT_A_VALUE = ["1 // 0", "1 << 100", "~'a'", "-None", "2 ** -1", "'a' + 1", "{[]: 1}", "1 % 0"]


@pytest.mark.parametrize("expression", WITHOUT_A_VALUE)
@pytest.mark.parametrize(
    "definition",
    ["x = {}", "def g(a={}):\n    return a", "class C:\n    a: int = {}"],
    ids=["constant", "default", "field"],
)
def test_a_constant_expression_without_a_value_is_refused_with_its_line(
    definition: str, expression: str
) -> None:
    if expression.startswith("{") and "def" in definition:
        pytest.skip("a dict is no default")
    line = 3 if "class" in definition else 2
    with pytest.raises(ReplayError, match=rf"model\.py:{line}: this has no value") as caught:
        program("\n" + definition.replace("{}", expression, 1) + "\n\n\ndef f():\n    pass\n")
    assert "0x" not in str(caught.value)


PYTHON_S_OWN = {
    "'a'.format": "'str' object has no attribute 'format'",
    "(5).real": "'int' object has no attribute 'real'",
    "True.numerator": "'bool' object has no attribute 'numerator'",
    "[].sort": "'list' object has no attribute 'sort'",
    "{}.update": "'dict' object has no attribute 'update'",
    "[1].index('a'.format)": "'str' object has no attribute 'format'",
}
OWN_FIELDS = "".join(
    f"    {name}: int = 3\n" for name in ("format", "real", "numerator", "sort", "update")
)


@pytest.mark.parametrize("expression", PYTHON_S_OWN)
def test_what_only_python_s_values_have_is_no_field(expression: str) -> None:
    text = f"class Own:\n{OWN_FIELDS}\n\ndef f():\n    return {expression}\n"
    for made in (program(text), trace_tree(tree(text), "Machine", "Node")):
        run_form = made.trace if isinstance(made, TracedProgram) else made.call
        ending = run_form("f", (), made.initial())[1]
        assert ending.desc == PYTHON_S_OWN[expression]


def test_a_field_may_be_called_as_what_python_s_values_have() -> None:
    text = f"class Own:\n{OWN_FIELDS}\n\ndef f():\n    x = new(Own)\n    x.sort += 4\n"
    assert value(text + "    return [x.format, x.sort]\n") == [3, 7]


def test_an_error_never_spells_out_what_was_not_there() -> None:
    ending = crash("def f():\n    return [1].index(machine)\n")
    assert ending.desc == "list.index(x): x not in list"


@pytest.mark.skipif(sys.platform != "linux", reason="the names are those of Linux")
def test_errnos_have_the_names_that_linux_gives_them() -> None:
    assert {name: getattr(errno, name) for name in ERRNO.values()} == {
        name: number for number, name in ERRNO.items()
    }
