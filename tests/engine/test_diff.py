"""What counts as a divergence, between views and between outcomes made by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.engine.compare import compare_outcomes, compare_states, compare_views, differ
from replay.engine.diff import Span, diff, spans
from replay.engine.places import (
    EdgePlace,
    FieldPlace,
    FilePlace,
    MachinePlace,
    NodePlace,
    OutcomePlace,
    comparable,
    label,
)
from replay.engine.replay import NOT_RUNNING
from replay.engine.trace import GapReason, Outcome
from replay.engine.view import view
from replay.events.event import Await, Command, Guest, Internal, Notice
from replay.state.extents import Extent
from replay.state.objects import Object, Ref, State, stopped
from tests.handmade import SUBJECT, disk, machine, node, trace

TAKEN = Outcome("returned", {}, None)


def compare(**states: State):
    """The differences between states, by the variants' names."""
    differences = compare_states(states, SUBJECT)
    assert differences == compare_views({n: view(state, SUBJECT) for n, state in states.items()})
    return differences


def one(*nodes: Object, **fields) -> State:
    """A machine with the drive d."""
    return machine(node(2, "d", **fields), *nodes, roots=(2,))


# Fields


def test_equal_states_do_not_differ():
    assert compare(a=one(flags=1), b=one(flags=1)) == {}


def test_a_field_differs_with_its_value_in_each_variant():
    found = compare(a=one(flags=1), b=one(flags=2), c=one(flags=1))
    assert found == {FieldPlace("d", "flags"): {"a": 1, "b": 2, "c": 1}}


def test_a_field_is_compared_only_among_the_variants_that_have_it():
    assert compare(a=one(old=1), b=one(), c=one(old=1)) == {}
    assert compare(a=one(old=1), b=one(), c=one(old=2)) == {
        FieldPlace("d", "old"): {"a": 1, "c": 2}
    }


def test_false_and_zero_are_the_same_value():
    assert compare(a=one(growable=False), b=one(growable=0)) == {}


def test_identities_are_never_compared():
    a = machine(node(2, "d", file=Ref(3)), node(3), roots=(2,))
    b = machine(node(7, "d", file=Ref(5)), node(5), roots=(7,))
    assert compare(a=a, b=b) == {}


# Nodes and edges


def test_only_the_topmost_missing_node_is_told():
    whole = one(node(3, file=Ref(4)), node(4), backing_hd=Ref(3))
    assert compare(a=whole, b=one(backing_hd=None)) == {
        NodePlace("d.backing_hd"): {"a": "present", "b": "absent"}
    }


def test_a_missing_root_is_told():
    assert compare(a=one(), b=machine(roots=())) == {
        NodePlace("d"): {"a": "present", "b": "absent"}
    }


def test_a_path_missing_at_two_heights_is_told_at_both():
    found = compare(
        a=one(node(3, file=Ref(4)), node(4), backing_hd=Ref(3)),
        b=one(node(3), backing_hd=Ref(3)),
        c=one(),
    )
    assert set(found) == {
        NodePlace("d.backing_hd"),
        NodePlace("d.backing_hd.file"),
    }


def test_a_cycle_in_one_variant_is_an_edge_and_nothing_below_it_is_missing():
    ring = one(node(3, backing_hd=Ref(2)), backing_hd=Ref(3))
    chain = one(
        node(3, backing_hd=Ref(4)),
        node(4, "d", file=Ref(5), backing_hd=Ref(3)),
        node(5),
        backing_hd=Ref(3),
    )
    found = compare(a=ring, b=chain)
    assert found[EdgePlace("d.backing_hd.backing_hd")] == {
        "a": "d",
        "b": "d.backing_hd.backing_hd",
    }
    assert not [place for place in found if place.kind == "node"]


def test_an_alias_in_all_variants_is_no_divergence():
    shared = machine(node(2, "d", file=Ref(4)), node(3, "e", file=Ref(4)), node(4), roots=(2, 3))
    assert compare(a=shared, b=shared, c=shared) == {}


def test_a_job_is_compared_by_its_fields():
    def with_job(offset):
        return one(Object(3, "Job", (("offset", offset),)), job=Ref(3))

    assert compare(a=with_job(1), b=with_job(2)) == {
        FieldPlace("d.job", "offset"): {"a": 1, "b": 2}
    }


def test_a_machine_that_is_gone_is_one_divergence_and_its_nodes_are_none():
    state = machine(node(2, "d"), roots=(2,), disk=disk("/a"))
    assert compare(a=state, b=stopped(state)) == {MachinePlace(): {"a": True, "b": False}}


# Files


def files(*args, **kwargs) -> State:
    return machine(roots=(), disk=disk(*args, **kwargs))


def test_a_file_differs_in_existence():
    found = compare(a=files("/a"), b=files(gone=("/a",)), c=files())
    assert found == {FilePlace("/a"): {"a": "exists", "b": "unlinked", "c": "absent"}}


