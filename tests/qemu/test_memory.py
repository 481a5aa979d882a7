"""Open flags read out of a running process: they are those of its nodes, or there are none."""

import os
import subprocess
from pathlib import Path

import pytest

from replay.qemu.live import memory
from replay.qemu.live.builds import find_build
from replay.qemu.live.memory import UnreadableError, layout_of, program_memory, running_program
from replay.qemu.live.performer import perform
from tests.qemu.machines import BASE, SUBJECT, drive, ended, log_of, qmp

FILE = drive("file=/images/base.qcow2")
RDWR, NOCACHE, SNAPSHOT, TEMPORARY, NO_FLUSH = 0x2, 0x20, 0x8, 0x10, 0x200
ALLOW_RDWR, UNMAP, AUTO_RDONLY, LATER = 0x2000, 0x4000, 0x20000, "later_flags"


@pytest.fixture(params=["installed", "backports"])
def build(request, need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")
    return find_build(
        str(request.getfixturevalue("backports")) if request.param == "backports" else ""
    )


def flags_in(trace, field="open_flags"):
    """The flags of each node at the end."""
    return {path: node.fields[field] for path, node in trace.steps[-1].view.nodes.items()}


def test_each_node_has_the_flags_that_its_options_say(build):
    options = drive("file=/images/base.qcow2,cache=none,discard=unmap")
    flags = flags_in(perform(log_of(BASE, options), SUBJECT, build))
    assert flags["drive0"] == RDWR | NOCACHE | ALLOW_RDWR | UNMAP
    plain = flags_in(perform(log_of(BASE, FILE), SUBJECT, build))
    assert plain["drive0"] == RDWR | ALLOW_RDWR


def test_a_temporary_overlay_says_so_and_not_what_lies_below(build):
    trace = perform(log_of(BASE, drive("file=/images/base.qcow2,snapshot=on")), SUBJECT, build)
    temporary = {path: bool(value & TEMPORARY) for path, value in flags_in(trace).items()}
    assert [path for path, value in temporary.items() if value] == ["drive0", "drive0.file"]
    assert not any(value & SNAPSHOT for value in flags_in(trace).values())


def test_a_reopen_is_seen(build):
    snapshot = qmp("blockdev-snapshot-sync", device="drive0", snapshot_file="/images/a.qcow2")
    commit = qmp("block-commit", device="drive0", top="/images/b.qcow2")
    other = qmp("blockdev-snapshot-sync", device="drive0", snapshot_file="/images/b.qcow2")
    events = (BASE, FILE, snapshot, other, commit)
    trace = perform(log_of(*events, ended(until="ready")), SUBJECT, build)
    before, after = trace.steps[3].view.nodes, trace.steps[5].view.nodes
    below = "drive0.backing_hd.backing_hd"
    assert not before[below].fields["open_flags"] & RDWR
    assert after[below].fields["open_flags"] & RDWR


def test_bits_that_no_tree_has_stand_in_a_field_of_their_own(build):
    auto = qmp(
        "blockdev-add",
        node_name="n",
        driver="file",
        filename="/images/base.qcow2",
        read_only=True,
        auto_read_only=True,
    )
    trace = perform(log_of(BASE, FILE, auto), SUBJECT, build)
    other = trace.steps[-1].view.other["other[0]"].fields
    assert other["later_flags"] & AUTO_RDONLY or not other["open_flags"] & RDWR
    assert not {*flags_in(trace, LATER).values()} - {0, AUTO_RDONLY}


def test_a_process_that_is_no_qemu_has_none():
    with pytest.raises(UnreadableError, match="does not have the functions"):
        program_memory(os.getpid())
    with subprocess.Popen(["sleep", "30"]) as process:
        try:
            with pytest.raises(UnreadableError):
                running_program(process.pid)
        finally:
            process.kill()


def test_elsewhere_it_is_said_and_left_out(build, monkeypatch):
    monkeypatch.setattr(memory.platform, "machine", lambda: "aarch64")
    trace = perform(log_of(BASE, FILE), SUBJECT, build)
    assert trace.remarks[-1] == (
        "open_flags are not compared: this is only known for x86-64 on Linux"
    )
    assert "open_flags" not in trace.steps[-1].view.nodes["drive0"].fields


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF" + b"\2\1\1" + b"\0" * 57])
def test_a_program_that_is_none_is_refused(tmp_path, content):
    file = tmp_path / "qemu"
    file.write_bytes(content)
    with pytest.raises(UnreadableError):
        layout_of(file, 0)


def test_code_that_says_nothing_of_the_flags_is_refused():
    with pytest.raises(UnreadableError, match="does not export"):
        layout_of(Path("/bin/sh").resolve(), 0)
