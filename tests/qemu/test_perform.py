"""A real QEMU as a variant: what it does with logs beside the model, and what it leaves behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from replay.engine.diff import diff
from replay.engine.places import FilePlace
from replay.engine.trace import GapReason
from replay.qemu.live.builds import find_build
from replay.qemu.live.images import Images
from replay.qemu.live.performer import perform
from replay.qemu.live.programs import TimeLimitError
from replay.reports.documents.headline import headline_report
from tests.qemu.machines import (
    BASE,
    EXAMPLES,
    NATIVE,
    ROOT,
    SUBJECT,
    beside,
    drive,
    ended,
    log_in,
    log_of,
    performed,
    places,
    qmp,
)
from tests.traces import unpack_logs

LAST = "b1e6fc08"
PLAIN = drive("file=/images/base.qcow2")
OVERLAID = drive("file=/images/base.qcow2,snapshot=on")
READ = {"kind": "guest", "name": "read", "device": "drive0", "sector": 0, "sectors": 128}
WRITE = {**READ, "name": "write", "pattern": 97}
FIRST = qmp("blockdev-snapshot-sync", device="drive0", snapshot_file="/images/first.qcow2")
SECOND = qmp("blockdev-snapshot-sync", device="drive0", snapshot_file="/images/second.qcow2")
MIRROR = qmp("drive-mirror", device="drive0", sync="full", target="/images/copy.qcow2")
CLOSED = {"kind": "internal", "name": "close-open", "device": "drive0", "depth": 0}
READY, END = ended(until="ready"), ended()
COMPLETE = qmp("block-job-complete", device="drive0")
ORDINARY = {
    "snapshot": (WRITE, FIRST, WRITE, SECOND, READ),
    "stream": (FIRST, SECOND, qmp("block-stream", device="drive0"), END, READ),
    "stream to a base": (
        *(FIRST, SECOND),
        qmp("block-stream", device="drive0", base="/images/base.qcow2"),
        *(END, READ),
    ),
    "intermediate commit": (
        *(WRITE, FIRST, SECOND),
        qmp("block-commit", device="drive0", top="/images/first.qcow2"),
        *(END, READ),
    ),
    "active commit": (
        *(FIRST, WRITE),
        qmp("block-commit", device="drive0", top="/images/first.qcow2"),
        *(READY, COMPLETE, END, READ),
    ),
    "mirror": (WRITE, MIRROR, READY, COMPLETE, END, READ),
    "cancelled mirror": (MIRROR, READY, qmp("block-job-cancel", device="drive0"), END, READ),
    "backup": (
        WRITE,
        qmp("drive-backup", device="drive0", sync="full", target="/images/copy.qcow2"),
        END,
    ),
}


SINCE = {"mirror": {("field", "drive0", "open_flags")}}
"""What has changed since: the target of a mirror keeps NO_BACKING, with which it was opened."""


@pytest.fixture(autouse=True)
def programs(need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")


@pytest.fixture(scope="module")
def trace_logs(tmp_path_factory):
    """The directory of the recorded traces' logs."""
    return unpack_logs(tmp_path_factory.mktemp("traces")) / "logs"


# What the founding commits left behind


def test_today_deletes_the_users_overlay_as_the_revert_did():
    log = log_in(EXAMPLES / "deleted-overlay.jsonl")
    place = FilePlace("/images/overlay.qcow2")
    assert place not in {d.place for d in beside(log, "after").divergences}
    (found,) = [d for d in beside(log, "with").divergences if d.place == place]
    assert found.values == {"with": "exists", "qemu": "unlinked"}
    assert found.first_seq == 5


@pytest.mark.parametrize("name", ["deleted-mirror", "deleted-backup"])
def test_today_deletes_the_target_of_a_mirror_and_a_backup_as_the_revert_did(name):
    found = beside(log_in(EXAMPLES / f"{name}.jsonl"), "after")
    assert not [divergence for divergence in found.divergences if divergence.place.kind == "file"]
    last = found.traces[1].steps[-1].view
    assert last.files["/images/copy.qcow2"].unlinked


