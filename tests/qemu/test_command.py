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
    assert "not compared, since nobody can see it: backing_file" in told


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
    assert status == 2
    assert "QEMU does not start" in said
    _, _, said = replay("diff", "after", "qemu", OVERLAY, "--qemu", str(other) + "x")
    assert "otherx: no program that can be run" in said
