"""What is said where little or nothing was compared, where a machine dies, where replay stops."""

import difflib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import replay as api
from replay.cli import main
from replay.engine.compared import Gap
from replay.engine.diff import Diff
from replay.engine.trace import GapReason
from replay.events.event import Command, Image, Log, Notice
from replay.language.limits import MAX_STEPS
from replay.reports.verdict import agreement
from replay.variants.variant import Subject
from tests.changed import changed, patch_file
from tests.examples import PATCHES, example, log_of, traced

DATA = Path(__file__).parents[1] / "data" / "verdicts"
TRAIN = Command("cli", "train", "7")
COUPLE = Command("qmp", "couple", {"train": "7"})
FLY = Command("qmp", "fly", {})


class Said(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def say(tmp_path, monkeypatch, capfd) -> Callable[..., Said]:
    """say(WORD...): what a command says and its exit status, in its own database."""
    monkeypatch.setenv("REPLAY_DB", str(tmp_path / "replay.db"))

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["replay", *map(str, words)])
        with pytest.raises(SystemExit) as exit:
            main()
        return Said(int(exit.value.code or 0), *capfd.readouterr())

    return run


def compared(subject: Subject, log: Log, *expressions: str) -> Diff:
    return api.diff(*traced(subject, log, *expressions))


def headline(difference: Diff) -> str:
    return json.loads(api.report(difference).json())["headline"]


# Nothing, or not everything, was compared


def test_a_log_whose_machine_never_runs_is_not_the_same(qemu):
    log = api.read_log(DATA / "dead.jsonl")
    found = compared(qemu, log, "with", "after")
    assert found.compared.is_nothing
    assert headline(found).startswith("Nothing compared in with and after: #4-#6 no machine runs")
    assert json.loads(api.report(found).json())["verdict"] == "not compared"


def test_what_no_tree_models_is_not_the_same(toy):
    found = compared(toy, log_of(TRAIN, FLY, COUPLE), "after", "after")
    assert (found.compared.events, found.compared.compared, found.compared.acting) == (3, 2, 2)
    assert headline(found) == (
        "The same in what was compared: 2 of 3 events in after and after-2; "
        "#2 qmp fly is not modelled; no code differs."
    )


def test_a_log_of_which_nothing_is_modelled_is_not_compared(toy):
    found = compared(toy, log_of(TRAIN, FLY, FLY), "before", "after")
    assert found.compared.acting == 1
    found = compared(toy, log_of(FLY, FLY), "before", "after")
    assert headline(found) == (
        "Nothing compared in before and after: #1-#2 qmp fly is not modelled."
    )


def test_notices_and_images_alone_compare_nothing(toy):
    found = compared(toy, log_of(Notice("STOP"), Notice("RESUME")), "before", "after")
    assert headline(found) == (
        "Nothing compared in before and after: no event asks anything of the code."
    )


def test_the_gaps_of_one_reason_are_one(toy):
    found = compared(toy, log_of(TRAIN, FLY, FLY), "after")
    assert found.compared.gaps == (Gap("after", GapReason.NOT_MODELLED, "qmp fly", 2, 3),)
    names = ["after"]
    assert agreement(found.compared, names).endswith("#2-#3 qmp fly is not modelled.")


COMMANDS = {
    "diff": ("diff", "with", "after"),
    "diff --quiet": ("diff", "--quiet", "with", "after"),
    "diff --details": ("diff", "--details", "--no-attribution", "with", "after"),
    **{
        f"diff --format {form}": ("diff", "--format", form, "with", "after")
        for form in ("json", "md", "html")
    },
    "check": ("check", "--at", "after"),
    "check --format json": ("check", "--at", "after", "--format", "json"),
    "check --format md": ("check", "--at", "after", "--format", "md"),
    "bisect": ("bisect",),
    "bisect --minimal": ("bisect", "--minimal"),
    "shrink": ("shrink",),
}
"""The commands that judge a log, and the words of each but the log."""