def test_today_a_backup_of_the_overlay_alone_deletes_the_base_image_itself():
    backup = qmp("drive-backup", device="drive0", sync="top", target="/images/copy.qcow2")
    found = beside(log_of(BASE, OVERLAID, backup, END), LAST)
    place = FilePlace("/images/base.qcow2")
    (told,) = [divergence for divergence in found.divergences if divergence.place == place]
    assert told.values == {LAST: "exists", "qemu": "unlinked"}


def test_today_a_drive_with_snapshot_on_is_a_temporary_overlay_on_a_protected_image():
    seen = performed(log_in(EXAMPLES / "snapshot-on.jsonl")).steps[1].view
    assert [*seen.nodes] == [
        "drive0",
        "drive0.file",
        "drive0.backing_hd",
        "drive0.backing_hd.file",
    ]
    flags = [node.fields["open_flags"] for node in seen.nodes.values()]
    assert [value & 0x10 for value in flags] == [0x10, 0x10, 0, 0]
    assert [node.fields["opened_as_protocol"] for node in seen.nodes.values()] == [
        *(False, True),
        *(False, True),
    ]
    assert seen.nodes["drive0"].fields["filename"] == "<tmp0>"
    assert seen.nodes["drive0.backing_hd"].fields["read_only"]
    assert [*seen.files] == ["/images/base.qcow2"]


def test_the_data_in_files_are_compared_and_a_medium_is_unprotected_as_it_was():
    log = log_in(EXAMPLES / "unprotected-medium.jsonl")
    assert ("file", "/images/second.qcow2", "data") in places(beside(log, "before"))
    assert ("file", "/images/second.qcow2", "data") not in places(beside(log, "after"))


def test_a_temporary_top_is_committed_as_the_active_layer():
    trace = performed(log_in(EXAMPLES / "deleted-base.jsonl"))
    assert "#5 is: performed without top, which is the active layer" in trace.remarks
    assert trace.steps[4].outcome.status == "returned"


def test_a_close_open_is_performed_as_a_reopen_but_not_where_it_would_crash():
    trace = performed(log_of(BASE, PLAIN, CLOSED, READ, qmp("eject", device="drive0"), CLOSED))
    assert trace.steps[2].outcome.status == "returned"
    assert trace.steps[3].outcome.value == {"pattern": 17}
    assert trace.steps[5].outcome is None
    assert "#6 is not performed: QEMU crashes when it reopens a drive" in trace.remarks[-1]


# Agreement and its limits


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_operation_agrees_with_the_last_tree_of_the_series(name):
    assert places(beside(log_of(BASE, PLAIN, *ORDINARY[name]), LAST)) == SINCE.get(name, set())


def test_a_protected_image_is_flushed_today():
    found = beside(log_of(BASE, OVERLAID), LAST)
    assert places(found) == {
        ("field", "drive0.backing_hd", "cache_no_flush"),
        ("field", "drive0.backing_hd.file", "cache_no_flush"),
        ("field", "drive0.backing_hd", "open_flags"),
        ("field", "drive0.backing_hd.file", "open_flags"),
    }


@pytest.mark.parametrize("name", ["01a_open_qcow2", "02d_snap3_qcow2", "40a_reopen_after_snap"])
def test_recorded_logs_of_old_trees_agree_too(name):
    found = beside(log_in(NATIVE / f"{name}.jsonl"), LAST)
    assert {place[::2] for place in places(found)} <= {("field", "open_flags")}


def test_requests_end_as_they_do_in_the_model():
    far = {**READ, "sector": 2**20}
    odd = {**READ, "device": "nodrive"}
    mixed = {**READ, "sectors": 4096}
    found = performed(log_of(BASE, PLAIN, READ, mixed, WRITE, READ, far, odd))
    outcomes = [step.outcome for step in found.steps[2:]]
    assert [outcome.value for outcome in outcomes[:4]] == [
        {"pattern": 17},
        {"pattern": "mixed"},
        {},
        {"pattern": 97},
    ]
    assert outcomes[4].error == {"errno": "EIO"}
    assert outcomes[5].error["class"] == "DeviceNotFound"


