"""Explanations of the founding questions are exactly right, and every place has one."""

import re
from pathlib import Path

import pytest

from replay.analysis.explain import Explanation, explain
from replay.engine.find_place import find_place, flags_of, outcome_of
from replay.engine.places import FILE_FIELDS, FieldPlace, FilePlace, NodePlace, Place
from replay.engine.trace import ModelTrace
from replay.engine.view import view
from replay.errors import ReplayError
from replay.events.event import Command, Image
from replay.reports.documents.explain.sentence import sentence
from replay.series.lineage import lineage
from replay.variants.variant import Subject, resolve
from tests.examples import NAMES, example, log_of, traced


def why(subject: Subject, name: str, at: str, what: str, seq: int | None = None) -> Explanation:
    """The explanation of something in an example; it may be there in another variant only."""
    traces = traced(subject, example(name), at, "before", "after")
    target = find_place(what, traces) if what else outcome_of(traces[0], seq or 0)
    return explain(traces[0], target, seq)


def told(explanation: Explanation) -> list[tuple[int, str, str, str]]:
    """Event, kind, function and the patch of every link that is no mere copy."""
    return [
        (it.seq, it.kind, it.function, it.patches[0].sha[:8] if it.patches else "base")
        for it in explanation.links
        if it.kind != "copy"
    ]


# The founding questions


def test_temporary_is_on_the_backing_node_because_the_flags_were_moved_back(qemu):
    it = why(qemu, "snapshot-on", "with", "drive0.backing_hd.open_flags.TEMPORARY")
    assert (it.value, it.since) == (True, 2)
    assert told(it) == [
        (2, "write", "bdrv_move_feature_fields", "4ddc07ca"),
        (2, "swap", "bdrv_swap", "4ddc07ca"),
        (2, "write", "bdrv_open_backing_file", "9156df12"),
        (2, "write", "bdrv_open_common", "base"),
        (2, "set", "bdrv_append_temp_snapshot", "8bfea15d"),
        (2, "condition", "bdrv_open", "f187743a"),
        (2, "set", "drive_init", "base"),
        (2, "condition", "drive_init", "base"),
        (2, "event", "", "base"),
    ]
    moved = it.links[0]
    assert moved.text == "bs_dest.open_flags = bs_src.open_flags"
    assert [patch.sha[:8] for patch in moved.patches] == ["4ddc07ca", "3a389e79"]
    assert [link.flag for link in it.links if link.kind == "set"] == ["TEMPORARY", "SNAPSHOT"]
    assert sentence(it) == (
        "#2 cli drive if=none,id=drive0,file=/images/base.qcow2,snapshot=on: TEMPORARY is set on"
        " drive0.backing_hd (open_flags); bdrv_move_feature_fields wrote it (4ddc07ca, carrying on"
        " a line of 3a389e79); bdrv_swap had exchanged the contents (4ddc07ca);"
        " bdrv_append_temp_snapshot had set TEMPORARY (8bfea15d, carrying on a line of"
        " f187743a snapshot-on-by-append, 3 commits)."
    )


@pytest.mark.parametrize(("what", "seq"), [("drive0.backing_hd", None), ("", 7)])
def test_the_backing_file_is_lost_by_the_overlays_flag(qemu, what, seq):
    it = why(qemu, "lost-backing", "3a389e79^", what, seq)
    assert told(it) == [
        (6, "write", "bdrv_close", "base"),
        (6, "skipped", "bdrv_open", "base"),
        (5, "swap", "bdrv_append", "base"),
        (5, "write", "bdrv_open_common", "base"),
        (5, "set", "external_snapshot_prepare", "base"),
    ]
    assert it.links[0].text == "bs.backing_hd = None"
    assert it.links[1].text == ('if flags & BDRV_O_NO_BACKING == 0 and bs.backing_file != "":')
    assert it.links[-1].flag == "NO_BACKING"
    if seq:
        assert it.about == "none of its images holds it: /images/overlay.qcow2"
        assert "bdrv_close wrote it at #6" in sentence(it)
    else:
        assert (it.value, it.since) == ("absent", 6)
        assert "drive0.backing_hd is not there; bdrv_close set it to none (base)" in sentence(it)


