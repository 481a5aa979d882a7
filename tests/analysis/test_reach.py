"""How far a change is put to the test is said by statement, and only of what can run."""

import pytest

from replay.analysis.reach import ChangeReach, change_reach, joined
from replay.analysis.search.coverage import log_reaches
from replay.analysis.tree_change import OwnField, tree_change
from replay.engine.replay import replay
from replay.events.event import Command, Log
from replay.variants.variant import Subject
from tests.changed import changed
from tests.examples import NAMES, example, log_of

TRAIN = Command("cli", "train", "7")
COUPLE = Command("qmp", "couple", {"train": "7"})
COUPLED = Log.of("coupled", log_of(TRAIN, COUPLE).events)
ALONE = Log.of("alone", log_of(TRAIN).events)


@pytest.fixture
def reach(toy, tmp_path):
    """reach(EDIT..., log=LOG): what the log ran through of edits of the last tree."""

    def run(*edits: tuple[str, str], log: Log = COUPLED) -> ChangeReach:
        after, other = toy.variant("after"), changed(toy, tmp_path / "my.patch", *edits)
        return change_reach(replay(log, after), replay(log, other))

    return run


def reached(reach: ChangeReach) -> list[bool]:
    return [it.is_reached for it in reach.can_run]


def test_a_statement_that_ran_is_reached(reach):
    edit = ("    assert wagon.load >= 0\n", "    assert wagon.load >= 0 - 0\n")
    assert reached(reach(edit)) == [True]
    assert reach(edit).logs == ("coupled",)
    assert reached(reach(edit, log=ALONE)) == [False]
    assert reach(edit, log=ALONE).logs == ()


def test_of_a_statement_that_is_gone_the_earlier_tree_is_asked(reach):
    edit = ("    assert wagon.load >= 0\n", "")
    (hunk,) = reach(edit).hunks
    assert not hunk.hunk.is_left
    assert hunk.is_reached
    assert reached(reach(edit, log=ALONE)) == [False]


def test_a_branch_that_is_not_taken_is_missing_in_a_hunk_that_is_reached(reach):
    edit = (
        "    assert wagon.load >= 0\n",
        "    if wagon.load > 9000:\n        wagon.load = 0\n    assert wagon.load >= 0\n",
    )
    (hunk,) = reach(edit).hunks
    assert hunk.is_reached
    assert len(hunk.missing) == 1
    assert hunk.missing == (hunk.hunk.last,)


def test_a_function_that_nobody_calls_is_not_reached(reach):
    (hunk,) = reach(
        ("def hmp_ring(", "def hmp_rang(number):\n    hmp_ring(number)\n\n\ndef hmp_ring(")
    ).hunks
    assert (hunk.is_reached, hunk.function) == (False, "hmp_rang")


def test_the_head_of_a_function_is_reached_where_the_function_is(reach):
    edit = ("def count_wagons(train):", "def count_wagons(train, twice=False):")
    assert reached(reach(edit)) == [True]
    assert reached(reach(edit, log=ALONE)) == [False]


def test_a_constant_is_reached_where_it_is_used_and_what_is_made_of_it(reach):
    assert reached(reach(("LIGHT = 0x2\n", "LIGHT = 0x4\n"))) == [False]
    assert reached(reach(("BRAKE = 0x1\n", "BRAKE = 0x8\n"))) == [True]
    made = ("ENOENT = 2\n", "ENOENT = 2\nTWO = ENOENT\n"), ("fail(-ENOENT)", "fail(-TWO)")
    assert reached(reach(*made)) == [False, False]


def test_a_default_of_a_field_is_reached_where_the_field_is_used(reach):
    assert reached(reach(('    marks: "int" = 0\n', '    marks: "int" = 4\n'))) == [True]
    assert reached(reach(('    signal: "str" = "stop"\n', '    signal: "str" = "go"\n'))) == [False]


def test_a_comment_is_no_code(reach):
    found = reach(("    assert wagon.load >= 0\n", "    # why\n    assert wagon.load >= 0\n"))
    assert not found.is_code
    assert found.can_run == ()


def test_a_field_of_one_variant_is_told(reach):
    found = reach(
        ('    marks: "int" = 0\n', '    marks: "int" = 0\n    colour: "int" = 0\n'),
        ('    brake: "int" = 0\n', ""),
        ("    wagon.brake = train.brake + 1\n", ""),
    )
    assert found.fields == (OwnField("Wagon", "brake", False), OwnField("Wagon", "colour", True))


def test_several_logs_reach_together_what_any_reaches(toy, tmp_path):
    after = toy.variant("after")
    other = changed(
        toy,
        tmp_path / "my.patch",
        ("    assert wagon.load >= 0\n", "    assert wagon.load >= 0 - 0\n"),
        ("def notice_SIGNAL(data):\n", 'def notice_SIGNAL(data):\n    machine.signal = "x"\n'),
    )
    logs = (ALONE, COUPLED)
    both = joined([change_reach(replay(log, after), replay(log, other)) for log in logs])
    assert (both.logs, both.looked_at) == (("coupled",), 2)
    assert reached(both) == [True, False]


@pytest.mark.parametrize("ends", [("with", "after"), ("before", "after")])
def test_it_is_what_coverage_says_of_both_trees(qemu: Subject, ends):
    before, after = qemu.variants(*ends)
    logs = [example(name) for name in NAMES]
    every = zip(logs, log_reaches(logs, before), log_reaches(logs, after), strict=True)
    for log, left, right in every:
        found = change_reach(replay(log, before), replay(log, after))
        assert [it.hunk for it in found.hunks] == [*tree_change(before.tree, after.tree).hunks]
        for it in found.hunks:
            assert it.before == it.hunk.before & left.lines
            assert it.after == it.hunk.after & right.lines
