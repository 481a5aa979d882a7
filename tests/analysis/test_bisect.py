"""A bisection finds the patch, in few replays, on the series and on stacks of one's own."""

from itertools import pairwise
from math import ceil, log2
from pathlib import Path

import pytest

from replay.analysis.bisect import Bisection, about_check, about_place, bisect, culprits
from replay.analysis.checks import breaches, load_checks
from replay.engine.diff import diff
from replay.engine.find_place import find_place, outcome_of, value_at
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace
from replay.errors import ReplayError
from replay.events.event import Command
from replay.variants.variant import Subject, resolve
from tests.examples import NAMES, PATCHES, example, log_of, traced


def ends_of(subject: Subject, name: str, start: str, end: str) -> tuple[ModelTrace, ModelTrace]:
    """An example in two variants."""
    one, other = traced(subject, example(name), start, end)
    return one, other


def found(ends: tuple[ModelTrace, ModelTrace], text: str, every: bool = False) -> Bisection:
    """The bisection of what a user names."""
    return bisect(ends, about_place(ends, find_place(text, ends)), every)


def shas(bisection: Bisection) -> list[str]:
    """The patches of the changes, those taken away after a minus."""
    return [
        ("-" if change.out else "") + change.patch.sha[:8]
        for change in bisection.changes
        for change in change.changes
    ]


# The founding questions


@pytest.mark.parametrize(
    ("name", "between", "text", "patch", "values"),
    [
        (
            "deleted-overlay",
            "before..after",
            "/images/overlay.qcow2",
            "7e3d98dd",
            "exists unlinked",
        ),
        (
            "snapshot-on",
            "before..with",
            "drive0.backing_hd.open_flags.TEMPORARY",
            "8bfea15d",
            "False True",
        ),
        (
            "snapshot-on",
            "with..after",
            "drive0.backing_hd.open_flags.TEMPORARY",
            "7e3d98dd",
            "True False",
        ),
        ("lost-backing", "before..after", "drive0.backing_hd", "3a389e79", "absent present"),
        (
            "lost-below",
            "before..after",
            "drive0.backing_hd.backing_hd",
            "7e3d98dd",
            "absent present",
        ),
    ],
)
def test_the_patch_behind_a_founding_difference_is_found(qemu, name, between, text, patch, values):
    start, end = between.split("..")
    bisection = found(ends_of(qemu, name, start, end), text)
    assert shas(bisection) == [patch]
    assert [str(answer.value) for answer in bisection.changes[0].answers] == values.split()


def test_the_patch_behind_an_outcome_is_found(qemu):
    ends = ends_of(qemu, "lost-backing", "before", "after")
    bisection = bisect(ends, about_place(ends, outcome_of(ends[0], 7), 7))
    assert shas(bisection) == ["3a389e79"]
    assert [it.value["value"]["pattern"] for it in bisection.changes[0].answers] == [0, 0x61]


def test_the_patch_behind_a_breach_is_found(qemu):
    question = about_check(PATCHES / "checks.py", "images_stay")
    bisection = bisect(ends_of(qemu, "deleted-mirror", "before", "after"), question)
    assert shas(bisection) == ["7e3d98dd"]
    [change] = bisection.changes
    assert [(it.value, it.path) for it in change.answers] == [
        ("holds", ""),
        ("breached", "/images/copy.qcow2"),
    ]


def test_each_breach_has_a_culprit_unless_base_has_it(qemu):
    [trace] = traced(qemu, example("lost-backing"), "before")
    file = PATCHES / "checks.py"
    brought = culprits(trace, file, breaches(trace, load_checks(file, trace.variant)))
    assert list(brought.values()) == [(), ()]
    [trace] = traced(qemu, example("deleted-overlay"), "after")
    brought = culprits(trace, file, breaches(trace, load_checks(file, trace.variant)))
    assert {change.patch.sha[:8] for changes in brought.values() for change in changes} == {
        "7e3d98dd"
    }


# How it searches


@pytest.mark.parametrize("name", NAMES)
def test_halving_takes_few_replays_and_finds_a_true_turn(qemu, name):
    ends = ends_of(qemu, name, "base", qemu.series.patches[-1].sha)
    for divergence in diff(*ends).divergences[:3]:
        target = find_place_of(divergence.place.path, divergence.place.field, ends)
        bisection = bisect(ends, about_place(ends, target, divergence.first_seq))
        assert bisection.steps == len(qemu.series.patches)
        assert bisection.replays <= ceil(log2(bisection.steps)) + 2
        [change] = bisection.changes
        assert len(change.changes) == 1
        before, after = (
            value_at(trace.steps[divergence.first_seq - 1], target, qemu)
            for trace in (change.before, change.after)
        )
        assert before != after


def find_place_of(path: str, field: str, ends: tuple[ModelTrace, ModelTrace]):
    """The target of a divergence that is no outcome."""
    for text in (f"{path}.{field}", path):
        try:
            return find_place(text, ends)
        except ReplayError:
            continue
    return outcome_of(ends[0], 1)