def test_the_overlay_is_unlinked_because_it_was_opened_with_temporary(qemu):
    it = why(qemu, "deleted-overlay", "after", "/images/overlay.qcow2")
    assert (it.value, it.since) == ("unlinked", 5)
    assert told(it)[:2] == [
        (5, "call", "raw_open_common", "8bfea15d"),
        (5, "condition", "raw_open_common", "8bfea15d"),
    ]
    assert [link.text for link in it.links[:2]] == [
        "disk_unlink(filename)",
        "if bdrv_flags & BDRV_O_TEMPORARY:",
    ]
    assert (3, "swap", "bdrv_swap", "4ddc07ca") in told(it)
    assert (3, "set", "bdrv_append_temp_snapshot", "8bfea15d") in told(it)
    assert why(qemu, "deleted-overlay", "with", "/images/overlay.qcow2").links[0].kind == "image"


def test_what_a_file_holds_is_explained_by_what_wrote_there_last(qemu):
    place = "/images/second.qcow2.data"
    it = why(qemu, "unprotected-medium", "after", place)
    assert it.since == 6
    assert it.links[0].text.startswith("disk_write(")
    assert sentence(it).startswith(
        "#6 guest write drive0 sector 0 +128 of 0x62: data of the file /images/second.qcow2 is "
        "0x62 at 0 +64 KiB, 0x22 at 64 KiB +960 KiB; bdrv_write wrote it (base)"
    )
    before = why(qemu, "unprotected-medium", "with", place)
    assert [link.kind for link in before.links] == ["image"]
    assert "it came with the image" in sentence(before)


def test_a_write_went_to_the_file_that_the_node_was_opened_on(qemu):
    medium = why(qemu, "unprotected-medium", "after", "/images/second.qcow2.data")
    assert told(medium) == [
        (6, "call", "bdrv_write", "base"),
        (5, "write", "raw_open_common", "base"),
        (5, "event", "", "base"),
    ]
    assert medium.links[-1].text == "arguments"
    overlay = why(qemu, "unprotected-medium", "before", "", 7)
    assert overlay.about == "it is in <tmp1>"
    assert (5, "set", "qmp_change", "base") in told(overlay)
    assert told(overlay)[-1] == (3, "event", "", "base")


def test_what_a_file_does_not_hold_is_explained_by_the_file_not_being_there(qemu):
    it = why(qemu, "deleted-overlay", "after", "/images/overlay.qcow2.size")
    assert it.value == "absent"
    assert it.links[0].text == "disk_unlink(filename)"
    assert "size of the file /images/overlay.qcow2 is absent; raw_open_common unlinked it" in (
        sentence(it)
    )


def test_rdwr_is_in_the_flags_of_a_read_only_node_because_the_drive_asked_for_it(qemu):
    flag = why(qemu, "snapshot-on", "with", "drive0.backing_hd.open_flags.RDWR")
    assert flag.value is True
    asked = next(link for link in flag.links if link.flag == "RDWR")
    assert (asked.kind, asked.function) == ("set", "drive_init")
    assert asked.text == "bdrv_flags = bdrv_flags | BDRV_O_RDWR"
    only = why(qemu, "snapshot-on", "with", "drive0.backing_hd.read_only")
    assert only.value is True
    taken = next(link for link in only.links if link.flag == "RDWR")
    assert (taken.kind, taken.function) == ("clear", "bdrv_open_flags")
    [snapshot] = [
        link.text for link in only.links if link.kind == "condition" and "SNAPSHOT" in link.text
    ]
    assert snapshot == "if flags & BDRV_O_SNAPSHOT:"
    assert (2, "write", "bdrv_open_common", "fc5d3f84") in told(only)


def test_what_the_guest_reads_was_written_into_the_base(qemu):
    it = why(qemu, "lost-backing", "after", "", 7)
    assert it.about == "it is in /images/base.qcow2"
    assert told(it) == [
        (4, "call", "bdrv_write", "base"),
        (2, "write", "raw_open_common", "base"),
        (2, "event", "", "base"),
    ]


def test_a_commit_is_refused_because_the_file_lost_rdwr(qemu):
    it = why(qemu, "refused-commit", "f1f25a2e", "", 5)
    assert (it.links[0].kind, it.links[0].function) == ("call", "error_check")
    cleared = next(link for link in it.links if link.kind == "clear")
    assert (cleared.function, cleared.flag) == ("bdrv_inherited_flags", "RDWR")
    assert "f1f25a2e" in {link.patches[0].sha[:8] for link in it.links if link.patches}
    assert "because of `if bs.file.read_only:` in bdrv_image_writable" in sentence(it)