def test_an_image_that_can_not_be_made_is_refused_and_the_log_goes_on():
    huge = {**BASE, "name": "/images/huge.raw", "format": "raw", "size": 2**62, "data": []}
    steps = performed(log_of(BASE, huge, PLAIN, READ)).steps
    assert "too large" in steps[1].outcome.error["desc"]
    assert "/images/huge.raw" in steps[1].outcome.error["desc"]
    assert steps[3].outcome.value == {"pattern": 17}


def test_a_refused_drive_ends_the_machine():
    steps = performed(log_of(BASE, drive("file=/images/missing.qcow2"), READ)).steps
    assert "No such file" in steps[1].outcome.error["text"]
    assert "/images/missing.qcow2" in steps[1].outcome.error["text"]
    assert steps[2].outcome.error["class"] == "NotRunning"
    assert not steps[2].view.running
    assert [*steps[2].view.files] == ["/images/base.qcow2"]


def test_what_is_not_performed_is_remarked_on_and_not_compared():
    outside = qmp("blockdev-snapshot-sync", device="drive0", snapshot_file="/etc/evil.qcow2")
    below = {**CLOSED, "depth": 1}
    found = performed(log_of(BASE, PLAIN, outside, below))
    assert [step.outcome for step in found.steps[2:]] == [None, None]
    assert "#3 is not performed: '/etc/evil.qcow2' leads out" in found.remarks[0]
    assert found.remarks[1].startswith("#4 is not performed")


# The same log on the same build


def known(trace):
    """All that was observed."""
    views = [step.view for step in trace.steps]
    nodes = [view and [*view.all_nodes.values()] for view in views]
    files = [view and view.files for view in views]
    return trace.remarks, [step.outcome for step in trace.steps], nodes, files


TIMES = int(os.environ.get("REPLAY_TIMES", "5"))
"""How often a log is performed to see that it does the same; 100 were tried by hand."""


@pytest.mark.parametrize("name", ["30c_tmp_backup_content", "r019"])
def test_the_same_log_gives_the_same_trace_every_time(name, trace_logs):
    log = log_in(trace_logs / f"{name}.jsonl")
    first = known(performed(log))
    for _ in range(TIMES - 1):
        assert known(performed(log)) == first


# What is left behind


BACKUP = qmp("drive-backup", device="drive0", sync="full", target="/images/copy.qcow2", speed=1)
PAUSE = qmp("block-job-pause", device="drive0")


def test_a_job_that_is_ready_is_not_waited_for_any_longer():
    log = log_of(BASE, PLAIN, MIRROR, END, READY, END, READ)
    steps = performed(log).steps
    ready = {"notice": "BLOCK_JOB_READY", "error": False}
    assert [step.outcome.value for step in steps[3:6]] == [ready] * 3
    assert steps[6].outcome.value == {"pattern": 17}
    assert beside(log, "after").divergences == ()


def test_a_wait_for_what_never_happens_ends_and_the_log_goes_on():
    steps = performed(log_of(BASE, PLAIN, BACKUP, PAUSE, END, READ)).steps
    assert steps[4].outcome.error["class"] == "TimeLimit"
    assert steps[5].outcome.value == {"pattern": 17}


def test_a_slow_machine_is_no_answer(monkeypatch):
    log = log_of(BASE, PLAIN, READ, WRITE)
    quick = performed(log)
    monkeypatch.setattr("replay.qemu.live.process.GLANCE", 0.0)
    monkeypatch.setattr("replay.qemu.live.process.SECONDS", 0.0)
    slow = performed(log)
    assert [slow.gap_at(n) for n in range(4)] == [GapReason.LIMIT] * 4
    found = diff(quick, slow)
    assert found.divergences == ()
    assert "replay stopped in qemu-2: QEMU takes longer than 0 s" in str(
        headline_report(found).headline
    )


