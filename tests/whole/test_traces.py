"""The model does what real QEMU was recorded to do, every log in every tree."""

import pytest

from replay.qemu.conformance import Agreement, Disagreement
from tests import traces

ISSUE_2 = (
    "01a_open_qcow2",
    "01d_open_chain3",
    "01e_open_cache_directsync",
    "01e_open_cache_none",
    "01e_open_cache_unsafe",
    "01e_open_cache_writeback",
    "01e_open_cache_writethrough",
    "01f_open_readonly",
    "02a_snap1_qcow2",
    "02c_snap2_qcow2",
    "02d_snap3_qcow2",
    "03a_tmp_qcow2",
    "03f_tmp_global",
    "04b_tmp_snap_existing",
    "40a_reopen_after_snap",
)
"""Opening and live snapshots, the operations that the founding commits are about."""


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    """For each collection, a directory with all its logs and what was recorded of them."""
    return {
        data.name: traces.unpack(tmp_path_factory.mktemp(data.name), data)
        for data in traces.COLLECTIONS
    }


@pytest.fixture(scope="session")
def exceptions():
    """For each collection, the cases that may disagree."""
    return {
        data.name: traces.exempt((data / "exceptions.txt").read_text())
        for data in traces.COLLECTIONS
    }


@pytest.fixture(scope="session")
def order(recordings):
    """For each collection, its trees in the order of the series."""
    return {name: traces.order(directory) for name, directory in recordings.items()}


@pytest.mark.parametrize(("collection", "tree"), traces.RECORDED)
def test_every_log_agrees_with_real_qemu(collection, tree, recordings, exceptions, order):
    found = traces.compared(recordings[collection], tree)
    assert len(found) > 160
    trees, cases = order[collection], exceptions[collection]
    differing = {log.log: log for log in found if log.first}
    wrong = [log for log in differing.values() if not any(c.covers(log, trees) for c in cases)]
    assert {log.log: log.first for log in wrong} == {}
    # those of a tree and all after it have to differ in the last one
    named = {c.log for c in cases if c.tree == tree or (c.on and tree == trees[-1])}
    needless = (named & {log.log for log in found}) - differing.keys()
    assert needless == set(), "a listed exception agrees now: take it off the list"


@pytest.mark.parametrize("data", traces.COLLECTIONS, ids=lambda data: data.name)
def test_every_exception_is_of_a_tree_that_was_recorded(data, exceptions):
    assert {case.tree for case in exceptions[data.name]} <= set(traces.trees(data))


def test_an_exception_has_a_tree_a_log_and_a_statement_of_the_code():
    text = "# TREE LOG why\n\n7e3d98dd31~1 r005 qsort(a, n) is not stable\n"
    assert traces.exempt(text) == [("7e3d98dd31~1", "r005", "qsort(a, n) is not stable", 0, False)]
    assert traces.exempt("a.. r005:7 f()") == [("a", "r005", "f()", 7, True)]
    with pytest.raises(TypeError, match="statement"):
        traces.exempt("7e3d98dd31 r005\n")


@pytest.mark.parametrize(
    ("line", "covered"),
    [
        ("a.. r1 f()", ["a3", "a7", "b3", "b7"]),
        ("b r1 f()", ["b3", "b7"]),
        ("a.. r1:5 f()", ["a7", "b7"]),
        ("a.. r2 f()", []),
    ],
)
def test_an_exception_is_of_a_tree_or_all_after_it_and_from_an_event_on(line, covered):
    [case] = traces.exempt(line)
    found = [
        Agreement("r1", tree, 9, 8, Disagreement(seq, "", "reply", 1, 2))
        for tree in ("0", "a", "b")
        for seq in (3, 7)
    ]
    names = [f"{log.tree}{log.first.seq}" for log in found if case.covers(log, ("0", "a", "b"))]
    assert names == covered


@pytest.mark.parametrize(
    "tree", ["3a389e7926~1", "3a389e7926", "4ddc07cac2", "7e3d98dd31~1", "7e3d98dd31"]
)
def test_opening_and_live_snapshots_agree_at_the_founding_commits(tree, recordings):
    found = traces.compared(recordings["traces"], tree, ISSUE_2)
    assert tuple(log.log for log in found) == ISSUE_2
    assert {log.log: log.first for log in found if log.first} == {}
