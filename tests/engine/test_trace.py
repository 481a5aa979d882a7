"""Traces of the model and of observed machines beside each other."""

from msgspec.structs import replace

from replay.engine.compared import compared_views, hidden_fields
from replay.engine.diff import diff
from replay.engine.places import FieldPlace, NodePlace
from replay.engine.trace import ObservedStep, ObservedTrace, Observer, Outcome
from replay.engine.view import File, View, view
from replay.events.event import Event, Guest, Log, LogHeader, Notice
from replay.state.disk import Inode
from replay.state.extents import UNREADABLE_DATA, Extent
from replay.state.objects import Ref, State
from tests.handmade import SUBJECT, machine, node, trace

READ = Guest("read", "d", 0, 8)
TAKEN = Outcome("returned", {})


def drive(**fields) -> State:
    return machine(node(2, "d", **fields), roots=(2,))


def model(name: str, *states: State):
    return trace(name, *((READ, TAKEN, state) for state in states))


def observed(name: str, *states: State | None) -> ObservedTrace:
    """A machine that was seen in these states; None where nobody looked."""
    log = model("a", *(state or drive() for state in states)).log
    views = [None if state is None else view(state, SUBJECT) for state in states]
    steps = tuple(
        ObservedStep(seq, event, None if after is None else TAKEN, after)
        for seq, (event, after) in enumerate(zip(log.events, views, strict=True), 1)
    )
    return ObservedTrace(log, Observer(name, "1", "", SUBJECT), steps, lambda whole: whole)


def places(*traces) -> dict:
    return {(d.place, d.first_seq, d.last_seq): d.values for d in diff(*traces).divergences}


def test_two_observers_of_one_machine_do_not_diverge():
    assert places(observed("a", drive(x=1)), observed("b", drive(x=1))) == {}


def test_two_observers_are_compared_in_what_both_see():
    found = places(observed("a", drive(x=1, y=1)), observed("b", drive(x=2)))
    assert found == {(FieldPlace("d", "x"), 1, 1): {"a": 1, "b": 2}}


def test_a_model_is_compared_in_what_every_observer_sees():
    traces = (
        model("m", drive(x=1, y=1, z=1)),
        observed("a", drive(x=2, y=2)),
        observed("b", drive()),
    )
    assert places(*traces) == {}
    assert places(*traces[:2]).keys() == {(FieldPlace("d", name), 1, 1) for name in "xy"}
    assert hidden_fields(traces[:2]) == ("z",)
    assert hidden_fields(traces) == ("x", "y", "z")


def test_what_differed_lasts_while_a_state_is_unknown():
    found = places(
        model("m", drive(x=1), drive(x=1), drive(x=1)), observed("a", drive(x=2), None, drive(x=1))
    )
    assert found == {(FieldPlace("d", "x"), 1, 2): {"m": 1, "a": 2}}


def test_a_node_that_only_one_has_is_told_whoever_has_it():
    more = machine(node(2, "d", file=Ref(3)), node(3), roots=(2,))
    assert places(observed("a", drive()), observed("b", more)) == {
        (NodePlace("d.file"), 1, 1): {"a": "absent", "b": "present"}
    }


def test_traces_of_one_name_are_told_apart():
    found = diff(model("a", drive(x=1)), model("a", drive(x=2)), observed("a", drive(x=3)))
    assert [one.player.name for one in found.traces] == ["a", "a-2", "a-3"]
    assert [dict(d.values) for d in found.divergences] == [{"a": 1, "a-2": 2, "a-3": 3}]


def test_a_complete_trace_hides_nothing():
    a = model("a", drive(x=1))
    assert hidden_fields([a, replace(a, variant=a.variant.renamed("b"))]) == ()
    assert compared_views([a], 0)["a"].nodes["d"].fields["x"] == 1


def test_the_files_at_the_end_are_those_that_were_last_observed():
    held = Inode(0, "qcow2", 131072, extents=(Extent(0, 128, 9), Extent(128, 130, -1)))
    lost = Inode(0, "qcow2", 65536, extents=UNREADABLE_DATA)
    files = {
        "/a": File("qcow2", 131072, None, None, unlinked=False, inode=held),
        "/b": File("qcow2", 65536, None, None, unlinked=False, inode=lost),
        "/c": File("qcow2", 65536, None, None, unlinked=True, inode=lost),
    }
    event = Event(Notice("x"))
    steps = (
        ObservedStep(1, event, None, View(running=False, files=files)),
        ObservedStep(2, event, None, None),
    )
    log = Log("l", LogHeader("l"), (event, event), "")
    trace = ObservedTrace(log, Observer("o", "", "", SUBJECT), steps, lambda whole: whole)
    files_then = trace.files_after(1)
    assert files_then["/a"]["content_runs_KiB"] == [[9, 64], ["mixed", 64]]
    assert files_then["/b"]["content_runs_KiB"] == "it cannot be read"
    assert "/c" not in files_then
