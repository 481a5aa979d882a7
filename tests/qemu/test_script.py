"""The script for a plain QEMU: that it shows what the model says, and does nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from replay.events.command_rules import shipped_command_rules
from replay.qemu.live.script import FileQuestion, quoted, script
from tests.hostile import WILD
from tests.qemu.machines import BASE, EXAMPLES, ROOT, drive, ended, log_in, log_of, qmp

PLAIN = drive("file=/images/base.qcow2")


def ran(text: str, tmp_path: Path) -> str:
    """What a script prints, also to who runs it with sh; it must succeed and leave nothing."""
    file = tmp_path / "script"
    file.write_text(text)
    private = tmp_path / "private"
    private.mkdir()
    done = subprocess.run(
        ["sh", str(file)],
        check=False,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(private)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [*private.iterdir()] == []
    return done.stdout


@pytest.fixture
def programs(need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")


def test_the_command_writes_a_script_that_shows_the_deleted_overlay(tmp_path, programs):
    words = ["reproduce", str(EXAMPLES / "deleted-overlay.jsonl"), "--for", "qemu"]
    done = subprocess.run(
        [sys.executable, "-m", "replay", "--db", str(tmp_path / "db"), *words],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "# after is 7e3d98dd\n" in done.stdout
    assert "#5: the file /images/overlay.qcow2 exists in before and with" in done.stdout
    assert "== overlay.qcow2 is gone, as in after\n" in ran(done.stdout, tmp_path)


@pytest.mark.parametrize("wild", WILD)
def test_bash_reads_a_word_as_it_was_and_a_terminal_sees_nothing_raw(wild):
    assert quoted(wild).isprintable()
    words = ["bash", "-c", f"printf %s {quoted(wild)}"]
    assert subprocess.check_output(words).decode() == wild.replace("\0", "")


def test_a_script_waits_for_jobs_and_shows_what_is_read(tmp_path, programs):
    mirror = qmp("drive-mirror", device="drive0", sync="full", target="/images/copy.qcow2")
    write = {"kind": "guest", "name": "write", "device": "drive0", "sector": 0, "sectors": 8}
    read = {**write, "name": "read"}
    log = log_of(
        BASE,
        PLAIN,
        {**write, "pattern": 97},
        mirror,
        ended(until="ready"),
        qmp("block-job-complete", device="drive0"),
        ended(),
        read,
    )
    question = FileQuestion(8, "/images/copy.qcow2", "all", "none of them")
    said = ran(script(log, shipped_command_rules(), ["a mirror"], [question]), tmp_path)
    assert "BLOCK_JOB_COMPLETED" in said
    assert "== copy.qcow2 is there, as in all\n" in said
    assert "61 61 61 61" in said


def test_a_refused_job_is_not_waited_for(tmp_path, programs):
    log = log_of(BASE, PLAIN, qmp("block-stream", device="nobody"), ended("nobody"))
    assert '"error"' in ran(script(log, shipped_command_rules(), [], []), tmp_path)


def test_nothing_in_a_log_becomes_a_command_of_the_shell(tmp_path, programs):
    evil = "$(touch evil)'; touch evil; `touch evil`\n touch evil"
    log = log_of(
        BASE,
        PLAIN,
        qmp("block-stream", device=evil.replace("\n", " ")),
        qmp("eject", device=evil),
        {"kind": "guest", "name": "read", "device": evil, "sector": 0, "sectors": 1},
        ended("$(touch evil)", until="ready"),
        name=evil.replace("\n", " "),
    )
    question = FileQuestion(2, "/images/$(touch evil)", evil, evil)
    assert "\nevil\n" not in ran(script(log, shipped_command_rules(), [evil], [question]), tmp_path)


def test_what_can_not_be_done_is_told_in_the_script():
    log = log_of(BASE, PLAIN, qmp("eject", device="/etc/passwd"), *[qmp("change", device="d")])
    text = script(log, shipped_command_rules(), [], [])
    assert "# not done: '/etc/passwd' leads out of the directory" in text
    assert "# performed as blockdev-change-medium" in text


@pytest.mark.parametrize("name", ["deleted-backup", "live-snapshot", "unprotected-medium"])
def test_the_examples_run_as_scripts(name, tmp_path, programs):
    assert "== the files at the end:" in ran(
        script(log_in(EXAMPLES / f"{name}.jsonl"), shipped_command_rules(), [], []), tmp_path
    )
