"""Large images and long logs are no more work than small ones, and meet no limit of ours."""

import pytest

from replay.analysis.explain import explain
from replay.engine.places import FieldPlace
from replay.engine.replay import replay
from replay.events.event import Await, Command, Guest, Image, Payload, Run
from replay.variants.variant import load_subject, resolve
from tests.examples import PATCHES, log_of

TIB = 1 << 40
DRIVE = Command("cli", "drive", "if=none,id=d,file=/images/top.qcow2,copy-on-read=on")
BASES = {
    "raw": Image("/images/base", "raw", TIB, data=(Run(7, 0, TIB),)),
    "qcow2": Image("/images/base", "qcow2", TIB, data=(Run(7, 0, TIB),)),
}
COPY = {"device": "d", "target": "/images/copy.qcow2", "sync": "full", "format": "qcow2"}
JOBS: dict[str, tuple[Payload, ...]] = {
    "stream": (Command("qmp", "block-stream", {"device": "d"}), Await("end", "d")),
    "commit": (Command("hmp", "commit", "d"),),
    "mirror": (Command("qmp", "drive-mirror", COPY), Await("ready", "d")),
    "backup": (Command("qmp", "drive-backup", COPY), Await("end", "d")),
}
MADE = {"stream": "e1e9b0ac", "commit": "before", "mirror": "272d2d8e", "backup": "fc5d3f84"}
"""Since when there is such a job."""


CHAIN = tuple(
    Image(
        f"/images/{n}", "qcow2", 1 << 22, f"/images/{n - 1}" if n else None, "qcow2" if n else None
    )
    for n in range(1000)
)


def statuses(at: str, *payloads: Payload) -> set[str]:
    """How the events ended."""
    variant = resolve(load_subject(PATCHES), at, {})
    return {step.outcome.status for step in replay(log_of(*payloads), variant).steps}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("at", ["made", "after"])
def test_a_job_over_a_full_image_of_a_tebibyte_ends(base, job, at):
    top = Image("/images/top.qcow2", "qcow2", TIB, "/images/base", base)
    write, read = Guest("write", "d", 0, 128, 5), Guest("read", "d", 4096, 128)
    revision = MADE[job] if at == "made" else at
    assert statuses(revision, BASES[base], top, DRIVE, write, read, *JOBS[job]) == {"returned"}


@pytest.mark.parametrize("at", ["before", "after"])
def test_ten_thousand_events_run(at):
    top = Image("/images/top.qcow2", "qcow2", TIB, "/images/base", "qcow2")
    events: list[Payload] = []
    for number in range(2500):
        place = number * 997 % (1 << 30)
        events += [Guest("write", "d", place, 8, number % 256), Guest("read", "d", place, 8)]
        events += [Command("qmp", "query-block", {}), Guest("write", "d", 0, 128, number % 256)]
    assert statuses(at, BASES["qcow2"], top, DRIVE, *events) == {"returned"}


@pytest.mark.parametrize("at", ["before", "after", "swapless"])
def test_a_chain_of_a_thousand_images_runs(at):
    drive = Command("cli", "drive", "if=none,id=d,file=/images/999")
    snapshot = {"device": "d", "snapshot-file": "/images/top"}
    events: list[Payload] = [Guest("write", "d", 0, 128, 5), Guest("read", "d", 4096, 128)]
    events += [Command("qmp", "query-block", {}), Command("hmp", "commit", "d")]
    events += [Command("qmp", "blockdev-snapshot-sync", snapshot), *JOBS["stream"]]
    found = statuses(at, *CHAIN, drive, *events)
    assert found - {"refused"} == {"returned"}


def test_a_snapshot_of_a_chain_of_a_thousand_images_is_explained():
    log = log_of(
        *CHAIN,
        Command("cli", "drive", "if=none,id=d,file=/images/999"),
        Command("qmp", "blockdev-snapshot-sync", {"device": "d", "snapshot-file": "/images/top"}),
    )
    trace = replay(log, resolve(load_subject(PATCHES), "after", {}))
    explanation = explain(trace, FieldPlace("d", "backing_file"))
    assert explanation.since == len(log.events)
    assert {link.function for link in explanation.links} >= {"bdrv_append"}


def test_overlays_of_a_year_of_nights_run():
    drive = Command("cli", "drive", "if=none,id=d,file=/images/0")
    nights = [
        Command("qmp", "blockdev-snapshot-sync", {"device": "d", "snapshot-file": f"/images/s{n}"})
        for n in range(365)
    ]
    assert statuses("after", CHAIN[0], drive, *nights) == {"returned"}
