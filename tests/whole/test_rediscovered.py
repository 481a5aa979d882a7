"""What the model must find out by itself, from plain logs: the story of the two commits."""

import difflib

import pytest

from replay.engine.view import view
from tests.examples import NAMES
from tests.story import difference, files, flags, subject, trace, variant

NO_BACKING = 0x0100
SNAPSHOT = 0x0008
TEMPORARY = 0x0010
CLEARING = "    bs_top.open_flags = bs_top.open_flags & ~BDRV_O_NO_BACKING"


def last(name: str, at: str):
    """The outcome of an example's last event at a revision."""
    return trace(name, at).steps[-1].outcome


def reads(name: str, at: str) -> list[object]:
    """What the guest read in an example, read after read."""
    steps = trace(name, at).steps
    return [
        s.outcome.value["pattern"] for s in steps if getattr(s.event.payload, "name", "") == "read"
    ]


# 3a389e79


def test_3a389e79_changes_one_bit_of_state():
    found = difference("live-snapshot", "3a389e79^", "3a389e79")
    assert found
    for divergence in found:
        assert (divergence.place.kind, divergence.place.field) == ("field", "open_flags")
        before, after = divergence.values.values()
        assert before ^ after == NO_BACKING


def test_3a389e79_changes_behaviour_when_the_top_is_closed_and_opened():
    assert reads("lost-backing", "3a389e79^") == [0]
    assert reads("lost-backing", "3a389e79") == [97]


@pytest.mark.parametrize("name", sorted({*NAMES} - {"lost-backing", "lost-below"}))
def test_3a389e79_changes_no_outcome_and_no_file_without_that(name):
    kinds = {found.place.kind for found in difference(name, "3a389e79^", "3a389e79")}
    assert kinds <= {"field"}


# 4ddc07ca


def test_3a389e79_moves_nothing_and_4ddc07ca_exchanges_the_flags():
    snapshot = 5
    for at in ("3a389e79", "4ddc07ca^"):
        seen = flags(trace("live-snapshot", at), snapshot)
        assert seen["drive0"] == seen["drive0.backing_hd"]
        assert not any(value & NO_BACKING for value in seen.values())
    seen = flags(trace("live-snapshot", "4ddc07ca"), snapshot)
    assert seen["drive0.backing_hd"] & NO_BACKING
    assert not seen["drive0"] & NO_BACKING


@pytest.fixture
def uncleared(tmp_path) -> str:
    """A patch that takes out the line with which 4ddc07ca clears NO_BACKING on the top."""
    [source] = [file for file in variant("4ddc07ca").tree.files if file.name == "block.py"]
    lines = [f"{line.text}\n" for line in source.lines]
    rest = [line for line in lines if line != f"{CLEARING}\n"]
    assert len(rest) == len(lines) - 1
    patch = tmp_path / "uncleared.patch"
    # one line of context: the neighbours change later
    diff = difflib.unified_diff(lines, rest, "a/block.py", "b/block.py", n=1)
    patch.write_text("".join(diff))
    return str(patch)


@pytest.mark.parametrize("at", ["4ddc07ca", "f187743a^"])
def test_the_clearing_of_4ddc07ca_has_no_effect(at, uncleared):
    for name in NAMES:
        assert difference(name, at, f"{at}+{uncleared}") == ()


@pytest.mark.parametrize("at", ["f187743a", "7e3d98dd^"])
def test_the_clearing_has_none_on_ordinary_drives_until_7e3d98dd(at, uncleared):
    for name in ("live-snapshot", "lost-backing", "lost-below"):
        assert difference(name, at, f"{at}+{uncleared}") == ()
    # since f187743a a node that is opened with SNAPSHOT and NO_BACKING gets an overlay too
    for name in NAMES:
        for found in difference(name, at, f"{at}+{uncleared}"):
            kept, lost = found.values.values()
            assert (found.place.field, lost ^ kept) == ("open_flags", NO_BACKING)


def test_the_clearing_of_4ddc07ca_works_from_7e3d98dd_on(uncleared):
    without = f"7e3d98dd+{uncleared}"
    assert reads("lost-backing", "7e3d98dd") == [97]
    assert reads("lost-backing", without) == [0]
    for found in difference("live-snapshot", "7e3d98dd", without):
        kept, lost = found.values.values()
        assert lost ^ kept == NO_BACKING


# A backing node is closed and opened


def test_a_close_and_open_below_loses_data_with_the_flags_exchanged_and_not_after():
    assert reads("lost-below", "with") == [0, 98]
    assert reads("lost-below", "after") == [97, 98]


# snapshot=on


def test_the_founding_table_is_exact():
    founding = {
        "drive0": 0x224A,
        "drive0.file": 0x6252,
        "drive0.backing_hd": 0x2252,
        "drive0.backing_hd.file": 0x6240,
    }
    assert flags(trace("snapshot-on", "with"), 3) == founding
    assert flags(trace("snapshot-on", "after"), 3) == founding | {
        "drive0": 0x2252,
        "drive0.backing_hd": 0x224A,
    }


def test_temporary_stands_on_the_overlay_and_its_file_after_the_revert_only():
    def carry(bit: int, at: str) -> list[str]:
        seen = flags(trace("snapshot-on", at), 3)
        return [path for path, value in seen.items() if value & bit]

    assert carry(TEMPORARY, "before") == []
    assert carry(TEMPORARY, "with") == ["drive0.file", "drive0.backing_hd"]
    assert carry(TEMPORARY, "after") == ["drive0", "drive0.file"]
    # which the message of the revert does not say
    assert carry(SNAPSHOT, "with") == ["drive0"]
    assert carry(SNAPSHOT, "after") == ["drive0.backing_hd"]


def test_after_7e3d98dd_a_changed_medium_is_written_to():
    def medium(at: str) -> object:
        state = trace("unprotected-medium", at).steps[-1].state
        return view(state, subject()).files["/images/second.qcow2"].inode.extents

    assert medium("before") == medium("with")
    assert medium("after") != medium("with")
    assert reads("unprotected-medium", "with") == reads("unprotected-medium", "after") == [98]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("deleted-overlay", "overlay.qcow2"),
        ("deleted-mirror", "copy.qcow2"),
        ("deleted-backup", "copy.qcow2"),
        ("deleted-base", "base.qcow2"),
    ],
)
def test_after_7e3d98dd_a_file_of_the_user_is_unlinked(name, file):
    assert files(trace(name, "with"))[file]
    assert not files(trace(name, "after"))[file]


@pytest.mark.parametrize("name", ["live-snapshot", "lost-backing"])
def test_7e3d98dd_changes_no_outcome_of_an_ordinary_drive_whose_top_alone_is_opened_again(name):
    kinds = {found.place.kind for found in difference(name, "7e3d98dd^", "7e3d98dd")}
    assert kinds == {"field"}


# What came after


def test_f1f25a2e_breaks_commit_under_snapshot_on_and_b1e6fc08_mends_it():
    at = {at: last("refused-commit", at).status for at in ("with", "after", "f1f25a2e", "b1e6fc08")}
    assert at == {
        "with": "returned",
        "after": "returned",
        "f1f25a2e": "refused",
        "b1e6fc08": "returned",
    }


def test_f1f25a2e_and_b1e6fc08_touch_no_ordinary_drive_but_its_flags():
    for name in ("live-snapshot", "lost-backing", "lost-below"):
        for found in difference(name, "7e3d98dd", "f1f25a2e", "b1e6fc08"):
            assert (found.place.kind, found.place.field) == ("field", "open_flags")