@pytest.mark.parametrize("log", ["dead", "nodrive"])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_where_nothing_was_compared(say, name, log):
    words, ends = COMMANDS[name], []
    if words[0] in ("bisect", "shrink"):
        ends = ["with..after"]
    said = say(*words, DATA / f"{log}.jsonl", *ends)
    assert said.status == 2
    text = " ".join((said.out + said.err).lower().split())
    assert "nothing compared" in text or "nothing checked" in text or "not compared" in text
    assert "no breach" not in text
    assert "no difference" not in text


def test_of_many_logs_those_are_told_of_which_nothing_was_compared(say):
    for log in ("dead", "nodrive", "ordinary"):
        say("import", DATA / f"{log}.jsonl")
    said = say("diff", "--all", "with", "after")
    assert "2 of 3 logs could not be compared at all" in said.out
    assert "nothing could be checked in dead and nodrive" in say("check", "--all").out


def test_a_recording_without_its_start_says_what_to_do(say):
    said = say("diff", "--quiet", "with", "after", DATA / "nodrive.jsonl")
    assert said.out.startswith("Nothing compared in with and after: #1-#2 all is refused")
    assert "no drive was ever there; import what started the machine too" in said.out


def test_strict_asks_that_all_be_compared(say, toy, tmp_path):
    patches = toy.directory
    log = tmp_path / "yard.jsonl"
    lines = [{"replay_log": 1, "name": "yard"}, {"kind": "command", "channel": "cli"}]
    lines[1] |= {"name": "train", "arguments": "7"}
    fly = {"kind": "command", "channel": "qmp", "name": "fly", "arguments": {}}
    log.write_text("\n".join(map(json.dumps, [*lines, fly])))
    assert say("--patches", patches, "diff", "--quiet", "before", "after", log).status == 0
    assert say("--patches", patches, "diff", "--quiet", "--strict", "before", "after", log)[0] == 2


# Crashes, refusals and what they leave undone


def test_a_crash_is_the_story_and_not_what_it_left_undone(qemu, tmp_path):
    crash = _first_statement(qemu, tmp_path, "cli_drive", "assert False", "crash.patch")
    found = compared(qemu, example("deleted-overlay"), "after", f"after+{crash}")
    assert "crashes: Assertion" in headline(found)
    assert not [d for d in found.divergences if d.place.kind == "file"]


def test_a_refusal_is_the_story_and_not_what_it_left_undone(qemu, tmp_path):
    refusal = 'refuse("GenericError", "no snapshots")'
    refuse = _first_statement(qemu, tmp_path, "qmp_blockdev_snapshot_sync", refusal, "refuse.patch")
    found = compared(qemu, example("deleted-overlay"), "after", f"after+{refuse}")
    assert "is refused: GenericError" in headline(found)


def test_of_a_refused_start_the_command_is_told(qemu, tmp_path):
    refusal = 'refuse("GenericError", "no start")'
    refuse = _first_statement(qemu, tmp_path, "cli_drive", refusal, "refuse.patch")
    found = compared(qemu, example("snapshot-on"), "after", f"after+{refuse}")
    assert headline(found).startswith("#2: cli drive if=none,id=drive0")
    assert "is refused: GenericError" in headline(found)


def test_a_file_that_is_lost_where_another_keeps_it_is_the_story_still(qemu):
    found = compared(qemu, example("deleted-base"), "before", "with", "after")
    assert headline(found).startswith("#9: the file /images/base.qcow2 exists in before and with")


def test_what_a_log_does_after_a_machine_is_gone_is_no_difference(qemu, tmp_path):
    crash = _first_statement(
        qemu, tmp_path, "qmp_blockdev_snapshot_sync", "assert False", "crash.patch"
    )
    found = compared(qemu, example("deleted-overlay"), "after", f"after+{crash}")
    last = {d.place.kind: d.last_seq for d in found.divergences}
    crashed = next(d.first_seq for d in found.divergences if d.place.kind == "outcome")
    assert set(last) == {"outcome"}
    assert found.compared.gaps[0].reason == GapReason.NO_MACHINE
    assert found.compared.gaps[0].first_seq == crashed + 1


