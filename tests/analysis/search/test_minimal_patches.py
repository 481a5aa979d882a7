"""As few patches as bring something about: none can be left out, and all apply."""

import pytest

from replay.analysis.bisect import about_place
from replay.analysis.search.minimal_patches import minimal_patches
from replay.engine.find_place import find_place
from replay.engine.replay import replay
from replay.errors import Conflict, ReplayError
from replay.events.event import Command
from replay.series import apply
from replay.variants.variant import variant_with_tree
from tests.examples import example, log_of, traced


def ends_of(subject, log, start, end):
    """A log in two variants."""
    one, other = traced(subject, log, start, end)
    return one, other


def fewest(ends, text):
    """The last that a search about a place gives."""
    *_, found = minimal_patches(ends, about_place(ends, find_place(text, ends)))
    return found


def shas(patches):
    """Short shas."""
    return [patch.sha[:8] for patch in patches]


UNCOUPLE = log_of(
    Command("cli", "train", "7"),
    Command("qmp", "couple", {"train": "7"}),
    Command("qmp", "couple", {"train": "7"}),
    Command("qmp", "uncouple", {"train": "7"}),
)


def test_of_the_toy_the_one_patch_that_matters_is_left(toy):
    ends = ends_of(toy, UNCOUPLE, "before", "after")
    found = fewest(ends, "7.behind.marks.BRAKE")
    assert (shas(found.patches), found.minimal) == (["bbbb2222"], True)


def test_a_patch_that_no_other_needs_is_left_out(qemu):
    found = fewest(ends_of(qemu, example("lost-backing"), "before", "after"), "drive0.backing_hd")
    assert shas(found.patches) == ["3a389e79"]
    assert found.standing == ((),)


@pytest.fixture(scope="module")
def overlay(qemu):
    """What it takes that the overlay of a live snapshot is unlinked."""
    ends = ends_of(qemu, example("deleted-overlay"), "before", "after")
    return ends, fewest(ends, "/images/overlay.qcow2")


def test_what_matters_itself_is_told_from_what_others_stand_on(overlay):
    _, found = overlay
    pairs = zip(found.patches, found.standing, strict=True)
    matter = [patch.sha[:8] for patch, on in pairs if not on]
    assert "8bfea15d" in matter and "7e3d98dd" in matter


def test_without_any_one_of_them_it_is_not_so(qemu, overlay):
    ends, found = overlay
    question = about_place(ends, find_place("/images/overlay.qcow2", ends))

    def answer(patches):
        tree = ends[0].variant.tree
        for patch in patches:
            try:
                tree = apply(tree, patch)
            except Conflict:
                continue
        try:
            variant = variant_with_tree(ends[0].variant, tree, "x")
        except ReplayError:
            return None
        return question(replay(ends[0].log, variant)).value

    assert answer(found.patches) == "unlinked"
    for patch in found.patches:
        assert answer([it for it in found.patches if it is not patch]) != "unlinked"


def test_backwards_it_is_the_same(qemu):
    there = fewest(ends_of(qemu, example("lost-backing"), "before", "after"), "drive0.backing_hd")
    back = fewest(ends_of(qemu, example("lost-backing"), "after", "before"), "drive0.backing_hd")
    assert there.patches == back.patches


def test_ends_that_answer_alike_are_refused(qemu):
    ends = ends_of(qemu, example("lost-backing"), "with", "after")
    with pytest.raises(ReplayError, match="the same answer"):
        fewest(ends, "/images/base.qcow2")


def test_variants_that_no_set_of_patches_leads_between_are_refused(qemu):
    ends = ends_of(qemu, example("snapshot-on"), "after-8bfea15d-7e3d98dd", "after")
    with pytest.raises(ReplayError, match="no one set of patches"):
        fewest(ends, "drive0.open_flags.TEMPORARY")
