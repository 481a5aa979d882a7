"""Which patches a divergence comes from."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.analysis.attribute import Attribution, attribute, select
from replay.engine.diff import Diff, diff
from replay.engine.places import FieldPlace, NodePlace, Place
from replay.engine.replay import replay
from replay.events.event import (
    Command,
    Event,
    Guest,
    Image,
    Internal,
    Log,
    LogHeader,
    Run,
    fingerprint,
)
from replay.formats.read import read
from replay.reports.documents.diff import diff_report
from replay.variants.expression import VariantSpec, parse_added
from replay.variants.path import named_patches, path_between
from replay.variants.variant import Subject, Variant, build, load_subject, resolve
from tests.examples import example

ROOT = Path(__file__).parents[2]
QEMU = load_subject(ROOT / "patches")
TOY = load_subject(ROOT / "tests" / "toy")
SCRAP, BRAKES = TOY.series.patches


def log(*payloads) -> Log:
    events = tuple(map(Event, payloads))
    return Log("made", LogHeader("made"), events, fingerprint(events))


def compared(subject: Subject, log: Log, *expressions: str) -> tuple[Diff, Attribution]:
    """The diff of a log in these variants, and the attribution of its divergences."""
    found = diff(*(replay(log, resolve(subject, text, {})) for text in expressions))
    return found, attribute(found)


def told(subject: Subject, log: Log, *expressions: str) -> dict[Place, list]:
    """For each place, by its first divergence: patch, whether it is out, before and after."""
    found, attribution = compared(subject, log, *expressions)
    first: dict[Place, list] = {}
    for divergence, causes in zip(found.divergences, attribution.causes, strict=True):
        changes = [(change, cause) for cause in causes for change in cause.changes]
        first.setdefault(
            divergence.place,
            [(t.patch.sha[:8] or t.patch.name, t.out, c.before, c.after) for t, c in changes],
        )
    return first


def test_a_story_of_some_causes_does_not_say_that_a_patch_did_nothing():
    found, attribution = compared(QEMU, example("snapshot-on"), "with", "after")
    assert [
        done.step[0].patch.sha[:8] for done in diff_report(found, attribution).effects.first
    ] == ["7e3d98dd"]
    between = compared(QEMU, example("snapshot-on"), "before", "after")
    others = select(*between, lambda _, cause: cause.changes[0].patch.sha[:8] != "7e3d98dd")
    assert not others[1].hidden
    assert diff_report(*others).effects.first == ()


YARD = log(
    Command("cli", "train", "7"),
    Command("qmp", "couple", {"train": "7"}),
    Command("qmp", "couple", {"train": "7"}),
    Command("qmp", "uncouple", {"train": "7"}),
)
BRAKE = FieldPlace("7.behind", "marks")
FORGOTTEN = NodePlace("other[0]")


# Between points of the series


def test_a_divergence_comes_from_the_patch_at_which_its_value_changes():
    assert told(TOY, YARD, "before", "after") == {
        BRAKE: [("bbbb2222", False, 0, 1)],
        FieldPlace("7.behind.behind", "marks"): [("bbbb2222", False, 0, 1)],
        FORGOTTEN: [("aaaa1111", False, "present", "absent")],
    }


def test_on_the_way_back_the_patch_is_taken_out():
    assert told(TOY, YARD, "after", "before")[BRAKE] == [("bbbb2222", True, 1, 0)]


def test_of_three_variants_each_neighbouring_pair_is_asked():
    assert told(TOY, YARD, "after", "before", "after^")[BRAKE] == [("bbbb2222", True, 1, 0)]
    assert told(TOY, YARD, "before", "after", "with")[BRAKE] == [
        ("bbbb2222", False, 0, 1),
        ("bbbb2222", True, 1, 0),
    ]


def test_a_value_that_changes_twice_comes_from_both_patches():
    example = next(read(ROOT / "patches" / "examples" / "lost-backing.jsonl"))
    events = tuple(example.events)
    found = told(QEMU, Log("x", example.header, events, fingerprint(events)), "3a389e79", "after")
    flags = found[FieldPlace("drive0.backing_hd", "open_flags")]
    assert (flags[0][0], flags[-1][0]) == ("4ddc07ca", "7e3d98dd")
    assert all(before != after for _, _, before, after in flags)
    assert all(one[3] == other[2] for one, other in pairwise(flags))


# A difference that is a patch


def test_a_patch_that_is_left_out_is_the_difference():
    assert told(TOY, YARD, "after", "after-aaaa1111") == {
        FORGOTTEN: [("aaaa1111", True, "absent", "present")]
    }


MINE = """\
--- a/yard.py
+++ b/yard.py
@@ -1,5 +1,5 @@
 \"\"\"A shunting yard: trains of wagons, and a ledger that the yard keeps in files.\"\"\"
 
-BRAKE = 0x1
+BRAKE = 0x4
 LIGHT = 0x2
 ENOENT = 2
