"""Rules that no recording shows: what the model says of logs that QEMU's code was read for."""

from pathlib import Path

import pytest

import replay as api
from replay.engine.replay import replay
from replay.engine.trace import ModelStep
from replay.engine.view import View, view
from replay.events.event import Command, Image
from replay.variants.variant import load_subject, resolve
from tests.examples import PATCHES, log_of
from tests.odd_logs import LOGS, REFUSED, odd_log
from tests.rare_logs import RARE, rare_log

DATA = Path(__file__).parents[1] / "data" / "verdicts"
SUBJECT = load_subject(PATCHES)


def steps(name: str, at: str) -> tuple[ModelStep, ...]:
    """What became of each event of a log at a revision."""
    return replay(api.read_log(DATA / f"{name}.jsonl"), resolve(SUBJECT, at, {})).steps


def seen(step: ModelStep) -> View:
    """The machine after an event."""
    return view(step.state, SUBJECT)


def test_a_commit_whose_flush_fails_leaves_the_base_read_write():
    *_, write, first, second = steps("dirty", "f1f25a2e")
    assert [first.outcome.status, second.outcome.status] == ["refused", "refused"]
    assert seen(write).nodes["drive0.backing_hd"].fields["read_only"] is True
    assert seen(second).nodes["drive0.backing_hd"].fields["read_only"] is False


def test_of_a_run_that_crosses_the_end_of_the_base_a_commit_copies_nothing():
    *_, before, commit = steps("grow", "before")
    assert seen(commit).files["/images/base.qcow2"] == seen(before).files["/images/base.qcow2"]


@pytest.mark.parametrize("format", ["bochs", "cloop", "dmg", "parallels"])
def test_into_a_format_that_can_only_be_read_nothing_is_committed(format):
    *_, before, commit = steps(f"p-{format}", "after")
    assert commit.outcome.status == "refused"
    assert seen(commit).files["/images/base.hdd"] == seen(before).files["/images/base.hdd"]


@pytest.mark.parametrize(("at", "is_unlinked"), [("with", False), ("after", True)])
def test_a_mirror_with_a_granularity_loses_its_target_as_one_without_does(at, is_unlinked):
    *_, ended = steps("mirror-gran", at)
    assert seen(ended).files["/images/copy.qcow2"].unlinked is is_unlinked


def test_a_temporary_overlay_that_cannot_be_made_leaves_the_drive_empty():
    at = f"after+{DATA / 'tmpfail.patch'}"
    base = Image("/images/base.qcow2", "qcow2", 1 << 22)
    drive = Command("cli", "drive", "if=none,id=drive0,file=/images/base.qcow2,snapshot=on")
    *_, started = replay(log_of(base, drive), resolve(SUBJECT, at, {})).steps
    assert started.outcome.status == "returned"
    assert not seen(started).nodes["drive0"].fields["driver"]


@pytest.mark.parametrize("name", LOGS)
def test_a_rare_request_is_answered(name):
    *_, last = replay(odd_log(name), resolve(SUBJECT, "after", {})).steps
    error = last.outcome.error or {}
    answer = last.outcome.status, error.get("desc", "")
    assert answer == (("refused", REFUSED[name]) if name in REFUSED else ("returned", ""))


@pytest.mark.parametrize("name", RARE)
def test_a_request_that_few_trees_know_is_answered(name):
    at, _, refusal = RARE[name]
    *before, last = replay(rare_log(name), resolve(SUBJECT, at, {})).steps
    assert {step.outcome.status for step in before} <= {"returned"}
    assert last.outcome.status == ("returned" if refusal is None else "refused")
    error = last.outcome.error or {}
    assert (refusal or "") in error.get("desc", error.get("text", ""))