def test_all_turns_are_found_where_neighbours_differ(qemu):
    ends = ends_of(qemu, "snapshot-on", "base", qemu.series.patches[-1].sha)
    target = find_place("drive0.open_flags", ends)
    bisection = bisect(ends, about_place(ends, target), every=True)
    log = ends[0].log
    values = [
        value_at(replay(log, resolve(qemu, text, {})).steps[1], target, qemu)
        for text in ["base", *(patch.sha for patch in qemu.series.patches)]
    ]
    expected = [
        patch.sha[:8]
        for patch, (one, other) in zip(qemu.series.patches, pairwise(values), strict=True)
        if one != other
    ]
    assert shas(bisection) == expected
    assert expected == ["be028adc", "7e3d98dd"]
    assert bisection.replays == len(values)


def test_the_way_back_takes_the_patch_away(qemu):
    ends = ends_of(qemu, "snapshot-on", "after", "before")
    assert shas(found(ends, "drive0.open_flags.TEMPORARY")) == ["-7e3d98dd"]


def test_a_patch_left_out_on_one_side_is_what_it_is_about(toy):
    log = log_of(
        Command("cli", "train", "7,lit"),
        Command("qmp", "couple", {"train": "7", "load": 3}),
    )
    one, other = traced(toy, log, "after", "after-bbbb2222")
    assert shas(found((one, other), "7.behind.marks.BRAKE")) == ["-bbbb2222"]
    assert shas(found((other, one), "7.behind.marks.BRAKE")) == ["bbbb2222"]


def test_what_answers_alike_cannot_be_halved(qemu):
    ends = ends_of(qemu, "snapshot-on", "before", "after")
    with pytest.raises(ReplayError, match="before and after give the same answer; --all"):
        found(ends, "drive0.read_only")
    assert found(ends, "drive0.read_only", every=True).changes == ()


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("drive0.backing_hdd", "drive0.backing_hd"),
        ("drive0.open_flag", "drive0.open_flags"),
        ("drive0.open_flags.TEMPORAR", "drive0.open_flags.TEMPORARY"),
        ("/images/bas.qcow2", "/images/base.qcow2"),
        ("", "replay run shows what there is"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(qemu, text, near):
    with pytest.raises(ReplayError, match=f"at any event; .*{near}"):
        find_place(text, ends_of(qemu, "snapshot-on", "before", "after"))


# The user's own stack


def stack(directory: Path, values: list[int]) -> str:
    """A patch file a value, each giving the toy's LIGHT that value, as an expression's end."""
    expression = ""
    for number, (old, new) in enumerate(pairwise([2, *values])):
        file = directory / f"{number}.patch"
        file.write_text(
            "--- a/yard.py\n+++ b/yard.py\n@@ -3,3 +3,3 @@\n"
            f" BRAKE = 0x1\n-LIGHT = 0x{old}\n+LIGHT = 0x{new}\n ENOENT = 2\n"
        )
        expression += f"+{file}"
    return expression


def test_ten_patches_of_ones_own_are_searched(toy, tmp_path):
    ten = stack(tmp_path, [4, 6, 8, 4, 6, 5, 7, 5, 7, 9])
    one, other = traced(toy, log_of(Command("cli", "train", "7,lit")), "after", f"after{ten}")
    bisection = found((one, other), "7.marks.BRAKE")
    assert [change.patch.name for change in bisection.changes[0].changes] == [
        str(tmp_path / "5.patch")
    ]
    after = bisection.changes[0].after.variant
    assert after.name == f"+{tmp_path / '5.patch'}"
    assert after.revision.endswith(f"+{tmp_path / '4.patch'}+{tmp_path / '5.patch'}")
    assert (bisection.steps, bisection.replays) == (10, 5)


def test_patches_that_make_a_model_only_together_are_one_step(toy, tmp_path):
    (tmp_path / "bad.patch").write_text(
        "--- a/yard.py\n+++ b/yard.py\n@@ -3,3 +3,3 @@\n"
        " BRAKE = 0x1\n-LIGHT = 0x2\n+LIGHT = BLIGHT\n ENOENT = 2\n"
    )
    (tmp_path / "good.patch").write_text(
        "--- a/yard.py\n+++ b/yard.py\n@@ -3,3 +3,3 @@\n"
        " BRAKE = 0x1\n-LIGHT = BLIGHT\n+LIGHT = 0x1\n ENOENT = 2\n"
    )
    both = f"after+{tmp_path / 'bad.patch'}+{tmp_path / 'good.patch'}"
    one, other = traced(toy, log_of(Command("cli", "train", "7,lit")), "after", both)
    bisection = found((one, other), "7.marks")
    changes = bisection.changes[0].changes
    assert [Path(change.patch.name).stem for change in changes] == ["bad", "good"]