# Every kind of place


def test_a_command_that_a_tree_does_not_have_is_told(qemu):
    assert sentence(why(qemu, "deleted-base", "before", "", 5)).endswith(
        "the model has no qmp_block_commit."
    )


def test_a_root_is_there_because_it_was_put_into_the_list(qemu):
    it = why(qemu, "snapshot-on", "before", "drive0")
    assert it.links[0].text == "machine.bdrv_states.append(bs)"
    assert it.since == 2


def test_a_root_that_is_not_there_yet_is_not_said_to_have_been_made(qemu):
    it = why(qemu, "deleted-overlay", "after", "drive0", 2)
    assert sentence(it) == "drive0 is not there since #1."


def test_without_a_machine_what_ended_it_is_told(qemu):
    log = log_of(Image("/images/a.qcow2", "qcow2", 512), Command("cli", "drive", "file=/none"))
    gone, there = (
        *traced(qemu, log, "after"),
        *traced(qemu, example("snapshot-on"), "after"),
    )
    it = explain(gone, find_place("drive0", [there]))
    assert it.about == "no machine runs since #2"
    assert (it.links[0].kind, it.links[0].function) == ("call", "error_check")


def patched(directory: Path, statement: str) -> str:
    """The expression of `after` with bdrv_append putting that below the overlay."""
    patch = directory / "own.patch"
    patch.write_text(
        "--- a/block.py\n+++ b/block.py\n@@ -475,3 +475,3 @@\n"
        "     # the contents of bs_new are in bs_top now, and the old image is in bs_new\n"
        f"-    bs_top.backing_hd = bs_new\n+    {statement}\n"
        "     bs_top.open_flags = bs_top.open_flags & ~BDRV_O_NO_BACKING\n"
    )
    return f"after+{patch}"


def test_a_crash_is_explained_by_the_statement_that_failed(qemu, tmp_path):
    at = patched(tmp_path, "bs_top.backing_hd = 7")
    it = why(qemu, "snapshot-on", at, "", 3)
    # the line moves with every change above it
    assert re.sub(r"(?<=block.py:)\d+", "N", sentence(it)).startswith(
        "#3 cli device virtio-blk-pci,drive=drive0 crashed: Fault, a number where an object is"
        " needed (block.py:N): bdrv_co_do_readv failed at"
        ' `for node in walk(bs, "backing_hd"):` (base);'
        f" bdrv_append had written drive0.backing_hd at #2 ({tmp_path}/own.patch);"
    )
    assert it.links[1].text == "bs_top.backing_hd = 7"
    gone = why(qemu, "snapshot-on", at, "drive0", 3)
    assert sentence(gone).startswith(
        "#3 cli device virtio-blk-pci,drive=drive0: drive0 is not there; no machine runs since #3;"
        " bdrv_co_do_readv failed at"
    )


def test_a_flag_of_what_is_no_number_is_explained_by_who_wrote_that(qemu, tmp_path):
    at = patched(tmp_path, 'bs_new.open_flags = "all"')
    it = why(qemu, "snapshot-on", at, "other[0].open_flags.TEMPORARY", 2)
    assert (it.value, it.links[0].text) == ("all", 'bs_new.open_flags = "all"')


def test_a_failed_assertion_is_explained_by_its_condition(toy):
    log = log_of(Command("cli", "train", "7"), Command("qmp", "couple", {"train": "7", "load": -1}))
    [trace] = traced(toy, log, "after")
    it = explain(trace, outcome_of(trace, 2))
    assert it.links[0].text == "assert wagon.load >= 0"
    assert "qmp_couple failed at `assert wagon.load >= 0` (base)" in sentence(it)
    assert told(it)[-1] == (2, "event", "", "base")


def test_a_loose_node_is_explained_by_who_made_it_and_its_end_by_who_freed_it(qemu):
    it = why(qemu, "deleted-mirror", "after", "other[0]", 5)
    assert [(link.kind, link.function) for link in it.links] == [
        ("call", "bdrv_new"),
        ("call", "qmp_drive_mirror"),
    ]
    assert sentence(it).endswith(": other[0] is there; bdrv_new made it (base).")
    assert sentence(it).startswith("#5 qmp drive-mirror ")
    gone = why(qemu, "deleted-mirror", "after", "other[0]", 8)
    assert (gone.links[0].text, gone.links[1].text) == ("free(bs)", "if bs.refcnt == 0:")
    assert "other[0] is not there; bdrv_delete freed it" in sentence(gone)
    assert not why(qemu, "deleted-mirror", "after", "other[0]", 2).links


