"""What a function looked at decides whether it answers the same again."""

import pytest

from replay.language import FileAnswers, Program, Returned, compile_tree
from replay.series import Tree, source_file
from replay.state.objects import State
from replay.state.working_disk import WorkDisk

TEXT = """
class Machine:
    image: int = 0
    seen: int = 0


def opened(name):
    machine.image = disk_open(name)


def first(length):
    return disk_read([machine.image], 0, length)


def wrote(length):
    disk_write([machine.image], 0, length, 7)
    return disk_read([machine.image], 0, length)


def exchanged(a):
    swap(a, machine)
    return 0
"""


@pytest.fixture
def program() -> Program:
    return compile_tree(Tree((source_file("m.py", TEXT),)), "Machine")


@pytest.fixture
def state(program: Program) -> State:
    """A machine with an open image of a megabyte."""
    disk = WorkDisk(program.initial().disk)
    disk.create("/i/a", "raw", 1 << 20, "", "")
    initial = program.initial()
    made = State(initial.objects, initial.machine, initial.next_id, disk.frozen())
    after, _ = program.call("opened", ["/i/a"], made)
    return after


def written(state: State, offset: int) -> State:
    disk = WorkDisk(state.disk)
    disk.write([1], offset, 512, 5)
    return State(state.objects, state.machine, state.next_id, disk.frozen())


def test_what_it_asked_of_files_holds_until_they_answer_another_thing(program, state):
    ending, objects, queries = program.call_noting("first", [512], state)
    assert ending == Returned(0)
    assert objects == {state.machine}
    assert queries is not None
    assert FileAnswers(state.disk).are(queries)
    assert FileAnswers(written(state, 4096).disk).are(queries)
    assert not FileAnswers(written(state, 0).disk).are(queries)
    assert not FileAnswers(program.initial().disk).are(queries)


def test_what_changes_files_is_never_known_to_answer_the_same(program, state):
    ending, _, queries = program.call_noting("wrote", [512], state)
    assert ending == Returned(7)
    assert queries is None


def test_after_noting_a_call_runs_as_before(program, state):
    plainly = program.call("first", [512], state)
    program.call_noting("first", [512], state)
    assert program.call("first", [512], state) == plainly


def test_the_fields_that_a_function_can_look_at(program):
    assert "image" in program.fields_named("first")
    assert "seen" not in program.fields_named("first")
    assert program.fields_named("exchanged") is None
