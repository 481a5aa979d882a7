"""The document of one replay."""

from itertools import pairwise

from replay.engine.replay import replay
from replay.events.event import Command, Event, Guest, Image, Log
from replay.reports.documents.graph import graph
from replay.reports.documents.run import run_report
from replay.variants.variant import load_subject, resolve
from tests.examples import PATCHES

EVENTS = (
    Image("/i", "qcow2", 1 << 20),
    Command("cli", "drive", "if=none,id=d,file=/i"),
    Command("cli", "device", "virtio-blk-pci,drive=d"),
    Guest("write", "d", 0, 8, 7),
    Guest("read", "d", 0, 8),
    Command("qmp", "blockdev-snapshot-sync", {"device": "d", "snapshot-file": "/s"}),
    Guest("write", "d", 0, 8, 9),
)


def test_a_graph_is_drawn_anew_only_where_nodes_changed():
    subject = load_subject(PATCHES)
    trace = replay(Log.of("a", map(Event, EVENTS)), resolve(subject, "after", {}))
    steps = run_report(trace).steps
    assert [step.graph for step in steps] == [graph(s.view, subject.config) for s in steps]
    kept = [after.seq for before, after in pairwise(steps) if after.graph is before.graph]
    assert {4, 5, 7} <= set(kept)
    assert 6 not in kept
