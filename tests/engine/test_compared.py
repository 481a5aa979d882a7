"""How much of a log was compared, and why the rest was not."""

import pytest

from replay.engine.compared import Compared, Gap, compared
from replay.engine.replay import NOT_RUNNING
from replay.engine.trace import NOTHING, GapReason, ModelTrace, Outcome
from replay.events.event import Command
from replay.state.objects import stopped
from tests.handmade import machine, node, trace

ASKED = Command("qmp", "query", {})
DONE = Outcome("returned", {"x": 1})
EMPTY = machine(roots=())
WITH_NODE = machine(node(2, "d"), roots=(2,))


def refused(desc: str, status: str = "refused") -> Outcome:
    return Outcome(status, error={"class": "GenericError", "desc": desc})


def of(*steps) -> Compared:
    """What is compared between two traces with the same steps."""
    return compared([trace(name, *((ASKED, *step) for step in steps)) for name in "ab"])


MISSING = refused("Device 'x' not found")


def test_a_log_without_nodes_whose_every_command_lacks_one_tells_nothing():
    gaps = tuple(Gap(name, GapReason.NO_NODE, "", 1, 2) for name in "ab")
    assert of((MISSING, EMPTY), (MISSING, EMPTY)) == Compared(2, 0, 0, gaps)


@pytest.mark.parametrize(
    "other", [DONE, refused("no such driver"), refused("Device 'x' not found", "crashed")]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_command_that_lacks_no_node_tells_something(other, first):
    steps = [(other, EMPTY), (MISSING, EMPTY)]
    assert of(*(steps if first else steps[::-1])) == Compared(2, 2, 2)


def test_what_asks_nothing_of_the_code_is_compared_and_tells_nothing():
    nothing = of((NOTHING, WITH_NODE))
    assert nothing == Compared(1, 1, 0)
    assert nothing.is_nothing
    assert not nothing.is_all
    something = of((NOTHING, WITH_NODE), (DONE, WITH_NODE))
    assert something == Compared(2, 2, 1)
    assert not something.is_nothing
    assert something.is_all


def test_where_there_ever_was_a_node_all_is_compared():
    assert of((MISSING, EMPTY), (MISSING, WITH_NODE), (MISSING, EMPTY)) == Compared(3, 3, 3)


def test_events_of_one_reason_behind_each_other_are_one_gap():
    def gap(what: str) -> tuple:
        return Outcome("stopped", error={"desc": what}, gap=GapReason.LIMIT), WITH_NODE

    done = DONE, WITH_NODE
    gaps = [("one", 2, 3), ("two", 4, 4), ("two", 6, 6)]
    assert of(done, gap("one"), gap("one"), gap("two"), done, gap("two")).gaps == tuple(
        Gap(name, GapReason.LIMIT, what, first, last) for what, first, last in gaps for name in "ab"
    )


def test_what_a_log_does_without_its_machine_is_put_down_to_the_event_that_ended_it():
    gone = NOT_RUNNING, stopped(WITH_NODE)
    found = of((DONE, WITH_NODE), (DONE, stopped(WITH_NODE)), gone, gone)
    assert found.gaps == tuple(
        Gap(name, GapReason.NO_MACHINE, "#2 qmp query", 3, 4) for name in "ab"
    )


def test_a_log_that_goes_on_for_long_without_its_machine_is_looked_at_once(monkeypatch):
    looks = []
    runs_at = ModelTrace.runs_at
    monkeypatch.setattr(
        ModelTrace, "runs_at", lambda self, index: looks.append(index) or runs_at(self, index)
    )
    half = 500
    of(*[(DONE, WITH_NODE)] * half, *[(NOT_RUNNING, stopped(WITH_NODE))] * half)
    assert len(looks) <= 3 * 2 * 2 * half
