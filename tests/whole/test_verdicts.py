"""What is said where little or nothing was compared, where a machine dies, where replay stops."""

import difflib
import json
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
from replay.events.event import Command, Log, Notice
from replay.language.limits import MAX_STEPS
from replay.reports.verdict import agreement
from replay.variants.variant import Subject
from tests.examples import example, log_of, traced

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
    "diff --format md": ("diff", "--format", "md", "with", "after"),
    "diff --format json": ("diff", "--format", "json", "with", "after"),
    "check": ("check", "--at", "after"),
    "check --format json": ("check", "--at", "after", "--format", "json"),
    "bisect": ("bisect",),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_where_nothing_was_compared(say, name):
    words = COMMANDS[name]
    log = DATA / "dead.jsonl"
    said = say(*words, log, "with..after") if name == "bisect" else say(*words, log)
    assert said.status == 2
    text = " ".join((said.out + said.err).lower().split())
    assert "nothing compared" in text or "nothing checked" in text or "not compared" in text
    assert "no breach" not in text
    assert "no difference" not in text


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
