"""Rules that the recorded trees do not show, seen in QEMU built at commits between them."""

import pytest

from replay.engine.replay import replay
from replay.engine.trace import Outcome
from replay.events.event import Await, Command, Image
from replay.variants.variant import load_subject, resolve
from tests.examples import PATCHES, log_of

MIB = 1 << 20
SUBJECT = load_subject(PATCHES)


def outcomes(at: str, *payloads: Image | Command | Await) -> list[Outcome]:
    """What became of each of these at a revision."""
    return [step.outcome for step in replay(log_of(*payloads), resolve(SUBJECT, at, {})).steps]


def is_mirrored(at: str, size: int) -> bool:
    """Whether a mirror onto a file of 4 MiB, of a drive so large, comes to be in step."""
    *_, cancelled = outcomes(
        at,
        Image("/images/base.qcow2", "qcow2", 4 * MIB),
        Image("/images/target.raw", "raw", 4 * MIB),
        Image("/images/top.qcow2", "qcow2", size, "/images/base.qcow2", "qcow2"),
        Command("cli", "drive", "if=none,id=drive0,file=/images/top.qcow2"),
        Command(
            "qmp",
            "drive-mirror",
            {
                "device": "drive0",
                "sync": "top",
                "mode": "existing",
                "format": "raw",
                "target": "/images/target.raw",
            },
        ),
        Await(device="drive0", until="ready"),
        Command("qmp", "block-job-cancel", {"device": "drive0"}),
    )
    return cancelled.status == "returned"


@pytest.mark.parametrize("at", ["dbecebdd", "90ce8a06", "after"])
def test_a_mirror_copies_what_lies_beyond_the_backing_file_since_f0ad5712(at):
    assert not is_mirrored(at, 8 * MIB)
    assert is_mirrored(at, 4 * MIB)


def test_before_that_it_copies_what_the_overlay_holds():
    assert is_mirrored("dbecebdd^", 8 * MIB)


def test_a_member_that_is_missing_inside_of_an_action_is_none_of_the_right_type():
    action = {"type": "blockdev-snapshot-sync", "data": {"snapshot-file": "/images/s.qcow2"}}
    *_, refused = outcomes(
        "before",
        Image("/images/base.qcow2", "qcow2", 4 * MIB),
        Command("cli", "drive", "if=none,id=drive0,file=/images/base.qcow2"),
        Command("qmp", "transaction", {"actions": [action]}),
    )
    assert refused.error["class"] == "InvalidParameterType"
    assert "device" in refused.error["desc"]


@pytest.mark.parametrize(("at", "notice"), [("826b6ca0", False), ("20cca275", True)])
def test_a_mirror_of_nothing_waits_to_be_completed_since_9e48b025(at, notice):
    *_, started, _, completed = outcomes(
        at,
        Image("/images/base.raw", "raw", 0),
        Command("cli", "drive", "if=none,id=drive0,file=/images/base.raw"),
        Command(
            "qmp",
            "drive-mirror",
            {"device": "drive0", "sync": "full", "format": "raw", "target": "/images/target.raw"},
        ),
        Await(device="drive0", until="ready"),
        Command("qmp", "block-job-complete", {"device": "drive0"}),
    )
    assert started.status == "returned"
    assert (completed.status == "returned") is notice
