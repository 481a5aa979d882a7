"""The real program on the command line: as a variant, and where it is missing."""

import sys
from pathlib import Path

import pytest

from replay.cli import main
from tests.qemu.machines import EXAMPLES

OVERLAY = str(EXAMPLES / "deleted-overlay.jsonl")


@pytest.fixture
def replay(tmp_path, monkeypatch, capfd):
    """replay(WORD...): runs the command line; its exit status, output and error output."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["replay", "--db", str(tmp_path / "db"), *words])
        with pytest.raises(SystemExit) as exit:
            main()
        return (int(exit.value.code or 0), *capfd.readouterr())

    return run


def test_it_is_compared_with_variants_of_the_model(replay, need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")
    status, told, _ = replay("diff", "with", "after", "qemu", OVERLAY)
    assert status == 1
    headline = "#5: the file /images/overlay.qcow2 exists in with; is unlinked in after and qemu."
    assert headline in " ".join(told.split())
    assert "variant  qemu   QEMU" in told
    assert "#4 is not performed: the machine has no buses" in told
    assert "not compared, since it cannot be observed: backing_file" in told


def test_without_the_programs_it_says_how_to_install_them_and_the_rest_works(
    replay, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, said = replay("diff", "after", "qemu", OVERLAY)
    assert status == 2
    assert "qemu-system-x86_64 and qemu-img" in said
    assert "apt-get install --no-install-recommends qemu-system-x86 qemu-utils" in said
    assert replay("diff", "--quiet", "with", "after", OVERLAY)[0] == 1


def test_without_the_library_it_says_how_to_install_that(replay, monkeypatch):
    monkeypatch.setitem(sys.modules, "qemu.qmp", None)
    status, _, said = replay("diff", "after", "qemu", OVERLAY)
    assert status == 2
    assert "pip install 'replay[qemu]'" in said


def test_another_build_can_be_named(replay, tmp_path, need):
    need("qemu-img", "qemu-utils")
    other = Path(tmp_path / "other")
    other.write_text(
        '#!/bin/sh\nif [ "$1" = --version ]; then echo "QEMU emulator version 99"; fi\n'
    )
    other.chmod(0o755)
    status, _, said = replay("diff", "after", "qemu", OVERLAY, "--qemu", str(other))
    assert status == 125
    assert "QEMU does not start" in said
    _, _, said = replay("diff", "after", "qemu", OVERLAY, "--qemu", str(other) + "x")
    assert "otherx: no program that can be run" in said


@pytest.fixture
def installed(need):
    """The installed QEMU is there."""
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")


def test_builds_are_listed_as_variants_with_their_versions(replay, installed, backports, tmp_path):
    status, told, _ = replay("builds", str(backports))
    assert status == 0
    assert told.startswith(f"qemu:{backports}  QEMU ")
    assert replay("builds")[1].startswith("qemu  QEMU ")
    status, _, said = replay("builds", str(tmp_path))
    assert (status, "no build of QEMU there" in said) == (2, True)


def test_two_builds_are_compared_under_names_of_ones_own(replay, installed, backports):
    names = ("--variant", "old=qemu", "--variant", f"new=qemu:{backports}")
    status, told, _ = replay(*names, "diff", "old", "new", OVERLAY)
    assert status == 0
    assert "The same in what was compared: 5 of 6 events in old and new; #4 cli device was" in told
    assert "variant  old  QEMU" in told
    assert "variant  new  QEMU" in told
    status, told, _ = replay(*names, "variants")
    assert f"qemu:{backports}" in told


def test_a_log_runs_on_a_build_and_checks_are_asked_about_it(replay, installed):
    status, told, _ = replay("run", "--at", "qemu", OVERLAY)
    assert status == 0
    assert "#5 qmp blockdev-snapshot-sync" in told
    assert "file /images/overlay.qcow2 unlinked" in told
    assert "drive0.open_flags: " in told or "open_flags=" in told
    status, told, _ = replay("check", "--at", "qemu", OVERLAY)
    assert status == 1
    assert "2 of 5 checks breached, first at #5: temporary_on_overlay on drive0" in told
    assert "written_data_stays can't be asked about a real" in told
    status, _, said = replay("check", "--at", "qemu", "--bisect", OVERLAY)
    assert (status, "a real machine has no patches" in said) == (2, True)
