"""What the model finds out by itself about the months after the two commits, to October 2015."""

from functools import cache

import pytest

from replay.engine.replay import replay
from replay.engine.trace import ModelTrace, Outcome, disk_left
from replay.engine.view import view
from replay.events.event import Log
from replay.formats import read as ingest
from replay.state.disk import final_files
from tests.examples import PATCHES
from tests.story import files, flags, subject, variant
from tests.story import trace as founding

LATER = PATCHES / "examples" / "later"
TEMPORARY = 0x0010


@cache
def trace(name: str, at: str) -> ModelTrace:
    """What one of the later examples does at a revision."""
    recording = next(iter(ingest.read(LATER / f"{name}.jsonl")))
    return replay(Log.of(name, recording.events), variant(at))


def outcome(name: str, at: str, command: str, nth: int = 0) -> Outcome:
    """How a command of an example ended, the first of that name by default."""
    steps = trace(name, at).steps
    found = [step for step in steps if getattr(step.event.payload, "name", "") == command]
    return found[nth].outcome


def statuses(name: str, command: str, *points: str, nth: int = 0) -> list[str]:
    """How it ended at each of the points."""
    return [outcome(name, at, command, nth).status for at in points]


def image(name: str, at: str, file: str) -> object:
    """What a file itself holds at the end of an example."""
    return view(trace(name, at).steps[-1].state, subject()).files[file].inode.extents


# Drives with format=file


def test_a_drive_with_format_file_has_no_live_snapshot_from_20cca275_to_53a29513():
    around = ("826b6ca0", "20cca275", "eaf5fe2d", "53a29513", "swapless")
    found = statuses("unsnapshotted-file", "blockdev-snapshot-sync", *around)
    assert found == ["returned", "refused", "refused", "returned", "returned"]


def test_from_53a29513_on_snapshot_on_does_not_protect_it():
    before = image("unprotected-file", "eaf5fe2d", "/images/base.raw")
    assert image("unprotected-file", "b1e6fc08", "/images/base.raw") == before
    for at in ("53a29513", "swapless"):
        assert image("unprotected-file", at, "/images/base.raw") != before
        assert flags(trace("unprotected-file", at), 2) == {"drive0": 0x824A}


# Commits of larger overlays


def test_for_a_month_no_overlay_that_is_larger_than_its_base_can_be_committed():
    def found(at: str) -> list[object]:
        commits = [outcome("larger-overlay", at, "block-commit", nth) for nth in (0, 1)]
        grown = image("larger-overlay", at, "/images/base.qcow2")
        return [commits[1].status, outcome("larger-overlay", at, "commit").status, len(grown)]

    for at in ("465bee1d", "628ff683", "6b8aeca5", "swapless"):
        assert found(at) == ["returned", "returned", 2], at
    for at in ("826b6ca0", "20cca275"):
        assert found(at) == ["refused", "refused", 1], at


# json: names


def test_a_drive_with_an_option_of_its_driver_has_no_live_snapshot_from_91af7014_to_5b0959a7():
    around = ("13d8cc51", "91af7014", "99b7e775^^", "5b0959a7", "swapless")
    found = statuses("json-name", "blockdev-snapshot-sync", *around)
    assert found == ["returned", "refused", "refused", "returned", "returned"]


# dd62f1ca


def test_two_live_snapshots_of_a_drive_in_a_transaction_end_the_process_from_dd62f1ca_on():
    around = ("b1e6fc08", "d42a8a93", "dd62f1ca", "swapless")
    found = statuses("two-snapshots", "transaction", *around)
    assert found == ["returned", "returned", "crashed", "crashed"]
    assert outcome("two-snapshots", "dd62f1ca", "transaction").error["class"] == "Assertion"


def test_the_stream_of_one_drive_takes_another_off_the_list_from_dd62f1ca_on():
    around = ("d42a8a93", "dd62f1ca", "swapless")
    found = statuses("lost-drive", "block_resize", *around)
    assert found == ["returned", "refused", "refused"]


def test_and_at_the_end_what_the_guest_wrote_to_that_is_lost():
    def left(at: str) -> object:
        last = trace("lost-drive", at).steps[-1].state
        return final_files(disk_left(variant(at), last))["/images/other.qcow2"]["content_runs_KiB"]

    assert left("d42a8a93") == left("b1e6fc08") == [[98, 64], [0, 8128]]
    assert left("dd62f1ca") == left("swapless") == [[0, 4096]]


@pytest.mark.parametrize("command", ["blockdev-snapshot-sync", "block_resize"])
def test_after_a_snapshot_and_an_active_commit_a_drive_is_in_no_list_from_8e419aef_on(command):
    nth = 1 if command == "blockdev-snapshot-sync" else 0
    found = statuses("backup-cycle", command, "d42a8a93", "dd62f1ca", "swapless", nth=nth)
    assert found == ["returned", "returned", "refused"]


# What came of the two commits


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("deleted-overlay", "overlay.qcow2"),
        ("deleted-mirror", "copy.qcow2"),
        ("deleted-backup", "copy.qcow2"),
    ],
)
@pytest.mark.parametrize("at", ["b1e6fc08", "84ebe375", "dd62f1ca", "swapless"])
def test_files_of_the_user_are_unlinked_to_the_end(name, file, at):
    assert not files(founding(name, at))[file]


def test_a_changed_medium_is_written_to_to_the_end():
    def medium(at: str) -> object:
        state = founding("unprotected-medium", at).steps[-1].state
        return view(state, subject()).files["/images/second.qcow2"].inode.extents

    assert {medium(at) for at in ("after", "b1e6fc08", "dd62f1ca", "swapless")} == {medium("after")}
    assert medium("with") != medium("after")


def test_the_base_image_is_unlinked_to_dd62f1ca_and_then_the_step_before_is_refused():
    assert not files(founding("deleted-base", "dd62f1ca"))["base.qcow2"]
    assert files(founding("deleted-base", "swapless"))["base.qcow2"]
    assert founding("deleted-base", "swapless").steps[-1].outcome.status == "refused"


def test_nothing_moves_flags_and_each_node_has_those_that_the_revert_gave_it():
    for name, seq in (("snapshot-on", 3), ("live-snapshot", 5)):
        then, now = (flags(founding(name, at), seq) for at in ("b1e6fc08", "swapless"))
        # a protocol node that was not reopened keeps PROTOCOL since 20cca275
        assert {path: value & ~0x8000 for path, value in now.items()} == then
    assert flags(founding("snapshot-on", "swapless"), 3)["drive0"] & TEMPORARY