def test_a_file_differs_in_its_header():
    inode = files("/a").disk.inodes[0]
    state = files("/a")
    other = replace(state, disk=replace(state.disk, inodes=(replace(inode, backing_file="/b"),)))
    assert compare(a=state, b=other) == {FilePlace("/a", "backing_file"): {"a": None, "b": "/b"}}


def test_a_file_differs_in_its_data():
    assert compare(a=files("/a"), b=files("/a", data=(Extent(0, 128, 9),))) == {
        FilePlace("/a", "data"): {
            "a": [],
            "b": [{"pattern": 9, "offset": 0, "length": 65536}],
        }
    }


def test_header_and_data_of_a_file_that_is_gone_are_not_compared():
    found = compare(a=files(gone=("/a",)), b=files(gone=("/a",), data=(Extent(0, 128, 9),)))
    assert found == {}


# Outcomes

READ = Guest("read", "d", 0, 8)


def outcomes(**found: Outcome):
    return compare_outcomes(READ, found)


def test_outcomes_are_compared_by_class_and_errno_and_not_by_wording():
    a = Outcome("refused", None, {"class": "GenericError", "desc": "one"})
    b = Outcome("refused", None, {"class": "GenericError", "desc": "two"})
    c = Outcome("refused", None, {"class": "DeviceNotFound", "desc": "one"})
    assert outcomes(a=a, b=b) == {}
    assert outcomes(a=a, b=b, c=c) == {
        OutcomePlace("guest read d"): {
            "a": {"status": "refused", "class": "GenericError"},
            "b": {"status": "refused", "class": "GenericError"},
            "c": {"status": "refused", "class": "DeviceNotFound"},
        }
    }
    assert outcomes(a=Outcome("refused", None, {"errno": "EIO"}), b=TAKEN)


def test_the_text_of_a_monitor_does_not_count():
    a = Outcome("refused", None, {"text": "one"})
    assert comparable(a) == {"status": "refused"}


def test_reads_are_compared_by_what_they_show():
    a, b = (Outcome("returned", {"pattern": pattern}, None) for pattern in (0, 97))
    assert list(outcomes(a=a, b=b)) == [OutcomePlace("guest read d")]


def test_a_crash_is_not_a_refusal_of_the_same_class():
    a, b = (Outcome(status, None, {"class": "Fault"}) for status in ("crashed", "refused"))
    assert outcomes(a=a, b=b)


def test_a_machine_that_is_gone_takes_no_part_in_outcomes():
    gone = NOT_RUNNING
    assert outcomes(a=TAKEN, b=gone) == {}
    assert outcomes(a=TAKEN, b=gone, c=Outcome("refused", None, {"errno": "EIO"}))


def test_events_of_one_sort_have_one_label():
    assert label(Guest("write", "d", 8, 8, 1)) == label(Guest("write", "d", 0, 16, 2))
    assert label(Command("qmp", "eject", {"device": "d"})) == "qmp eject"
    assert label(Internal("close-open", "d", 1)) == "internal close-open d"
    assert label(Await("ready", "d")) == "await d ready"
    assert label(Await("settled")) == "await settled"
    assert label(Notice("STOP")) == "notice STOP"


# Spans

HERE, THERE = FieldPlace("d", "a"), FieldPlace("d", "b")


def test_the_same_values_in_successive_events_are_one_divergence():
    values = {"a": 1, "b": 2}
    assert list(spans([(1, {}), (2, {HERE: values}), (3, {HERE: dict(values)}), (4, {})])) == [
        Span(HERE, values, 2, 3)
    ]


def test_when_a_value_changes_the_next_divergence_begins():
    first, second = {"a": 1, "b": 2}, {"a": 1, "b": 3}
    assert list(spans([(1, {HERE: first}), (2, {HERE: second}), (3, {HERE: second})])) == [
        Span(HERE, first, 1, 1),
        Span(HERE, second, 2, 3),
    ]


def test_a_difference_that_comes_back_is_told_twice():
    values = {"a": 1, "b": 2}
    assert [
        (found.first_seq, found.last_seq)
        for found in spans([(1, {HERE: values}), (2, {}), (3, {HERE: values})])
    ] == [(1, 1), (3, 3)]


VALUES = st.sampled_from([{"a": 1, "b": 2}, {"a": 2, "b": 1}])


@given(st.lists(st.dictionaries(st.sampled_from([HERE, THERE]), VALUES), max_size=8))
def test_spans_say_at_each_event_exactly_what_differs_there(events):
    found = list(spans(enumerate(events, 1)))
    for seq, differences in enumerate(events, 1):
        told = {d.place: d.values for d in found if d.first_seq <= seq <= d.last_seq}
        assert told == differences
        assert sum(d.first_seq <= seq <= d.last_seq for d in found) == len(differences)


def test_one_value_or_none_does_not_differ():
    assert not differ({})
    assert not differ({"a": 1})


# Traces


def test_traces_that_are_the_same_do_not_diverge():
    steps = [(READ, TAKEN, one(x=1)), (READ, TAKEN, one(x=2))]
    assert diff(trace("a", *steps), trace("b", *steps)).divergences == ()
    assert diff(trace("a", *steps), trace("a", *steps)).divergences == ()


