"""replay hunt in real builds, as a user has it."""

import pytest

from tests.cli.test_explain import run  # noqa: F401 - a fixture
from tests.cli.test_hunt import flat
from tests.examples import PATCHES

LATER = (
    "--alphabet",
    str(PATCHES / "alphabet-later.jsonl"),
    "--start",
    "snapshot=on",
    "--depth",
    "1",
)


@pytest.fixture(autouse=True)
def programs(need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")


def test_a_build_that_deletes_files_is_found_unaided_and_the_logs_are_stored(run):  # noqa: F811
    told = flat(run("hunt", "qemu", "--check", "images_stay", *LATER, status=1))
    assert "except for these 2:" in told
    assert "known, as in deleted-overlay snapshot=on: snapshot drive0 a" in told
    assert "known, as in refused-backup-deletes-base" in told
    assert "hunt-drive-backup-check" in run("logs")


def test_what_builds_of_today_do_otherwise_is_explained(run):  # noqa: F811
    words = ("--start", "ordinary", "--depth", "2", "--goal", "refusal", "--no-store")
    alphabet = ("--alphabet", str(PATCHES.parent / "tests" / "data" / "hunts" / "eject.jsonl"))
    told = flat(run("hunt", "after", "qemu", *alphabet, *words, status=1))
    assert "explained: a drive without a medium has no node any more" in told


@pytest.mark.parametrize(
    "words",
    [
        ["--random", "1"],
        ["--continue", "file"],
        ["--neighbours"],
    ],
)
def test_builds_are_hunted_in_by_length_alone(run, words):  # noqa: F811
    told = run("hunt", "after", "qemu", *words, status=2)
    assert "real builds are hunted in by length alone" in told
