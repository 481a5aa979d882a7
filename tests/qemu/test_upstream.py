"""Tests and reports for QEMU itself: they fail on a build with the finding, and pass without."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from replay.qemu.live.builds import find_build
from tests.qemu.machines import EXAMPLES, ROOT
from tests.traces import unpack_logs

UPSTREAM = ROOT / "tests" / "data" / "upstream"
STAND_IN = Path(__file__).parent / "stand_in"
DELETED = ("refused-backup-deletes-base", "refused-mirror-deletes-file")
GOOD = {"refused-backup-deletes-base": "b1e6fc08", "refused-mirror-deletes-file": "with"}


@pytest.fixture
def installed(need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")
    return find_build()


@pytest.fixture
def newer(backports):
    return find_build(str(backports))


def written(tmp_path: Path, *words: object) -> str:
    """What replay reproduce writes."""
    done = subprocess.run(
        [sys.executable, "-m", "replay", "--db", str(tmp_path / "db"), *map(str, words)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ran(test: Path, build, tmp_path: Path) -> tuple[int, str]:
    """The exit status of a test on a build, and what it printed; it leaves nothing."""
    images = tmp_path / "images"
    images.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, str(test)],
        check=False,
        env={
            **os.environ,
            **build.environment,
            "PYTHONPATH": str(STAND_IN),
            "TEST_DIR": str(images),
            "QEMU_PROG": shlex.join(build.system),
            "QEMU_IMG_PROG": shlex.join(build.img),
            "QEMU_IO_PROG": shlex.join(build.io),
        },
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert [*images.iterdir()] == []
    return done.returncode, done.stderr


def code(text: str) -> list[str]:
    """A test without its comments, which name versions."""
    return [line for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("name", DELETED)
def test_the_deleted_files_are_shown_by_a_test_that_fails_in_both_builds(
    name, tmp_path, installed, newer
):
    for build in (installed, newer):
        status, said = ran(UPSTREAM / f"{name}.py", build, tmp_path)
        assert (status, "False is not true" in said) == (1, True), said


@pytest.mark.parametrize("name", DELETED)
def test_what_lies_ready_is_what_the_command_writes(name, tmp_path, installed):
    log = EXAMPLES / f"{name}.jsonl"
    text = written(tmp_path, "reproduce", GOOD[name], "qemu", log, "--for", "iotest")
    assert code(text) == code((UPSTREAM / f"{name}.py").read_text())
    text = written(tmp_path, "reproduce", GOOD[name], "qemu", log, "--for", "mail")
    ready = (UPSTREAM / f"{name}.mail").read_text()
    commands = [line for line in ready.splitlines() if line.startswith(("  $", "  {"))]
    assert commands
    assert all(line in text for line in commands)
    assert ready.splitlines()[0] == text.splitlines()[0]


def test_a_build_without_the_finding_passes(tmp_path, installed, newer):
    test = UPSTREAM / "stream-makes-writable.py"
    for build in (installed, newer):
        status, said = ran(test, build, tmp_path)
        fixed = build.version < "QEMU 10.0.10" or build.version.startswith(
            ("QEMU 7", "QEMU 10.0.2")
        )
        assert status == (0 if fixed else 1), said


def test_a_test_of_two_builds_fails_on_the_one_and_passes_on_the_other(
    tmp_path, installed, newer, backports
):
    log = unpack_logs(tmp_path) / "logs" / "r099.jsonl"
    words = ("reproduce", f"qemu:{backports}", "qemu", log, "--for", "iotest")
    test = tmp_path / "test.py"
    test.write_text(written(tmp_path, *words))
    status, said = ran(test, newer, tmp_path)
    assert status == 0, said
    status, said = ran(test, installed, tmp_path)
    assert (status, "QEMU is gone" in said) == (1, True)


def test_a_mail_names_the_versions_the_commands_and_the_suspect(tmp_path, installed):
    log = EXAMPLES / "deleted-overlay.jsonl"
    mail = written(tmp_path, "reproduce", "before", "qemu", log, "--for", "mail")
    assert mail.startswith("Subject: [BUG] block: qmp blockdev-snapshot-sync: the file ")
    assert installed.version in mail
    assert installed.digest in mail
    assert '{"execute": "blockdev-snapshot-sync", "arguments": {' in mail
    assert "7e3d98dd31b6 (" in mail.partition("Suspected commit:")[2]
    assert all(line.isprintable() for line in mail.splitlines())