def test_divergences_come_by_event_then_behaviour_before_state_then_as_nodes_are_walked():
    no = Outcome("refused", error={"errno": "EIO"})

    def state(x: int, *names: str) -> State:
        child = node(3, x=x)
        top = node(2, "d", y=x, x=x, backing_hd=Ref(3), file=Ref(4))
        return machine(top, child, node(4, x=x), roots=(2,), disk=disk(*names))

    a = trace("a", (READ, TAKEN, state(0)), (READ, TAKEN, state(1)), (READ, TAKEN, state(1)))
    b = trace("b", (READ, TAKEN, state(0)), (READ, no, state(2, "/a")), (READ, no, state(2)))
    found = diff(a, b).divergences
    assert [(d.first_seq, d.last_seq, *d.place.document().values()) for d in found] == [
        (2, 3, "outcome", "guest read d", ""),
        (2, 2, "file", "/a", "existence"),
        (2, 3, "field", "d", "y"),
        (2, 3, "field", "d", "x"),
        (2, 3, "field", "d.file", "x"),
        (2, 3, "field", "d.backing_hd", "x"),
    ]


def test_a_diff_mirrors_the_diff_the_other_way_round():
    a = trace("a", (READ, TAKEN, one(x=1)), (READ, TAKEN, one(node(3), file=Ref(3))))
    b = trace("b", (READ, TAKEN, one(x=2)), (READ, TAKEN, stopped(one())))
    one_way, other_way = diff(a, b).divergences, diff(b, a).divergences
    assert [(d.place, d.first_seq, d.last_seq) for d in one_way] == [
        (d.place, d.first_seq, d.last_seq) for d in other_way
    ]
    assert [dict(d.values) for d in one_way] == [dict(d.values) for d in other_way]


def test_a_machine_that_is_gone_by_a_limit_of_ours_differs_from_none_that_runs():
    asked, state = Command("qmp", "a", {}), one(flags=1)
    limit = Outcome("stopped", error={"desc": "too much"}, gap=GapReason.LIMIT)
    runs = trace("a", (asked, TAKEN, state), (asked, TAKEN, state))
    ended = ((asked, outcome, stopped(state)) for outcome in (limit, NOT_RUNNING))
    assert diff(runs, trace("b", *ended)).divergences == ()
    crashed = Outcome("crashed", error={"class": "Fault", "desc": "x"})
    ended = ((asked, outcome, stopped(state)) for outcome in (crashed, NOT_RUNNING))
    found = diff(runs, trace("b", *ended)).divergences
    assert MachinePlace() in {divergence.place for divergence in found}


def test_traces_of_several_logs_are_not_compared():
    with pytest.raises(ValueError, match="one log"):
        diff(trace("a", (READ, TAKEN, one())), trace("b"))


# A table: two small traces of reads in, divergences out

EIO = Outcome("refused", error={"errno": "EIO"})
X = ("field", "d", "x")
TABLE = {
    "nothing": ([], [], []),
    "the same": ([(TAKEN, one(x=1))] * 2, [(TAKEN, one(x=1))] * 2, []),
    "a field, all along": (
        [(TAKEN, one(x=1))] * 3,
        [(TAKEN, one(x=2))] * 3,
        [(X, (1, 2), 1, 3)],
    ),
    "a field, whose value changes": (
        [(TAKEN, one(x=1)), (TAKEN, one(x=1)), (TAKEN, one(x=4))],
        [(TAKEN, one(x=2)), (TAKEN, one(x=3)), (TAKEN, one(x=4))],
        [(X, (1, 2), 1, 1), (X, (1, 3), 2, 2)],
    ),
    "an outcome, then a node that it did not make": (
        [(TAKEN, one()), (TAKEN, one(node(3), file=Ref(3)))],
        [(TAKEN, one()), (EIO, one())],
        [
            (
                ("outcome", "guest read d", ""),
                ({"status": "returned", "value": {}}, {"status": "refused", "errno": "EIO"}),
                2,
                2,
            ),
            (("node", "d.file", "existence"), ("present", "absent"), 2, 2),
        ],
    ),
    "a file that is gone in one": (
        [(TAKEN, files("/a"))] * 2,
        [(TAKEN, files("/a")), (TAKEN, files(gone=("/a",)))],
        [(("file", "/a", "existence"), ("exists", "unlinked"), 2, 2)],
    ),
    "a machine that is gone in one": (
        [(TAKEN, one(x=1))],
        [(TAKEN, stopped(one(x=2)))],
        [(("outcome", "machine", "running"), (True, False), 1, 1)],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_two_traces_give_these_divergences(name):
    a, b, wanted = TABLE[name]
    traces = (trace(of, *((READ, *step) for step in steps)) for of, steps in (("a", a), ("b", b)))
    assert [
        (tuple(d.place.document().values()), tuple(d.values.values()), d.first_seq, d.last_seq)
        for d in diff(*traces).divergences
    ] == wanted