"""


def test_a_patch_of_ones_own_is_the_difference(tmp_path):
    path = tmp_path / "my.patch"
    path.write_text(MINE)
    assert told(TOY, YARD, "after", f"after+{path}")[BRAKE] == [(str(path), False, 1, 4)]
    assert told(TOY, YARD, f"after+{path}", "after")[BRAKE] == [(str(path), True, 4, 1)]
    assert told(TOY, YARD, f"before+{path}", f"after+{path}")[BRAKE] == [("bbbb2222", False, 0, 4)]
    assert told(TOY, YARD, "before", f"after+{path}")[BRAKE] == [
        ("bbbb2222", False, 0, 1),
        (str(path), False, 1, 4),
    ]


# What it takes


def test_what_no_patch_touches_is_replayed_once():
    _, attribution = compared(TOY, log(*[Command("qmp", "couple", {"train": "8"})] * 3), "before")
    assert attribution.work.revisions == 0
    _, attribution = compared(TOY, YARD, "before", "after")
    assert attribution.work.revisions == 3
    assert (attribution.work.transitions, attribution.work.distinct) == (12, 9)


def test_nothing_that_differs_takes_no_work():
    same = log(Command("cli", "train", "7"))
    found, attribution = compared(TOY, same, "before", "after")
    assert not found.divergences
    assert (attribution.causes, attribution.work.revisions) == ((), 0)


# Selecting


def test_selecting_leaves_what_the_wanted_patches_do():
    found = compared(TOY, YARD, "before", "after")
    selected, attribution = select(*found, lambda _, cause: cause.changes[0].patch == SCRAP)
    assert [divergence.place for divergence in selected.divergences] == [FORGOTTEN]
    assert len(attribution.causes) == 1
    assert not select(*found, lambda *_: False)[0].divergences


# The way


def test_the_way_goes_along_the_series_a_patch_at_a_time():
    before, after = (resolve(TOY, name, {}) for name in ("before", "after"))
    assert [leg.changes[0].patch for leg in path_between(before, after)] == [SCRAP, BRAKES]
    assert [leg.changes[0].patch for leg in path_between(after, before)] == [BRAKES, SCRAP]
    assert path_between(before, after)[-1].variant is after
    assert path_between(after, after) == ()


def test_what_the_goal_leaves_out_is_not_met():
    before, goal = (resolve(TOY, name, {}) for name in ("before", "after-aaaa1111"))
    assert [[change.patch for change in leg.changes] for leg in path_between(before, goal)] == [
        [BRAKES]
    ]
    assert [[change.patch for change in leg.changes] for leg in path_between(goal, before)] == [
        [BRAKES]
    ]


MODEL = """\
class Machine:
    nodes: "list" = []
    total: "int" = 0


class Node:
    name: "str" = ""


def qmp_go(arguments):
    machine.total = 0
    return machine.total
