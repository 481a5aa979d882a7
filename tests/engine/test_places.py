"""The value of each kind of place in a view, and that kinds are compared in one module only."""

import re
from pathlib import Path

import pytest

import replay
from replay.engine.diff import diff
from replay.engine.places import (
    ABSENT,
    KINDS,
    EdgePlace,
    FieldPlace,
    FilePlace,
    MachinePlace,
    NodePlace,
    OutcomePlace,
)
from replay.engine.trace import Outcome
from replay.engine.view import view
from replay.events.event import Guest
from replay.state.objects import Ref, stopped
from tests.handmade import SUBJECT, disk, machine, node, trace

EIO = Outcome("refused", error={"errno": "EIO", "desc": "words"})
RING = machine(
    node(2, "d", x=1, backing_hd=Ref(3)),
    node(3, x=2, file=Ref(2)),
    roots=(2,),
    disk=disk("/a", gone=("/b",)),
)
VALUES = {
    OutcomePlace("guest read d"): {"status": "refused", "errno": "EIO"},
    MachinePlace(): True,
    FilePlace("/a"): "exists",
    FilePlace("/b"): "unlinked",
    FilePlace("/c"): "absent",
    FilePlace("/a", "size"): 1 << 20,
    FilePlace("/a", "data"): [],
    FilePlace("/b", "size"): ABSENT,
    NodePlace("d.backing_hd"): "present",
    NodePlace("d.file"): "absent",
    EdgePlace("d.backing_hd.file"): "d",
    EdgePlace("d.backing_hd"): "d.backing_hd",
    EdgePlace("d.file"): ABSENT,
    FieldPlace("d.backing_hd", "x"): 2,
    FieldPlace("d", "nothing"): ABSENT,
    FieldPlace("e", "x"): ABSENT,
}


@pytest.mark.parametrize("place", VALUES)
def test_a_place_has_this_value(place):
    assert place.value_in(EIO, view(RING, SUBJECT)) == VALUES[place]


def test_without_a_machine_nodes_are_absent_and_files_stay():
    gone = view(stopped(RING), SUBJECT)
    for place in VALUES:
        if place.level == "state":
            assert place.value_in(EIO, gone) is ABSENT
    assert FilePlace("/a").value_in(EIO, gone) == "exists"
    assert MachinePlace().value_in(EIO, gone) is False


def test_a_divergence_has_the_value_that_its_place_has_in_each_trace():
    read = Guest("read", "d", 0, 8)
    other = machine(node(2, "d", x=5), roots=(2,), disk=disk("/b"))
    traces = trace("a", (read, EIO, RING)), trace("b", (read, Outcome("returned", {}), other))
    found = diff(*traces).divergences
    assert {type(d.place).__name__ for d in found} >= {"OutcomePlace", "FilePlace", "FieldPlace"}
    for divergence in found:
        for one in traces:
            value = divergence.place.value_in(one.steps[0].outcome, one.view_at(0))
            assert divergence.values[one.player.name] == value


def test_the_existence_of_a_place_is_that_of_its_node_or_file():
    assert FieldPlace("d", "x").existence == NodePlace("d")
    assert FilePlace("/a", "size").existence == FilePlace("/a")


def test_only_the_module_of_places_compares_kinds_of_places_by_their_words():
    source = Path(replay.__file__).parent
    words = "|".join(KINDS)
    for room in ("engine", "analysis", "reports", "cli"):
        for path in (source / room).rglob("*.py"):
            if path != source / "engine" / "places.py":
                compared = rf'place\.kind\s*(==|!=|in)|\bkind\s*(==|!=)\s*"({words})"'
                assert not re.search(compared, path.read_text()), path
