"""A walk shows an event in all variants: what is the same once, what differs by their names."""

import pytest

from replay import observe, read_log, replay
from replay.engine.diff import diff
from replay.errors import ReplayError
from replay.reports.documents.walk.walk import walk
from replay.reports.text.walk import walk as walk_text
from tests.examples import PATCHES


@pytest.fixture(scope="module")
def traces(qemu):
    log = read_log(PATCHES / "examples" / "deleted-overlay.jsonl")
    return [replay(log, qemu.variant(name)) for name in ("before", "with", "after")]


def test_every_change_of_every_variant_is_there_once(traces):
    document = walk(traces)
    assert [step.seq for step in document.steps] == [1, 2, 3, 4, 5, 6]
    for step in document.steps:
        pairs = [
            (name, text) for group in step.changes for text in group.texts for name in group.names
        ]
        assert len(pairs) == len(set(pairs))
    (unlinked,) = {
        text
        for group in document.steps[4].changes
        for text in group.texts
        if "overlay.qcow2 unlinked" in text
    }
    assert unlinked == "- file /images/overlay.qcow2 unlinked"


def test_what_is_true_of_all_stands_first_and_names_no_variant(traces):
    step = walk(traces).steps[4]
    assert step.changes[0].names == ("before", "with", "after")
    text = str(walk_text(walk(traces)))
    assert "\n    returned\n" in text
    assert "\n    in after\n" in text
    assert "in before, with and after\n" not in text


def test_each_difference_is_told_where_it_begins(traces):
    begins = {step.seq: len(step.begins) for step in walk(traces).steps}
    expected = [divergence.first_seq for divergence in diff(*traces).divergences]
    assert begins == {seq: expected.count(seq) for seq in begins}
    assert any(
        text == "/images/overlay.qcow2: exists in before and with; unlinked in after"
        for text in walk(traces).steps[4].begins
    )


def test_flags_that_all_have_are_not_repeated(traces):
    texts = [text for step in walk(traces).steps for text in step.begins if "open_flags" in text]
    assert texts
    assert not any("CACHE_WB" in text for text in texts)


def test_it_ends_where_that_is_wanted_and_leaves_out_what_changes_nothing(traces):
    assert [step.seq for step in walk(traces, until=3).steps] == [1, 2, 3]
    changes = walk(traces, only_changes=True)
    assert all(step.is_change for step in changes.steps)
    assert changes.left_out == 6 - len(changes.steps) > 0
    assert "that changed nothing left out" in str(walk_text(changes))
    with pytest.raises(ReplayError, match="there is no event 9; the last is 6"):
        walk(traces, until=9)


def test_what_a_recording_saw_walks_beside_a_variant(qemu):
    log = read_log(PATCHES.parent / "tests/data/recordings/07-transaction-rollback.qmp.jsonl.xz")
    traces = [observe(log, qemu), replay(log, qemu.variant("after"))]
    document = walk(traces)
    assert [variant.name for variant in document.variants] == ["recorded", "after"]
    assert len(document.steps) == len(log.events)
    begins = sum(len(step.begins) for step in document.steps)
    assert begins == len(diff(*traces).divergences)


def test_one_variant_walks_too(traces):
    text = str(walk_text(walk(traces[:1])))
    assert "differs" not in text
    assert " in before" not in text
