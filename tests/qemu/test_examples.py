"""What today's builds do with the examples that the history of the model does not reach."""

import pytest

from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.qemu.live.builds import find_build
from replay.qemu.live.performer import perform
from replay.variants.variant import resolve
from tests.qemu.machines import EXAMPLES, SUBJECT, log_in

LAST = "b1e6fc08"


@pytest.fixture(params=["installed", "backports"])
def build(request, need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")
    return find_build(
        str(request.getfixturevalue("backports")) if request.param == "backports" else ""
    )


def values(name, build, place):
    """What is at a place in the last tree and in a build, where they differ."""
    log = log_in(EXAMPLES / f"{name}.jsonl")
    model = replay(log, resolve(SUBJECT, LAST, {}))
    found = diff(model, perform(log, SUBJECT, build))
    return [
        tuple(divergence.values.values())
        for divergence in found.divergences
        if (divergence.place.path, divergence.place.field) == place
    ]


def test_a_refused_backup_deletes_the_base_image_itself(build):
    log = "refused-backup-deletes-base"
    assert values(log, build, ("/images/base.qcow2", "existence")) == [("exists", "unlinked")]


def test_a_refused_mirror_deletes_a_file_that_is_no_image_as_it_did_in_2014(build):
    log = log_in(EXAMPLES / "refused-mirror-deletes-file.jsonl")
    trace = perform(log, SUBJECT, build)
    assert trace.steps[4].outcome.status == "refused" or trace.steps[3].outcome.status == "refused"
    assert trace.steps[-1].view.files["/images/other.raw"].unlinked
    assert values("refused-mirror-deletes-file", build, ("/images/other.raw", "existence")) == []


def test_a_readonly_drive_stays_so_after_a_stream_in_builds_before_10_0_10(build):
    """Debian's 10.0.13 and 11.1.3 let the guest write; neither is among the builds of the tests."""
    log = log_in(EXAMPLES / "stream-makes-writable.jsonl")
    trace = perform(log, SUBJECT, build)
    writable = not trace.steps[-1].view.nodes["drive0"].fields["read_only"]
    write, read = (step.outcome for step in trace.steps[5:])
    assert (write.status, read.value["pattern"]) == (
        ("returned", 97) if writable else ("refused", 17)
    )
    assert writable == bool(trace.steps[-1].view.nodes["drive0"].fields["open_flags"] & 2)