def _first_statement(
    subject: Subject, directory: Path, function: str, statement: str, name: str
) -> Path:
    """A patch file that puts a statement first in a function of `after`."""
    for file in subject.variant("after").tree.files:
        lines = [line.text for line in file.lines]
        starts = [n for n, line in enumerate(lines) if line.startswith(f"def {function}(")]
        for start in starts:
            end = next(n for n in range(start, len(lines)) if lines[n].rstrip().endswith("):"))
            end += lines[end + 1].lstrip().startswith('"""')
            new = [*lines[: end + 1], f"    {statement}", *lines[end + 1 :]]
            old, changed = ([f"{line}\n" for line in text] for text in (lines, new))
            path = directory / name
            diff = difflib.unified_diff(old, changed, f"a/{file.name}", f"b/{file.name}")
            path.write_text("".join(diff))
            return path
    raise AssertionError(f"no function {function}")


# Limits of ours


def test_a_limit_of_ours_is_no_crash_and_no_patchs_doing(qemu, tmp_path):
    loop = _first_statement(
        qemu, tmp_path, "qmp_blockdev_snapshot_sync", "for n in range(9000000): pass", "loop.patch"
    )
    found = compared(qemu, example("deleted-overlay"), "after", f"after+{loop}")
    gap = next(gap for gap in found.compared.gaps if gap.reason == GapReason.LIMIT)
    assert gap.player.endswith("loop.patch")
    assert f"{MAX_STEPS} steps" in gap.what
    assert not found.divergences
    assert "replay stopped" in headline(found)


def test_releases_are_words_for_revisions(qemu):
    assert qemu.variant("v1.5.0").digest == qemu.variant("31ca6d077c").digest
    assert qemu.variant("1.5").digest == qemu.variant("v1.5").digest == qemu.variant("1.5.0").digest
    assert qemu.variant("2.0^").tree != qemu.variant("2.0").tree
    for name, release in qemu.config.releases.items():
        assert qemu.variant(name).digest == qemu.variant(release.revision).digest


# Cases on which a verdict once misled, as they are read from outside


def added(subject: Subject, path: Path, *edits: tuple[str, str]) -> str:
    """The expression of `after` with a patch file in which texts are replaced wherever they are."""

    def change(_: str, text: str) -> str:
        for old, new in edits:
            text = text.replace(old, new)
        return text

    return f"after+{patch_file(subject.variant('after'), path, change)}"


def test_that_a_patch_renames_is_said_with_how_much_of_it_ran(say, qemu, tmp_path):
    rename = added(qemu, tmp_path / "rename.patch", ("bdrv_swap", "bdrv_exchange"))
    said = say("diff", "--quiet", "after", rename, DATA / "ordinary.jsonl")
    assert said.status == 0
    assert re.search(r"; it ran through \d of the \d hunks that differ\.$", said.out.strip())


def test_a_command_that_nobody_calls_is_not_reached(say, qemu, tmp_path):
    command = 'def qmp_x_reopen(arguments):\n    bdrv_find(arguments["device"])\n\n\n'
    edit = ("def qmp_block_resize(", f"{command}def qmp_block_resize(")
    patch = added(qemu, tmp_path / "qmp.patch", edit)
    said = say("diff", "after", patch, DATA / "ordinary.jsonl")
    assert "did not reach the hunk that differs" in " ".join(said.out.split())
    assert "qmp_x_reopen" in said.out
    assert said.status == 0


def test_a_field_of_one_variant_is_told(say, qemu, tmp_path):
    edit = ("    refcnt: int = 0\n", "    refcnt: int = 0\n    open_count: int = 0\n")
    patch = added(qemu, tmp_path / "field.patch", edit)
    said = say("diff", "after", patch, DATA / "ordinary.jsonl")
    assert "BlockDriverState.open_count" in said.out