"""


def edit(before: int, after: int, number: int = 0) -> str:
    """A patch that changes what is counted; with a number one of the series."""
    sha = f"{number}" * 40
    header = f"From {sha} Mon Sep 17 00:00:00 2001\nDate: now\nSubject: {number}\n---\n"
    lines = f"-    machine.total = {before}\n+    machine.total = {after}\n"
    hunk = f"@@ -11,3 +11,3 @@\n def qmp_go(arguments):\n{lines}     return machine.total\n"
    return f"{header if number else ''}--- a/model.py\n+++ b/model.py\n{hunk}"


def counting(directory: Path, *values: int) -> Subject:
    """A subject whose machine counts these values, from one point of its series to the next."""
    (directory / "base").mkdir()
    (directory / "base" / "model.py").write_text(MODEL)
    patches = {f"{at}.patch": edit(*pair, at) for at, pair in enumerate(pairwise((0, *values)), 1)}
    for name, patch in patches.items():
        (directory / name).write_text(patch)
    (directory / "series").write_text("".join(f"{name}\n" for name in patches))
    node = 'class = "Node"\nchildren = []\nchain = ""\nroots = "nodes"\nroot_name = "name"\n'
    (directory / "subject.toml").write_text(f'machine = "Machine"\n[node]\n{node}')
    return load_subject(directory)


def test_patches_that_apply_only_together_are_one_step(tmp_path):
    subject = counting(tmp_path, 1, 0, 2)
    (tmp_path / "mine").write_text(edit(0, 5))
    start, end = (resolve(subject, f"{at}+{tmp_path}/mine", {}) for at in ("base", "2222222"))
    [leg] = path_between(start, end)
    assert [change.patch.subject for change in leg.changes] == ["1", "2"]


def test_variants_are_named_after_patches(tmp_path):
    path = tmp_path / "my.patch"
    path.write_text(MINE)

    def named(*expressions: str) -> list[str]:
        found = named_patches(*(resolve(TOY, text, {}) for text in expressions))
        return [patch.sha[:4] or patch.name for patch in found]

    assert named("before", "with", "after") == ["aaaa", "bbbb"]
    assert named("after~2", "base") == ["bbbb"]
    assert named("after-aaaa1111", f"base+{path}") == ["aaaa", "bbbb", str(path)]


# Any log

IMAGES = ("/images/a.qcow2", "/images/b.qcow2")
ACTIONS = [
    *(Command("hmp", name, "drive0") for name in ("commit", "eject")),
    Command("hmp", "change", f"drive0 {IMAGES[1]}"),
    *(
        Command("qmp", "blockdev-snapshot-sync", {"device": "drive0", "snapshot-file": file})
        for file in ("/images/new.qcow2", IMAGES[1])
    ),
    Command("qmp", "block-commit", {"device": "drive0", "top": "/images/new.qcow2"}),
    Command("qmp", "block-stream", {"device": "drive0"}),
    *(Internal("close-open", "drive0", depth) for depth in (0, 1)),
    *(Guest("write", "drive0", 0, sectors, 7) for sectors in (8, 128)),
    Guest("read", "drive0", 0, 8),
]
OPTIONS = ("", ",snapshot=on", ",readonly=on", ",copy-on-read=on")
LOGS = st.builds(
    lambda option, actions: log(
        *(Image(name, "qcow2", 1 << 20, data=(Run(9, 0, 4096),)) for name in IMAGES),
        Command("cli", "drive", f"if=none,id=drive0,file={IMAGES[0]}{option}"),
        Command("cli", "device", "virtio-blk-pci,drive=drive0"),
        *actions,
    ),
    st.sampled_from(OPTIONS),
    st.lists(st.sampled_from(ACTIONS), max_size=6),
)
POINTS = [
    build(QEMU, VariantSpec(depth), str(depth), "") for depth in range(len(QEMU.series.trees))
]
DEPTHS = st.integers(0, len(POINTS) - 1)
ANY = settings(max_examples=40, deadline=None)


@ANY
@given(LOGS, DEPTHS)
def test_a_variant_does_not_differ_from_itself(log, depth):
    trace = replay(log, POINTS[depth])
    assert diff(trace, trace).divergences == ()


@ANY
@given(LOGS, DEPTHS, DEPTHS)
def test_a_diff_mirrors_the_diff_the_other_way(log, a, b):
    one, other = replay(log, POINTS[a]), replay(log, POINTS[b])

    def found(*traces):
        return {
            (d.place, d.first_seq, tuple(sorted(map(repr, d.values.items()))))
            for d in diff(*traces).divergences
        }

    assert found(one, other) == found(other, one)


@ANY
@given(LOGS, DEPTHS, DEPTHS)
def test_each_cause_is_told_by_a_diff_of_its_step_alone(log, a, b):
    found = diff(replay(log, POINTS[a]), replay(log, POINTS[b]))
    for divergence, causes in zip(found.divergences, attribute(found).causes, strict=True):
        values = [divergence.values[POINTS[depth].name] for depth in (a, b)]
        assert [causes[0].before, causes[-1].after] == values
        for cause in causes:
            [change] = cause.changes
            at = QEMU.series.patches.index(change.patch)
            step = diff(*(replay(log, POINTS[depth]) for depth in (at, at + 1)))
            assert shows(step, divergence.place, divergence.first_seq)


def shows(step: Diff, place: Place, seq: int) -> bool:
    """Whether a diff has the place at this event, or that all below a path came or went there."""
    now = [d.place for d in step.divergences if d.first_seq <= seq <= d.last_seq]
    came = [other.path for other in now if other.field in ("existence", "running")]
    above = ("machine", *(place.path[:end] for end in ends(place.path)))
    return place in now or any(path in above for path in came)


def ends(path: str) -> list[int]:
    """Where the path's parts end."""
    return [at for at, char in enumerate(path) if char == "."] + [len(path)]


@pytest.fixture(scope="module")
def remarks(tmp_path_factory) -> list[Variant]:
    """Every point of the series, with a patch on top that says nothing."""
    directory = tmp_path_factory.mktemp("remarks")
    found = []
    for depth, point in enumerate(POINTS):
        file = point.tree.files[0]
        first = file.lines[0].text
        path = directory / f"{depth}.patch"
        path.write_text(
            f"--- a/{file.name}\n+++ b/{file.name}\n@@ -1 +1,2 @@\n {first}\n+# a remark\n"
        )
        extra = parse_added(QEMU.series, str(path))
        found.append(build(QEMU, VariantSpec(depth, extra=extra), f"{depth}+", ""))
    return found


@ANY
@given(LOGS, DEPTHS)
def test_a_patch_that_says_nothing_makes_no_difference(remarks, log, depth):
    assert diff(replay(log, POINTS[depth]), replay(log, remarks[depth])).divergences == ()
