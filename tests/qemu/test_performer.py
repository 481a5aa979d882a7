"""One process performs log after log, and each as a new process would."""

import subprocess
import sys
from pathlib import Path

import pytest

from replay.qemu.live.builds import find_build
from replay.qemu.live.performer import Performer, perform
from tests.qemu.machines import BASE, EXAMPLES, ROOT, SUBJECT, drive, ended, log_in, log_of, qmp
from tests.qemu.test_builds import program
from tests.traces import unpack_logs

PLAIN = drive("file=/images/base.qcow2")
READ = {"kind": "guest", "name": "read", "device": "drive0", "sector": 0, "sectors": 128}
WRITE = {**READ, "name": "write", "pattern": 97}
MIRROR = qmp("drive-mirror", device="drive0", sync="full", target="/images/copy.qcow2")
READY = ended(until="ready")
SHORT = log_of(BASE, PLAIN, WRITE, READ)


@pytest.fixture(autouse=True)
def programs(need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")


@pytest.fixture
def warm():
    with Performer(find_build(), SUBJECT) as performer:
        yield performer


def known(trace):
    """All that was observed, in a text: views are compared by identity."""
    return trace.remarks, [(step.outcome, repr(step.view)) for step in trace.steps]


def test_the_examples_do_in_one_process_what_they_do_in_new_ones(warm):
    logs = [log_in(file) for file in sorted(EXAMPLES.glob("*.jsonl"))]
    # Backwards too: what is left over would show in other logs.
    for log in (*logs, *reversed(logs)):
        assert known(warm.perform(log)) == known(perform(log, SUBJECT, find_build())), log.name
    assert warm.processes == 1


def test_recorded_logs_do_so_too(warm, tmp_path):
    files = sorted((unpack_logs(tmp_path) / "logs").glob("*.jsonl"))[::24]
    for log in map(log_in, files):
        assert known(warm.perform(log)) == known(perform(log, SUBJECT, find_build())), log.name
    assert warm.processes < len(files) / 2


def test_a_job_and_nodes_that_a_log_leaves_are_taken_away(warm):
    fresh = known(warm.perform(SHORT))
    added = qmp(
        "blockdev-add",
        driver="qcow2",
        node_name="spare",
        file={"driver": "file", "filename": "/images/base.qcow2"},
    )
    warm.perform(log_of(BASE, PLAIN, MIRROR, READY))
    warm.perform(log_of(BASE, added))
    assert known(warm.perform(SHORT)) == fresh
    assert warm.processes == 1


def test_a_machine_that_can_not_be_reset_is_replaced(warm):
    fresh = known(warm.perform(SHORT))
    warm.perform(log_of(BASE, PLAIN, qmp("cont")))
    assert known(warm.perform(SHORT)) == fresh
    assert warm.processes == 2


def test_after_a_crash_the_next_log_has_a_new_process(tmp_path):
    later = "while [ ! -e copy.qcow2 ]; do sleep 0.01; done; kill -ABRT $$"
    script = program(
        tmp_path / "crashing",
        f'case "$*" in *--version*) ;; *) ({later}) & ;; esac\nexec qemu-system-x86_64 "$@"\n',
    )
    with Performer(find_build(str(script)), SUBJECT) as performer:
        crashed = performer.perform(log_of(BASE, PLAIN, MIRROR, READY, ended(), *[READ] * 50))
        assert "crashed" in [step.outcome.status for step in crashed.steps]
        statuses = [step.outcome.status for step in performer.perform(SHORT).steps]
        assert statuses == ["returned"] * len(SHORT.events)
        assert performer.processes == 2


def test_nothing_is_left_at_the_end(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Performer(find_build(), SUBJECT) as performer:
        performer.perform(SHORT)
        (directory,) = tmp_path.iterdir()
        assert in_processes(directory)
    assert [*tmp_path.iterdir()] == []
    assert not in_processes(directory)


def in_processes(text: Path) -> bool:
    lines = (file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists())
    return any(str(text).encode() in line for line in lines)


MIB = 2**20
WRITES = [{**WRITE, "sector": 8192 * n, "sectors": 8192, "pattern": n} for n in range(1, 9)]
CREATE = {"driver": "qcow2", "file": "node", "size": 64 * MIB, "preallocation": "full"}
FILLING = {
    "one file": [PLAIN, *WRITES],
    "a temporary overlay, which has no name": [
        drive("file=/images/base.qcow2,snapshot=on"),
        *WRITES,
    ],
    "many files": [
        PLAIN,
        *(
            event
            for n, write in enumerate(WRITES)
            for event in (
                qmp("blockdev-snapshot-sync", device="drive0", snapshot_file=f"/images/{n}.qcow2"),
                {**write, "sectors": 4096},
            )
        ),
    ],
    "a copy": [PLAIN, {**WRITES[0], "sectors": 12000}, MIRROR, READY, READ],
    "a file that is made full": [
        PLAIN,
        qmp("blockdev-create", job_id="j", options={"driver": "file", "filename": "/images/x.raw",
            "size": 64 * MIB, "preallocation": "full"}),
        ended(),
        READ,
    ],
}  # fmt: skip
"""Logs that take more than 8 MiB of the disk, each in its own way."""


@pytest.mark.parametrize("how", FILLING)
def test_a_log_that_fills_the_disk_is_ended_and_that_is_its_outcome(how, warm, monkeypatch):
    monkeypatch.setattr("replay.qemu.live.process.QUOTA", 8 * MIB)
    steps = warm.perform(log_of({**BASE, "size": 64 * MIB}, *FILLING[how])).steps
    crash = next(step for step in steps if step.outcome.status == "crashed")
    assert crash.outcome.error["class"] == "Quota"
    assert all(step.outcome.error["class"] == "NotRunning" for step in steps[crash.seq :])


def test_diff_of_several_logs_starts_each_build_once(tmp_path):
    started = tmp_path / "started"
    script = program(
        tmp_path / "qemu-system-x86_64",
        f'case "$*" in *--version*) ;; *) echo x >>{started} ;; esac\n'
        'exec qemu-system-x86_64 "$@"\n',
    )
    logs = [EXAMPLES / f"{name}.jsonl" for name in ("deleted-overlay", "lost-below", "snapshot-on")]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "replay", "--db", tmp_path / "db"),
            *("--variant", "old=qemu", "--variant", f"new=qemu:{script}"),
            *("diff", "--quiet", "old", "new", *logs),
        ],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert started.read_text() == "x\n"


def test_logs_that_are_begun_at_once_do_as_one_after_another(warm):
    other = log_of(BASE, PLAIN, READ)
    expected = [known(perform(log, SUBJECT, find_build())) for log in (SHORT, other)]
    begun = [warm.begin(log) for log in (SHORT, other)]
    assert [known(pending.result()) for pending in begun] == expected
    assert warm.processes == 1