@pytest.mark.parametrize("tool", ["_info", "_data"])
def test_a_slow_tool_is_no_answer(monkeypatch, tool):
    def slow(*_: object) -> None:
        raise TimeLimitError("qemu-img took longer than 60 s")

    monkeypatch.setattr(Images, tool, slow)
    trace = performed(log_of(BASE, PLAIN, READ))
    assert [trace.gap_at(n) for n in range(3)] == [GapReason.LIMIT] * 3


def left_behind(directory: Path) -> list[str]:
    """The command lines of processes that know the directory."""
    commands = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            commands.append(process.read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [command for command in commands if f"path={directory}" in command]


def endless(tmp_path: Path, **environment: str) -> subprocess.Popen:
    """The command line, waiting for a job that does not end by itself."""
    log = log_of(BASE, PLAIN, BACKUP, PAUSE, *[END] * 40)
    lines = ['{"replay_log": 1, "name": "endless"}']
    lines += [msgspec.json.encode(event.payload).decode() for event in log.events]
    (tmp_path / "endless.jsonl").write_text("\n".join(lines) + "\n")
    private = tmp_path / "private"
    private.mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "replay", "diff", LAST, "qemu", str(tmp_path / "endless.jsonl")],
        env={
            **os.environ,
            "TMPDIR": str(private),
            "REPLAY_DB": str(tmp_path / "db"),
            **environment,
        },
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_it_is_interrupted(tmp_path, number):
    running = endless(tmp_path)
    private = tmp_path / "private"
    until = time.monotonic() + 90
    while not left_behind(private) and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    assert left_behind(private)
    running.send_signal(number)
    _, err = running.communicate(timeout=90)
    assert running.returncode != 0
    assert "Traceback" not in err
    assert left_behind(private) == []
    assert [*private.iterdir()] == []


def test_a_crash_of_qemu_is_an_outcome_and_leaves_nothing(tmp_path):
    crashing = tmp_path / "crashing"
    crashing.write_text(
        "#!/bin/sh\n"
        "later() { while [ ! -e copy.qcow2 ]; do :; done; kill -ABRT $$; }\n"
        'case "$*" in *--version*) ;; *) later & ;; esac\n'
        'exec qemu-system-x86_64 "$@"\n'
    )
    crashing.chmod(0o755)
    log = log_of(BASE, PLAIN, MIRROR, READY, END, READ)
    steps = perform(log, SUBJECT, find_build(str(crashing))).steps
    (crash,) = [step for step in steps if step.outcome.status == "crashed"]
    assert crash.outcome.error["class"] == "SIGABRT"
    assert all(step.outcome.error["class"] == "NotRunning" for step in steps[crash.seq :])


def test_one_build_beside_itself_does_not_diverge():
    log = log_of(BASE, OVERLAID, FIRST, WRITE, READ)
    found = diff(*(performed(log) for _ in range(2)))
    assert [trace.player.name for trace in found.traces] == ["qemu", "qemu-2"]
    assert found.divergences == ()


def test_a_build_that_floods_or_hangs_is_an_outcome_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("replay.qemu.live.programs.ASLEEP", 1.0)
    log = log_of(BASE, PLAIN, READ, READ)
    for name, trouble, how in (
        ("flooding", "yes replayed-flood &", {"Flood", "Hang"}),
        (
            "hanging",
            "(while [ ! -e base.qcow2 ]; do :; done; kill -STOP $$) &",
            {"Hang"},
        ),
    ):
        script = tmp_path / name
        script.write_text(
            "#!/bin/sh\n"
            f'case "$*" in *--version*) ;; *) {trouble} ;; esac\n'
            'exec qemu-system-x86_64 "$@"\n'
        )
        script.chmod(0o755)
        steps = perform(log, SUBJECT, find_build(str(script))).steps
        crash = next(step for step in steps if step.outcome.status == "crashed")
        assert crash.outcome.error["class"] in how
        assert all(step.outcome.error["class"] == "NotRunning" for step in steps[crash.seq :])
    processes = [
        path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()
    ]
    assert not [words for words in processes if b"replayed-flood" in words]
