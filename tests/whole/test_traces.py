"""The model does what real QEMU was recorded to do, every log in every tree."""

import pytest

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


@pytest.mark.parametrize(("collection", "tree"), traces.RECORDED)
def test_every_log_agrees_with_real_qemu(collection, tree, recordings, exceptions):
    found = traces.compared(recordings[collection], tree)
    assert len(found) > 200
    differing = {log.log: log.first for log in found if log.first}
    allowed = {case.log for case in exceptions[collection] if case.tree == tree}
    assert {log: first for log, first in differing.items() if log not in allowed} == {}
    assert allowed == differing.keys(), "a listed exception agrees now: take it off the list"


@pytest.mark.parametrize("data", traces.COLLECTIONS, ids=lambda data: data.name)
def test_every_exception_is_of_a_tree_that_was_recorded(data, exceptions):
    assert {case.tree for case in exceptions[data.name]} <= set(traces.trees(data))


def test_an_exception_has_a_tree_a_log_and_a_statement_of_the_code():
    text = "# TREE LOG why\n\n7e3d98dd31~1 r005 qsort(a, n) is not stable\n"
    assert traces.exempt(text) == [("7e3d98dd31~1", "r005", "qsort(a, n) is not stable")]
    with pytest.raises(TypeError, match="statement"):
        traces.exempt("7e3d98dd31 r005\n")


@pytest.mark.parametrize(
    "tree", ["3a389e7926~1", "3a389e7926", "4ddc07cac2", "7e3d98dd31~1", "7e3d98dd31"]
)
def test_opening_and_live_snapshots_agree_at_the_founding_commits(tree, recordings):
    found = traces.compared(recordings["traces"], tree, ISSUE_2)
    assert tuple(log.log for log in found) == ISSUE_2
    assert {log.log: log.first for log in found if log.first} == {}
