"""What looks at a long value counts as many steps as that takes."""

import pytest

from replay.errors import NotInLanguage
from replay.language import Returned, compile_tree
from replay.language.traced.program import trace_tree
from replay.series import Tree, source_file

OF_LISTS = (
    *("-1 in r", "-1 not in r", "r.count(-1)", "r == q", "r != q", "[r] == [q]", "sorted(r)"),
    *("max(r)", "min(r)", "list(r)", "r[1:]", "r + r", "q.index(n - 1)", "range(n)", "z + z"),
    *("dict(d)", "list(d)", "d == e", "d.keys()", "d.values()", "d.items()", "sorted(d)"),
    *("max(d)", "'x' in z", "z.count('x')", "'-'.join(z)", "['x'] in z", "{1: d} == {1: e}"),
    *("r.insert(0, 1)", "r.pop(0)", "q.remove(n - 1 - i)"),
    "r += z",
)
OF_TEXTS = (
    *("t.count(u)", "t.partition(u)", "t.rpartition(u)", "t.split(u)", "u in t", "u not in t"),
    *("t.split()", "t.lower()", "t + 'x'", "'x' + t", "t[1:]", "t.index('b')"),
    "int(v)",
)
TIMES = 20

SOURCE = """
class Machine:
    number: int = 0


def f(n, times, t, u, v):
    r = range(n)
    q = range(n)
    d = {{}}
    e = {{}}
    z = []
    for i in r:
        d[str(i)] = i
        e[str(i)] = i
        z.append("")
    for i in range(times):
        {}
    return 1
"""


def steps(expression: str, n: int, length: int) -> float:
    """The steps of the expression, once, over lists of n items and texts of that length."""
    statement = expression if " += " in expression else f"x = {expression}"
    program = compile_tree(Tree((source_file("m.py", SOURCE.format(statement)),)), "Machine")
    text = "ab" * (length // 2)
    totals = []
    for times in (0, TIMES):
        arguments = (n, times, text, text[: length // 2] + "b", "0" * length)
        ending = program.call("f", arguments, program.initial())[1]
        assert ending == Returned(1), ending
        totals.append(program._runtime._meter.total)
    return (totals[1] - totals[0]) / TIMES


@pytest.mark.parametrize("expression", OF_LISTS)
def test_an_operation_on_a_long_list_counts_by_its_length(expression):
    assert steps(expression, 4000, 10) > steps(expression, 100, 10) + 3900 / 64 - 2


@pytest.mark.parametrize("expression", OF_TEXTS)
def test_an_operation_on_a_long_text_counts_by_its_length(expression):
    assert steps(expression, 1, 4000) > steps(expression, 1, 10) + 3990 / 512 - 1


@pytest.mark.parametrize(
    "expression", ["t.count(u)", "t.partition(u)", "t.rpartition(u)", "t.split(u)", "u in t"]
)
def test_looking_for_a_long_text_counts_by_both_lengths(expression):
    assert steps(expression, 1, 4000) > 4000 * 2000 / 1024


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
def test_comparing_long_texts_counts_by_their_length(op):
    assert steps(f"t {op} u", 1, 4000) >= steps(f"t {op} u", 1, 10) + 3


def test_a_long_text_in_the_source_counts_where_it_is_compared():
    long = "x" * 4000
    assert steps(f"t in ['{long}', '{long}y']", 1, 10) >= steps("t in ['x', 'y']", 1, 10) + 7


NUMBERED = """
class Machine:
    table: dict = {{}}


def f():
    d = {{}}
    for i in range(300):
        d[{key}] = i
    {then}
    return len(d)
"""


@pytest.mark.parametrize("compiled", [compile_tree, trace_tree])
@pytest.mark.parametrize(
    ("key", "then", "ends"),
    [
        ("i", "pass", "StepLimit"),
        ("str(i)", "pass", 300),
        ("str(i)", "d[5] = 1", "StepLimit"),
        ("str(i)", "d[None] = 1", 301),
        ("i % 250", "d[7] = 1", 250),
        ("i % 250", "d[7] += 1", 250),
    ],
)
def test_a_long_dict_takes_no_number_as_a_key(compiled, key, then, ends):
    text = NUMBERED.format(key=key, then=then)
    program = compiled(Tree((source_file("m.py", text),)), "Machine")
    run = program.call if hasattr(program, "call") else program.trace
    ending = run("f", [], program.initial())[1]
    assert getattr(ending, "cls", None) == ends or ending == Returned(ends)


@pytest.mark.parametrize("place", ["X = {}\n", "def f():\n    return {}\n"])
@pytest.mark.parametrize("number", ["7", "-7", "True", "N"])
def test_a_long_display_has_texts_as_keys(place, number):
    texts = ", ".join(f"'{n}': 1" for n in range(256))
    source = "N = 1\n\n\nclass Machine:\n    x: int = 0\n\n\n"
    for more, is_refused in ((f", {number}: 1", True), (", 'more': 1", False)):
        tree = Tree((source_file("m.py", source + place.format(f"{{{texts}{more}}}")),))
        if is_refused:
            with pytest.raises(NotInLanguage, match="more than 256 items are plain texts"):
                compile_tree(tree, "Machine")
        else:
            compile_tree(tree, "Machine")


def run(body: str) -> object:
    """How f ends with this body; g gives back what it is given."""
    source = f"class Machine:\n    x: int = 0\n\n\ndef g(x):\n    return x\n\n\ndef f():\n{body}"
    program = compile_tree(Tree((source_file("m.py", source),)), "Machine")
    return program.call("f", [], program.initial())[1]


def test_calls_one_after_another_are_not_inside_each_other():
    body = "    n = 0\n    for i in range(30000):\n        n = g(i)\n    return n\n"
    assert run(body) == Returned(29999)


@pytest.mark.parametrize("call", ["index(1)", "count(1)", "remove(1)"])
@pytest.mark.parametrize(("value", "kind"), [("{}", "a dict"), ("5", "a number")])
def test_only_a_list_is_searched(call, value, kind):
    ending = run(f"    x = {value}\n    return x.{call}\n")
    assert ending.desc.startswith(f"{kind} where a list is needed")


def test_joining_counts_what_stands_between():
    between = "t.join(['a', 'b'])"
    assert steps(between, 1, 4000) >= steps(between, 1, 10) + 3990 // 64
