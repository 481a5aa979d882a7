"""Patches that matter only together."""

import json
import re
from pathlib import Path

from msgspec.structs import replace

from replay.analysis.attribute import Work
from replay.analysis.interactions import Interaction, interactions
from replay.engine.diff import diff
from replay.engine.places import FieldPlace, OutcomePlace
from replay.events.event import Command
from replay.reports.documents.diff import DiffReports, diff_report, interaction_report
from replay.reports.json.diff import diffs
from replay.reports.text import diff as text
from replay.variants.variant import Subject, load_subject
from tests.examples import example, log_of, traced
from tests.reports.test_schemas import validate

MODEL = """\
class Machine:
    nodes: "list" = []
    total: "int" = 0
    open: "int" = 0


class Node:
    name: "str" = ""


def prepare():
    machine.open = 0
    return 0


def finish():
    machine.open = machine.open + 0
    return 0


def qmp_go(arguments):
    prepare()
    machine.total = 0
    finish()
    return machine.total
"""
GO = log_of(Command("qmp", "go", {}))


def patch(number: int, *edits: tuple[str, str]) -> str:
    """A patch of the series that replaces lines of the model, one each, by others."""
    header = (
        f"From {str(number) * 40} Mon Sep 17 00:00:00 2001\nDate: now\nSubject: {number}\n---\n"
    )
    lines = MODEL.splitlines()
    hunks = ""
    grown = 0
    for old, new in sorted(edits, key=lambda edit: lines.index(edit[0])):
        at, count = lines.index(old) + 1, new.count("\n") + 1
        added = "".join(f"+{line}\n" for line in new.split("\n"))
        hunks += f"@@ -{at} +{at + grown},{count} @@\n-{old}\n{added}"
        grown += count - 1
    return f"{header}--- a/model.py\n+++ b/model.py\n{hunks}"


def series(directory: Path, *patches: str) -> Subject:
    """A subject with these patches."""
    (directory / "base").mkdir()
    (directory / "base" / "model.py").write_text(MODEL)
    for number, patch_text in enumerate(patches, 1):
        (directory / f"{number}.patch").write_text(patch_text)
    names = "".join(f"{number}.patch\n" for number in range(1, len(patches) + 1))
    (directory / "series").write_text(names)
    node = 'class = "Node"\nchildren = []\nchain = ""\nroots = "nodes"\nroot_name = "name"\n'
    (directory / "subject.toml").write_text(f'machine = "Machine"\n[node]\n{node}')
    return load_subject(directory)


def told(found: Interaction) -> tuple[str, str, bool]:
    """The earlier and the later patch, and whether it is the earlier that sleeps."""
    return found.part.patch.subject, found.later.patch.subject, found.dormant


OPENS = ("    machine.open = 0", "    machine.open = 1")
USES = ("    machine.total = 0", "    machine.total = 3 * machine.open")
LIMITS = ("    machine.open = machine.open + 0", "    machine.total = min(machine.total, 2)")
COUNTS = ("    machine.total = 0", "    machine.total = 9")


def test_a_patch_needs_the_one_without_which_it_does_nothing(tmp_path):
    traces = traced(series(tmp_path, patch(1, OPENS), patch(2, USES)), GO, "base", "2222222")
    found = [one for one in interactions(traces, lambda p: p.subject == "2") if not one.dormant]
    assert [told(one) for one in found] == [("1", "2", False)]
    [outcome] = found[0].diff.divergences
    assert outcome.place == OutcomePlace("qmp go")
    assert [value["value"] for value in outcome.values.values()] == [0, 3]


def test_a_patch_that_does_nothing_until_a_later_one_is_told(tmp_path):
    subject = series(tmp_path, patch(1, LIMITS), patch(2, COUNTS))
    [found] = interactions(traced(subject, GO, "1111111", "2222222"), lambda p: True)
    assert told(found) == ("1", "2", True)
    assert found.part.lines == ()
    assert [v["value"] for v in found.diff.divergences[0].values.values()] == [9, 2]


def test_of_a_patch_that_cannot_be_left_out_it_is_the_statement(tmp_path):
    again = patch(2, COUNTS).replace("total = 0", "total = 1")
    renames = ("    machine.total = 0", "    machine.total = 1")
    subject = series(tmp_path, patch(1, renames, LIMITS), again)
    found = interactions(traced(subject, GO, "1111111", "2222222"), lambda p: True)
    assert [(told(one), one.part.file, one.part.line, one.part.text) for one in found] == [
        (("1", "2", True), "model.py", 17, "machine.total = min(machine.total, 2)")
    ]


def test_patches_that_work_alone_do_not_interact(tmp_path):
    subject = series(tmp_path, patch(1, OPENS), patch(2, COUNTS))
    assert interactions(traced(subject, GO, "base", "2222222"), lambda p: True) == ()


def test_only_what_is_asked_about_is_looked_at(tmp_path):
    subject = series(tmp_path, patch(1, OPENS), patch(2, USES))
    assert interactions(traced(subject, GO, "base", "2222222"), lambda p: False) == ()


def test_clearing_no_backing_has_no_effect_until_the_revert(qemu):
    traces = traced(qemu, example("lost-backing"), "with", "after")
    found = interactions(traces, lambda patch: patch.sha.startswith("7e3d98dd"))
    [sleeping] = [one for one in found if one.dormant]
    assert sleeping.part.patch.sha.startswith("4ddc07ca")
    assert sleeping.part.text == "bs_top.open_flags = bs_top.open_flags & ~BDRV_O_NO_BACKING"
    places = [divergence.place for divergence in sleeping.diff.divergences]
    assert FieldPlace("drive0", "open_flags") in places
    assert OutcomePlace("guest read drive0") in places
    told = replace(
        diff_report(diff(*traces)), together=tuple(map(interaction_report, found)), work=Work()
    )
    validate("diff", json.loads(diffs(DiffReports((told,)))))
    # the line moves with every change above it
    told_together = str(text.diff(told)).partition("Only together\n")[2]
    assert re.sub(r"(?<=block.py:)\d+", "N", told_together).startswith(LOST_BACKING)


LOST_BACKING = """\
  7e3d98dd does this only since 870f5681 (block: after creating a live snapshot,
    make old image read-only)
    #5 drive0.backing_hd.file: open_flags -NO_BACKING
  4ddc07ca (block: introduce bdrv_swap, implement bdrv_append on top of it) has
    no effect at block.py:N before 7e3d98dd; with both
      bs_top.open_flags = bs_top.open_flags & ~BDRV_O_NO_BACKING
    #5 drive0: open_flags -NO_BACKING
    #6 drive0.backing_hd: absent -> present
    #7 guest read drive0 sector 0 +128: reads zeros -> reads 0x61
"""
