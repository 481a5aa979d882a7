"""Which operand decided a value, or one bit of it, as the statement that wrote it says."""

import pytest

from replay.language.traced.cells import TracedValue
from replay.language.traced.origins import is_fixed, origin
from replay.language.traced.program import trace_tree
from replay.series import Tree, source_file

SOURCE = """
MASK = 6


class Machine:
    flags: int = 0


def f(a, b, c):
    machine.flags = {}
"""


def written(expression: str) -> TracedValue:
    """The operation, or what else an expression gives, for a = 5, b = 6, c = 3."""
    program = trace_tree(Tree((source_file("m.py", SOURCE.format(expression)),)), "Machine")
    record = program.trace("f", [5, 6, 3], program.initial())[2]
    (write,) = record.writes.values()
    return write.sources[0]


@pytest.mark.parametrize(
    ("expression", "bit", "operand", "asked"),
    [
        # What has the bit; where both have it, what stood there before.
        ("a | b", 1, "a", 1),
        ("a | b", 2, "b", 2),
        ("a | b", 4, "a", 4),
        ("a | b", 8, "a", 8),
        ("a | 8", 1, "a", 1),
        ("8 | a", None, "a", None),
        ("a | b", None, "a", None),
        ("2 | 8", None, None, None),
        # What lacks the bit, or else what is no mask.
        ("a & b", 1, "b", 1),
        ("a & b", 2, "a", 2),
        ("a & b", 4, "a", 4),
        ("a & 4", 4, "a", 4),
        ("4 & a", 4, "a", 4),
        ("a & MASK", 4, "a", 4),
        # As a whole it is the bit of the mask, or the lowest that is left.
        ("a & 4", None, "a", 4),
        ("4 & a", None, "a", 4),
        ("a & MASK", None, "a", 4),
        ("a & b", None, "a", 4),
        ("a & 8", None, "a", 8),
        ("~a", 2, "a", 2),
        ("1 + a", None, "a", None),
        ("b + a", None, "a", None),
        ("b - 1", None, "b", None),
    ],
)
def test_one_operand_decided(expression, bit, operand, asked):
    step = origin(written(expression), bit)
    found = None if step is None else (step.cell.name, step.bit)
    assert found == (None if operand is None else (operand, asked))


@pytest.mark.parametrize(("expression", "bit"), [("a & 2", 1), ("a | 2", 2)])
def test_what_the_source_text_decided_has_its_origin_there(expression, bit):
    assert origin(written(expression), bit) is None


@pytest.mark.parametrize(
    ("expression", "fixed"),
    [
        ("2", True),
        ("MASK", True),
        ("~MASK", True),
        ("2 | MASK", True),
        ("a", False),
        ("a | 2", False),
    ],
)
def test_the_source_text_alone_says_literals_constants_and_what_is_made_of_them(expression, fixed):
    assert is_fixed(written(expression)) is fixed
