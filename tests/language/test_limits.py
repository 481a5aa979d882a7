"""What looks at a long value counts as many steps as that takes."""

import pytest

from replay.language import Returned, compile_tree
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
