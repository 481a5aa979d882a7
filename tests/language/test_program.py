"""A compiled tree: where a call goes, and which other trees do alike."""

import pytest

from replay.errors import NotInLanguage
from replay.language import Program
from tests.language.test_language import evaluate, program

SOURCE = """\
def f(x):
    for n in range(x):
        g(n)
    return x


def g(n):
    if n:
        return 1
    return h(n)


def h(n):
    return n
"""


def arcs(made: Program, *within: str) -> set[tuple[int, int]]:
    """The steps from line to line of f(2)."""
    found = made.arcs("f", (2,), made.initial(), within or None)
    assert {file for file, _, _ in found} == {"model.py"}
    return {(start, end) for _, start, end in found}


def test_the_lines_of_a_call_are_those_of_the_models_functions() -> None:
    made, inside = program(SOURCE), {(0, 8), (8, 9), (8, 10), (0, 14)}
    assert arcs(made) == {(0, 2), (2, 3), (3, 2), (2, 4), *inside}
    assert arcs(made, "g", "h") == inside
    assert made.reached("f", (0,), made.initial()) == {("model.py", 2), ("model.py", 4)}


@pytest.mark.parametrize(
    ("change", "alike"),
    [
        (("return n\n", "return n + 1\n"), "fg"),
        (("n in range(x)", "n in range(x + 1)"), "gh"),
        (("def h(n)", "def h(n, m=1)"), "f"),  # of what is called the parameters count
    ],
)
def test_what_runs_through_functions_that_say_the_same_runs_alike(
    change: tuple[str, str], alike: str
) -> None:
    made, changed = program(SOURCE), program(SOURCE.replace(*change))
    for one, another in ((made, changed), (changed, made)):
        assert {name for name in "fgh" if one.runs_alike(frozenset(name), another)} == {*alike}
        assert one.runs_alike(frozenset(alike), another)
        assert not one.runs_alike(frozenset("fgh"), another)


def test_what_describes_a_function_makes_it_no_other() -> None:
    made = program(SOURCE)
    described = program(SOURCE.replace("    if n:", "    '''Why.'''\n    if n:  # so"))
    assert made.runs_alike(frozenset("fgh"), described)


def test_what_runs_through_a_function_that_is_gone_does_not_run_alike() -> None:
    made = program(SOURCE)
    gone = program(SOURCE.partition("\n\n\ndef h")[0].replace("h(n)", "n"))
    assert gone.runs_alike(frozenset("f"), made)
    assert not gone.runs_alike(frozenset("fh"), made)


def test_every_type_has_its_name() -> None:
    types = {"None": "None", "a": "bool", "1": "int", "'a'": "str", "[]": "list", "{}": "dict"}
    for value, name in {**types, "machine": "object"}.items():
        assert evaluate(f"type_of({value})", True) == name


METHODS = {
    **dict.fromkeys(("append", "count", "endswith", "index", "join", "partition"), (1, 1)),
    **dict.fromkeys(("remove", "rpartition", "startswith"), (1, 1)),
    **dict.fromkeys(("items", "keys", "lower", "values"), (0, 0)),
    **{"get": (1, 2), "insert": (2, 2), "pop": (0, 2), "split": (0, 2)},
}
"""How many arguments a method takes: each more would be work that nobody counts."""


@pytest.mark.parametrize("method", METHODS)
def test_a_method_takes_so_many_arguments_and_no_more(method: str) -> None:
    least, most = METHODS[method]
    for count in range(4):
        arguments = ", ".join("a" * count)
        text = f"def f(a):\n    return a.{method}({arguments})\n"
        if least <= count <= most:
            program(text)
        else:
            with pytest.raises(NotInLanguage, match=f"{method} takes"):
                program(text)


def test_there_are_no_other_methods() -> None:
    every = {name for kind in (str, list, dict) for name in dir(kind) if not name.startswith("_")}
    for method in sorted(every - METHODS.keys()):
        with pytest.raises(NotInLanguage, match=f"there is no method {method}"):
            program(f"def f(a):\n    return a.{method}()\n")