def test_a_node_that_was_let_go_is_explained_by_what_was_written_over_it(toy):
    couple = Command("qmp", "couple", {"train": "7"})
    uncouple = Command("qmp", "uncouple", {"train": "7"})
    log = log_of(Command("cli", "train", "7"), couple, uncouple)
    [trace] = traced(toy, log, "before")
    it = explain(trace, find_place("other[0]", [trace]))
    assert (it.since, it.links[0].text) == (3, "before.behind = None")
    assert it.links[0].path == "7.behind"
    assert "took" not in sentence(it)


def test_a_child_that_is_another_paths_node_is_told(toy):
    log = log_of(Command("cli", "train", "7"), Command("hmp", "ring", "7"))
    [trace] = traced(toy, log, "after")
    it = explain(trace, find_place("7.behind", [trace]))
    assert it.value == "7"
    assert sentence(it).startswith("#2 hmp ring 7: 7.behind is 7; hmp_ring wrote it")
    assert explain(trace, find_place("7.behind", [trace]), 1).value == "absent"


def test_a_default_is_an_origin_too(toy):
    log = log_of(Command("cli", "train", "7"), Command("hmp", "ring", "7"))
    [trace] = traced(toy, log, "after")
    it = explain(trace, find_place("7.load", [trace]))
    assert [link.kind for link in it.links] == ["default"]
    assert it.links[0].text == "wagon = new(Wagon)"


def test_every_flag_of_a_bit_field_has_its_own_chain(qemu):
    [trace] = traced(qemu, example("snapshot-on"), "with")
    flags = flags_of(find_place("drive0.backing_hd.open_flags", [trace]), [trace], None)
    assert [it.flag for it in flags] == ["TEMPORARY", "RDWR", "ALLOW_RDWR", "CACHE_WB", "NO_FLUSH"]
    origins = {
        it.flag: next(link.function for link in explain(trace, it).links if link.flag == it.flag)
        for it in flags
    }
    assert origins == {
        "TEMPORARY": "bdrv_append_temp_snapshot",
        "RDWR": "drive_init",
        "ALLOW_RDWR": "bdrv_open",
        "CACHE_WB": "drive_init",
        "NO_FLUSH": "drive_init",
    }


@pytest.mark.parametrize("name", NAMES)
def test_everything_can_be_explained(qemu, name):
    [trace] = traced(qemu, example(name), "with")
    for seq in range(1, len(trace.steps) + 1):
        assert sentence(explain(trace, outcome_of(trace, seq), seq))
    for place in places(trace):
        for target in flags_of(place, [trace], None):
            it = explain(trace, target)
            assert sentence(it)
            assert it.links or it.about


def places(trace: ModelTrace) -> list[Place]:
    """Every node, field and file after the last event."""
    seen = view(trace.steps[-1].state, trace.variant.subject)
    fields = [
        FieldPlace(path, field) for path, node in seen.all_nodes.items() for field in node.fields
    ]
    nodes = [NodePlace(path) for path in seen.all_nodes]
    of_files = ("existence", *FILE_FIELDS)
    files = [FilePlace(name, field) for name in seen.files for field in of_files]
    return [*nodes, *fields, *files]


def test_an_event_that_is_not_there_is_told(qemu):
    with pytest.raises(ReplayError, match="there is no event 4; the last is 3"):
        why(qemu, "snapshot-on", "with", "drive0", 4)


# Lines


def test_a_line_that_a_patch_only_changed_is_carried_on(qemu):
    variant = resolve(qemu, "with", {})
    block = next(file for file in variant.tree.files if file.name == "block.py")
    number = next(
        n for n, it in enumerate(block.lines, 1) if "bs_dest.open_flags = bs_src" in it.text
    )
    shas = [
        patch.sha[:8] for patch in lineage(variant.subject.series, variant.tree, "block.py", number)
    ]
    assert shas == ["4ddc07ca", "3a389e79"]
    base = next(n for n, it in enumerate(block.lines, 1) if it.patch is None)
    assert lineage(variant.subject.series, variant.tree, "block.py", base) == ()
