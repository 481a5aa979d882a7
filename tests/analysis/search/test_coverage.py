"""Coverage says of every statement and branch exactly which logs run through it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.analysis.search.coverage import (
    coverage,
    hunks,
    log_reaches,
    missing_lines,
    reached_functions,
    smallest_cover,
)
from replay.analysis.search.statements import code
from replay.engine.replay import arcs, replay
from replay.events.event import Command, Guest, Log
from replay.series import Tree, source_file
from tests.examples import NAMES, example, log_of

COUPLE = Log.of(
    "couple",
    log_of(
        Command("cli", "train", "7"),
        Command("qmp", "couple", {"train": "7"}),
        Command("qmp", "couple", {"train": "7"}),
    ).events,
)
LOST = Log.of("lost", log_of(Command("qmp", "couple", {"train": "9"})).events)

MODEL = '''
def cli_x(value):
    """What it does."""
    found = 0
    if (
        value == "a"
        and found == 0
    ):
        found = 1
    elif value == "b":
        found = 2
    for item in [1, 2]:
        if item == found:
            return item
    # nothing
    found = max(
        found,
        3,
    )
    for item in value.split(","):
        found = found + 1
'''


def lines_of(text: str):
    """The statements and branches of one file."""
    found = code(Tree((source_file("m.py", text.lstrip("\n")),)))
    branches = [(it.start, it.end, it.into) for it in found.branches]
    return [line for _, line in found.lines], sorted(branches)


def test_statements_begin_where_they_stand_and_branches_lead_where_they_go():
    statements, branches = lines_of(MODEL)
    assert statements == [3, 4, 8, 9, 10, 11, 12, 13, 15, 19, 20]
    assert branches == [
        (4, 8, True),
        (4, 9, False),
        (9, 10, True),
        (9, 11, False),
        (11, 12, True),
        (11, 15, False),
        (12, 11, False),
        (12, 13, True),
        (19, -1, False),
        (19, 20, True),
    ]


def test_lines_inside_a_statement_belong_to_it():
    whole = code(Tree((source_file("m.py", MODEL.lstrip("\n")),)))
    assert {line: whole.statement_at["m.py", line] for line in (5, 6, 7, 16, 18)} == {
        **dict.fromkeys((5, 6, 7), 4),
        **dict.fromkeys((16, 18), 15),
    }


def text_at(variant, place) -> str:
    """The line of source at a place."""
    file = next(file for file in variant.tree.files if file.name == place[0])
    return file.lines[place[1] - 1].text.strip()


def test_of_the_toy_each_line_has_the_logs_that_run_through_it(toy):
    variant = toy.variant("with")
    covered = coverage([COUPLE, LOST], variant)
    told = {text_at(variant, place): names for place, names in covered.lines.items()}
    assert told['refuse("NoSuchTrain", "there is no train " + number)'] == ("lost",)
    assert told["wagon = new(Wagon)"] == ("couple",)
    assert told["for train in machine.trains:"] == ("couple", "lost")
    assert "swap(train, last)" not in told


def test_of_the_toy_each_branch_that_is_taken_is_told(toy):
    variant = toy.variant("with")
    covered = coverage([LOST], variant)
    taken = {(text_at(variant, (it.file, it.start)), it.into) for it in covered.branches}
    assert taken == {("for train in machine.trains:", False)}


def test_functions_have_the_logs_that_reach_them(toy):
    found = reached_functions(coverage([COUPLE, LOST], toy.variant("with")))
    assert found["find_train"] == ("couple", "lost")
    assert found["last_wagon"] == ("couple",)
    assert "hmp_turn" not in found


def test_the_hunks_of_a_patch_have_the_logs_that_reach_them(toy):
    found = hunks(coverage([COUPLE], toy.variant("after")))
    told = [(it.patch.sha[:8], bool(it.statements), it.logs) for it in found]
    assert ("bbbb2222", True, ("couple",)) in told
    assert ("bbbb2222", False, ()) in told, "a field is no statement"
    assert all(not logs for sha, _, logs in told if sha == "aaaa1111")


def test_what_is_missing_is_all_that_no_log_reaches(toy):
    covered = coverage([COUPLE, LOST], toy.variant("with"))
    missing = {(it.file, n) for it in covered.code.functions for n in missing_lines(covered, it)}
    assert missing == {*covered.code.lines} - {*covered.lines}


@pytest.mark.parametrize("name", NAMES)
def test_what_runs_is_known_to_the_tree(qemu, name):
    """Every line that the interpreter names belongs to a statement, or to a function's end."""
    variant = qemu.variant("after")
    whole = code(variant.tree)
    ends = {(it.file, it.line) for it in whole.functions}
    state = variant.program.initial()
    for step in replay(example(name), variant).steps:
        for file, _, line in arcs(variant, state, step.event):
            assert (file, line) in whole.statement_at or (file, line) in ends
        state = step.state


def test_a_branch_into_a_block_is_taken_where_its_first_line_runs(qemu):
    variant = qemu.variant("after")
    for reach in log_reaches([example(name) for name in NAMES], variant):
        into = {it for it in code(variant.tree).branches if it.into}
        assert {it for it in into if (it.file, it.end) in reach.lines} == into & reach.branches


def test_what_decides_goes_at_least_one_way(qemu):
    variant = qemu.variant("after")
    for reach in log_reaches([example(name) for name in NAMES], variant):
        deciding = {(it.file, it.start) for it in code(variant.tree).branches}
        gone = {(it.file, it.start) for it in reach.branches}
        assert deciding & reach.lines == gone


def test_a_request_without_a_machine_reaches_nothing(toy):
    log = Log.of("gone", log_of(Command("cli", "train", ""), Guest("read", "7", 0, 1)).events)
    covered = coverage([log], toy.variant("with"))
    assert set(reached_functions(covered)) == {"cli_train"}


# As few logs as cover as much

SETS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.frozensets(st.integers(0, 12)), max_size=8
)


@settings(deadline=None)
@given(SETS)
def test_the_smallest_cover_has_all_and_nothing_can_be_left_out_of_it(parts):
    chosen = smallest_cover(parts)
    whole = frozenset().union(*parts.values()) if parts else frozenset()
    assert frozenset().union(*(parts[name] for name in chosen)) == whole
    for name in chosen:
        others = frozenset().union(*(parts[other] for other in chosen if other != name))
        assert others != whole


def test_the_logs_of_the_smallest_cover_stand_in_their_order():
    parts = {"b": frozenset({1}), "a": frozenset({2}), "c": frozenset({1})}
    assert smallest_cover(parts) == ("b", "a")
