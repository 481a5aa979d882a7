"""replay hunt, as a user has it."""

import json
from pathlib import Path

import pytest

from tests.cli.test_explain import run  # noqa: F401 - a fixture

TOY = str(Path(__file__).parents[1] / "toy")
START = ("--start", "snapshot=on")


def flat(told: str) -> str:
    """What was printed, on one line."""
    return " ".join(told.split())


def test_a_hunt_tells_what_holds_and_stores_what_does_not(run):  # noqa: F811
    told = run("hunt", "with", "after", "--depth", "1", *START, status=1)
    assert "agree on everything that a guest or a user can notice, up to 1 step" in flat(told)
    assert "except for these 4:" in told
    assert "known, as in deleted-mirror, 7e3d98dd" in told
    assert "replay diff with after 7e3d98dd-drive-mirror-file" in flat(told)
    assert "is unlinked in after" in run(
        "diff", "with", "after", "7e3d98dd-drive-mirror-file", status=1
    )
    assert "found by a hunt: the file" in run("logs")


def test_two_hunts_print_the_same(run):  # noqa: F811
    words = ("hunt", "with..after", "--depth", "2", *START, "--no-store")
    assert run(*words, status=1) == run(*words, "--workers", "2", status=1)


def test_a_hunt_that_finds_nothing_ends_with_0(run):  # noqa: F811
    told = run("hunt", "with", "7e3d98dd^", "--depth", "1", *START)
    assert "can notice, up to 1 step from 1 start of this alphabet." in flat(told)


def test_one_variant_is_hunted_in_for_crashes_by_default(run):  # noqa: F811
    told = run("hunt", "after", "--depth", "1", *START)
    assert "In after there is nowhere a crash, up to 1 step" in told


def test_one_variant_is_hunted_in_for_a_breach(run):  # noqa: F811
    told = run("hunt", "after", "--check", "images_stay", "--depth", "1", *START, status=1)
    assert "the check images_stay on /images/b.qcow2 breached in after" in told


def test_a_hunt_goes_on_from_its_file(run, tmp_path):  # noqa: F811
    words = ("hunt", "with", "after", *START, "--no-store")
    whole = run(*words, "--depth", "2", status=1)
    run(*words, "--depth", "1", "--continue", "hunt.bin", status=1)
    size = (tmp_path / "hunt.bin").stat().st_size
    assert run(*words, "--depth", "2", "--continue", "hunt.bin", status=1) == whole
    assert (tmp_path / "hunt.bin").stat().st_size > size
    told = run("hunt", "before", "after", *START, "--continue", "hunt.bin", status=2)
    assert "is a hunt that is about something else" in told


def test_neighbours_are_hunted_pair_by_pair(run):  # noqa: F811
    told = run("hunt", "f187743a^..after", "--neighbours", "--depth", "1", "--no-store", status=1)
    assert flat(told).count("agree on everything") == 4
    assert "except for" in told.split("variant  8bfea15d")[-1]


def test_random_walks_are_the_same_for_the_same_seed(run):  # noqa: F811
    words = ("hunt", "with", "after", "--random", "3", "--runs", "10", *START, "--no-store")
    told = run(*words, status=1)
    assert "random walks found" in told
    assert run(*words, status=1) == told


def test_json_has_each_finding(run):  # noqa: F811
    words = ("--depth", "1", *START, "--no-store", "--format", "json")
    told = json.loads(run("hunt", "with", "after", *words, status=1))
    assert [found["known"] for found in told["findings"]] == [
        *("deleted-overlay", "deleted-mirror", "deleted-backup", None),
    ]
    assert told["depth"] == 1 and told["counts"]["states"] == 10


def test_what_a_baseline_accepts_is_known(run):  # noqa: F811
    words = ("--depth", "1", *START)
    run("hunt", "with", "after", *words, status=1)
    run("diff", "with", "after", "7e3d98dd-drive-mirror-file", "--write-baseline", "base")
    told = run("hunt", "with", "after", *words, "--no-store", "--baseline", "base", status=1)
    assert told.count("known, as in the baseline") == 1


def test_an_alphabet_of_ones_own(run):  # noqa: F811
    words = ("--alphabet", f"{TOY}/alphabet.jsonl", "--depth", "2", "--goal", "any")
    told = run("--patches", TOY, "hunt", "before", "with", *words, status=1)
    assert "agree on everything, up to 2 steps from 2 starts" in told
    assert "new, aaaa1111" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["with", "after", "before"], "3 variants to hunt in; name one or two"),
        (["with", "recorded"], "nothing was recorded of what is tried"),
        (["with", "after", "--start", "nowhere"], "no start nowhere; there are ordinary"),
        (["with", "after", "--goal", "sense"], "'sense' is no goal"),
        (["with", "after", "--alphabet", "no.jsonl"], "no.jsonl"),
        (["with..after", "--neighbours", "--continue", "x"], "cannot go on"),
    ],
)
def test_what_cannot_be_hunted_is_refused(run, words, message):  # noqa: F811
    assert message in run("hunt", *words, status=2)