def test_a_baseline_does_not_let_another_change_pass(say, qemu, tmp_path):
    line = "    flags = old_bs.open_flags\n"
    path, known = tmp_path / "p1.diff", tmp_path / "known.jsonl"
    logs = (PATCHES / "examples" / "deleted-overlay.jsonl", DATA / "ordinary.jsonl")
    first = added(qemu, path, (line, line.replace("\n", " & ~BDRV_O_TEMPORARY\n")))
    assert say("diff", "after", first, logs[0], "--write-baseline", known).status == 0
    assert say("diff", "after", first, logs[0], "--baseline", known).status == 0
    added(qemu, path, (line, line.replace("\n", " ^ BDRV_O_TEMPORARY\n")))
    said = say("diff", "after", first, logs[1], "--baseline", known)
    assert said.status == 1
    assert "/images/base.qcow2 exists in after; is unlinked" in " ".join(said.out.split())


@pytest.mark.parametrize("name", ["bc-1", "bc-2"])
def test_a_command_that_a_variant_lacks_is_said_once_and_is_not_the_story(say, qemu, name):
    log = api.read_log(DATA / f"{name}.jsonl")
    assert api.replay(log, qemu.variant("after")).steps[3].outcome.status == "returned"
    said = say("diff", DATA / f"{name}.jsonl")
    assert said.out.count("block-commit") == 1
    assert "CommandNotFound" not in said.out
    assert "not compared: #4 qmp block-commit is not modelled in before" in said.out


def test_what_only_a_missing_command_makes_differ_is_told_with_that(toy, tmp_path):
    bell = 'def qmp_bell(arguments):\n    machine.signal = "bell"\n\n\ndef hmp_ring('
    after = changed(toy, tmp_path / "bell.patch", ("def hmp_ring(", bell))
    log = log_of(TRAIN, Command("qmp", "bell", {}), COUPLE)
    found = api.diff(api.replay(log, toy.variant("after")), api.replay(log, after))
    assert "qmp bell is not modelled in after" in headline(found)


def test_relative_names_are_names_of_one_place(qemu):
    log = api.read_log(DATA / "rel.jsonl")
    trace = api.replay(log, qemu.variant("after"))
    assert [*trace.view_at(0).files] == ["images/a.qcow2"]
    assert set(trace.view_at(2).files) == {"images/a.qcow2", "images/b.qcow2"}


@pytest.mark.parametrize("name", ["mix50", "n50"])
def test_a_long_chain_stays_readable(say, name):
    log = DATA / f"{name}.jsonl"
    assert len(say("diff", log, "--format", "md").out) < 60_000
    text = say("diff", log, "--details").out
    assert all(len(line) <= 80 for line in text.splitlines() if " " in line.strip())
    page = say("diff", log, "--format", "html").out
    rows = re.findall(r'<text class="name"[^>]*>([^<]*)<', page)
    assert len(rows) > 3
    assert len(set(rows)) == len(rows)


def test_both_machines_that_die_are_said_to_be_gone(say, qemu, tmp_path):
    crash = _first_statement(
        qemu, tmp_path, "qmp_blockdev_snapshot_sync", "assert False", "crash.patch"
    )
    log = PATCHES / "examples" / "deleted-overlay.jsonl"
    rename = added(qemu, tmp_path / "rename.patch", ("bdrv_swap", "bdrv_exchange"))
    said = say("diff", "--quiet", f"after+{crash}", f"{rename}+{crash}", log)
    assert said.out.startswith("The same in what was compared: 5 of 6 events in after+")
    assert "; #6 no machine runs after #5 qmp blockdev-snapshot-sync" in said.out
    assert say("diff", "--strict", f"after+{crash}", f"{rename}+{crash}", log).status == 2


def test_the_headline_on_a_long_chain_names_its_first_nodes_and_counts_the_rest(qemu):
    files = [f"/i/{number}.qcow2" for number in range(40)]
    images = [
        Image(file, "qcow2", 1 << 20, below or None, "qcow2" if below else None)
        for file, below in zip(files, ["", *files], strict=False)
    ]
    drive = Command("cli", "drive", f"if=none,id=d,file={files[-1]}")
    device = Command("cli", "device", "virtio-blk-pci,drive=d")
    text = headline(compared(qemu, log_of(*images, drive, device), "before", "after"))
    assert re.search(r"d\.backing_hd\.file, .* and \d\d more", text)
    assert len(text) < 1000
