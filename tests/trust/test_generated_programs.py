"""Programs of the language do in its plain form, its traced form and CPython the same."""

import ast

import pytest

from replay.language import limits
from replay.language.grammar import _Grammar
from replay.language.vocabulary import BUILTINS, METHODS
from tests.trust.generated_programs import compared, programs

FILES = ("disk_", "ranges_")
"""Builtins that CPython has nothing for; both forms of the language have the same functions."""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_generated_programs_end_alike_in_both_forms_and_cpython(seed, monkeypatch):
    monkeypatch.setattr(limits, "MAX_STEPS", 20_000)
    tally = compared([*programs(seed, 500)])
    assert tally.wrong == []
    assert tally.endings["Returned"] > 150
    assert {"Fault", "Refused", "Failed", "Assertion"} <= tally.endings.keys()


def test_generated_programs_have_all_that_the_grammar_takes():
    tree = ast.parse("\n\n".join(programs(0, 2000)))
    used = {type(node) for node in ast.walk(tree)}
    taken = {getattr(ast, name[6:]) for name in vars(_Grammar) if name.startswith("visit_")}
    assert len(taken) > 20
    assert taken <= used
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert {func.attr for func in calls if isinstance(func, ast.Attribute)} == {*METHODS}
    names = {func.id for func in calls if isinstance(func, ast.Name)}
    assert {name for name in BUILTINS if not name.startswith(FILES)} <= names
