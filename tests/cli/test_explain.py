"""The commands that tell causes, as a user has them, on the subject's own examples."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from replay.cli import main
from replay.reports.json.schemas import schema

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "patches" / "examples"

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path, monkeypatch, capfd) -> Run:
    """run(WORD..., status=0): what a command printed, in a directory that holds the examples."""
    for file in EXAMPLES.glob("*.jsonl"):
        (tmp_path / file.name).write_text(file.read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLAY_PATCHES", str(ROOT / "patches"))
    monkeypatch.delenv("REPLAY_DB", raising=False)

    def command(*words: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["replay", *words])
        with pytest.raises(SystemExit) as exit:
            main()
        out, err = capfd.readouterr()
        assert int(exit.value.code or 0) == status, err
        return out or err

    return command


# check


def test_a_breach_is_told_with_its_reason_and_ends_with_1(run):
    told = run("check", "snapshot-on.jsonl", "--at", "with", status=1)
    assert told.splitlines()[3:] == [
        "1 of 6 checks breached, first at #2: temporary_on_overlay on drive0.backing_hd.",
        "",
        "temporary_on_overlay: TEMPORARY stands only on an overlay made for snapshot=on",
        "  and its file: it says that the file goes away.",
        "  #2-#3 drive0.backing_hd to the end, since cli drive",
        "      if=none,id=drive0,file=/images/base.qcow2,snapshot=on",
    ]


def test_without_a_breach_it_ends_with_0(run):
    assert run("check", "lost-backing.jsonl").endswith("No breach: 6 checks, 7 events.\n")


def test_a_pattern_stands_for_the_logs_to_check(run):
    assert "no stored log has a name like dele*" in run("check", "dele*", status=2)
    run("import", "deleted-overlay.jsonl", "lost-backing.jsonl")
    assert run("check", "dele*", status=1) == run("check", "deleted-overlay", status=1)


def test_the_breaches_of_all_logs_are_summed_up(run):
    assert "no log to check" in run("check", "--all", status=2)
    run("import", "snapshot-on.jsonl", "lost-backing.jsonl", "deleted-mirror.jsonl")
    told = run("check", "--all", "--at", "after", status=1)
    assert "  breached in 2 of 3 logs: deleted-mirror and snapshot-on\n" in told
    assert told.count("  holds in all of 3 logs\n") == 3
    assert [line for line in told.splitlines() if line.startswith("log ")] == [
        "log      deleted-mirror  7b0609bcbbdb  8 events",
        "log      snapshot-on  e72cde340140  3 events",
    ]


def test_checks_are_told_as_json(run):
    told = json.loads(run("check", "snapshot-on.jsonl", "--format", "json", status=1))
    assert told["log"]["name"] == "snapshot-on"
    assert told["variant"]["revision"] == "7e3d98dd"
    assert told["checks"][0]["name"] == "backing_survives_reopen"
    [breach] = told["breaches"]
    assert breach["event"]["name"] == "drive"
    assert {key: breach[key] for key in ("check", "path", "first_seq", "last_seq")} == {
        "check": "snapshot_on_top",
        "path": "drive0.backing_hd",
        "first_seq": 2,
        "last_seq": 3,
    }


def test_checks_of_ones_own_are_used(run, tmp_path):
    (tmp_path / "mine.py").write_text(
        'def closed(node):\n    """No image is open."""\n    return node.drv is None\n'
    )
    told = run("check", "snapshot-on.jsonl", "--checks", "mine.py", status=1)
    assert "1 of 1 check breached, first at #2: closed on drive0." in told


def test_the_patch_behind_each_breach_is_told_if_wanted(run):
    told = run("check", "deleted-overlay.jsonl", "--bisect", status=1)
    brought = '      brought by 7e3d98dd (Revert "block: another bdrv_append fix")'
    assert told.splitlines()[-1] == brought
    told = json.loads(
        run("check", "deleted-overlay.jsonl", "--bisect", "--format", "json", status=1)
    )
    assert told["breaches"][0]["patches"][0]["sha"].startswith("7e3d98dd")


# bisect


def test_a_bisection_is_about_the_headline_by_default(run):
    told = run("bisect", "deleted-overlay.jsonl").splitlines()
    assert " ".join(told[4:6]) == (
        'the file /images/overlay.qcow2 changes with 7e3d98dd (Revert "block: another bdrv_append'
        ' fix"): exists before it, unlinked with it.'
    )
    assert "patch 7e3d98dd31b6de53923bfb0f04b23b42a94f3829" in told
    assert "  8bfea15d  exists" in told
    assert "  after     unlinked" in told
    assert re.fullmatch(r"\d+ patches between them, [67] replays", told[-1])


def test_a_bisection_of_a_flag_of_the_headline_looks_at_this_flag(run):
    told = run("bisect", "snapshot-on.jsonl", "before..with")
    assert "drive0.file.open_flags.TEMPORARY changes with 8bfea15d" in told


def test_a_bisection_is_told_as_json(run):
    told = json.loads(run("bisect", "lost-backing.jsonl", "--outcome", "7", "--format", "json"))
    [change] = told["changes"]
    assert [patch["sha"][:8] for patch in change["patches"]] == ["3a389e79"]
    assert (change["seq"], change["event"]["kind"]) == (7, "guest")
    assert change["before"]["value"]["value"] == {"pattern": 0}
    assert change["after"]["value"]["value"] == {"pattern": 0x61}


def test_a_bisection_looks_for_a_check(run):
    told = run("bisect", "lost-backing.jsonl", "base..after", "--check", "written_data_stays")
    assert "  base      breached on drive0 sector 0 from #6\n  3a389e79  holds\n" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--check", "image_stays"], "nearest: images_stay"),
        (["--outcome", "9"], "there is no event 9; the last is 7"),
        (["--field", "drive0.open_flag"], "nearest: drive0.open_flags"),
        (["--file", "x", "--field", "y"], "about one thing"),
        (["after"], "is no range"),
        (["after..after"], "No difference: 7 events, the same in after and after"),
    ],
)
def test_what_cannot_be_searched_is_told(run, words, told):
    assert told in run("bisect", "lost-backing.jsonl", *words, status=2)


def test_a_bisection_explains_both_sides(run):
    told = " ".join(run("bisect", "deleted-overlay.jsonl").split())
    assert "8bfea15d: #2 image /images/overlay.qcow2: the file" in told
    assert "after: #5 qmp blockdev-snapshot-sync device=drive0 mode=existing" in told


def test_a_bisection_of_a_bit_field_names_its_flags(run):
    told = run("bisect", "deleted-overlay.jsonl", "--field", "drive0.open_flags")
    assert "  be028adc  ALLOW_RDWR CACHE_WB NO_FLUSH RDWR SNAPSHOT\n" in told


# explain


def test_an_explanation_is_a_sentence_a_chain_and_its_patches(run):
    what = "drive0.backing_hd.open_flags.TEMPORARY"
    whole = run("explain", "snapshot-on.jsonl", what, "--at", "with")
    told = whole.splitlines()
    assert told[3].startswith("#2 cli drive if=none,id=drive0,file=/images/base.qcow2,snapshot=on")
    assert " TEMPORARY is set on drive0.backing_hd (open_flags);" in " ".join(told[3:5])
    assert re.search(
        r" #2 4ddc07ca bdrv_move_feature_fields block.py:\d+: bs_dest.open_flags ="
        r" bs_src.open_flags *\[writes drive0.backing_hd.open_flags\]",
        " ".join(whole.split()),
    )
    assert "  #2 event: cli drive if=none,id=drive0,file=/images/base.qcow2,snapshot=on" in told
    assert "  3a389e79  8 May 2012  block: another bdrv_append fix" in told


def test_two_variants_stand_side_by_side_with_the_point_where_they_part(run):
    told = run("explain", "lost-backing.jsonl", "drive0.backing_hd", "before..with").splitlines()
    assert told[4].startswith("before: #6 internal close-open drive0 depth 0: drive0.backing_hd")
    assert any(line.startswith("with: #6 internal close-open drive0") for line in told)
    assert [line[:13] for line in told if line.startswith(">")] == [
        "> #6 base    ",
        "> #6 9156df12",
    ]


def test_what_has_the_same_cause_in_both_is_told_once(run):
    told = run("explain", "lost-backing.jsonl", "drive0.filename", "with..after").splitlines()
    assert told[4].startswith("with and after: #5 qmp blockdev-snapshot-sync device=drive0")
    assert not {"with", "after", "both"} & set(told)
    assert " ".join(told).count("drive0.filename is ") == 1


def test_a_range_may_come_before_what_is_asked_about(run):
    words = ("drive0.backing_hd", "before..with")
    told = run("explain", "lost-backing.jsonl", *words)
    assert run("explain", "lost-backing.jsonl", *words[::-1]) == told


def test_a_bit_field_is_explained_flag_by_flag(run):
    told = " ".join(
        run("explain", "snapshot-on.jsonl", "drive0.open_flags", "--at", "with").split()
    )
    for flag in ("SNAPSHOT", "RDWR", "ALLOW_RDWR", "CACHE_WB", "NO_FLUSH"):
        assert f" {flag} is set on drive0 (open_flags)" in told
    assert told.count("bdrv_append block.py:") == 1
    assert "[sets SNAPSHOT, CACHE_WB and NO_FLUSH]" in told


def test_an_outcome_is_explained_by_its_event(run):
    told = run("explain", "lost-backing.jsonl", "--at", "before", "--seq", "7")
    assert "#7 guest read drive0 sector 0 +128 reads zeros: none of its images" in told


def test_explanations_are_told_as_json(run):
    words = ("explain", "snapshot-on.jsonl", "drive0.read_only", "before..after")
    told = json.loads(run(*words, "--format", "json"))
    [[before, after]] = told["explanations"]
    assert (before["variant"], before["value"], before["since"]) == ("before", False, 2)
    assert after["links"][0]["patches"][0]["sha"].startswith("4ddc07ca")
    assert after["sentence"].startswith("#2 cli drive if=none,id=drive0,file=/images/base.qcow2,")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["drive0.open_flag"], "nearest: drive0.open_flags"),
        (["drive0", "drive1"], "name one thing and a range"),
        ([], "nothing is asked about"),
        (["--seq", "8"], "there is no event 8; the last is 7"),
        (["drive0", "--seq", "8"], "there is no event 8; the last is 7"),
        (["drive0", "before..after", "--at", "with"], "exclude each other"),
    ],
)
def test_what_cannot_be_explained_is_told(run, words, told):
    assert told in run("explain", "lost-backing.jsonl", *words, status=2)


# bisect --minimal


def test_as_few_patches_as_bring_something_about_are_told(run):
    told = run("bisect", "lost-backing.jsonl", "before..after", "--minimal")
    assert "with 1 patch of" in " ".join(told.split())
    assert "3a389e79" in told and "Without any one of them it is not so." in told
    document = json.loads(
        run("bisect", "lost-backing.jsonl", "before..after", "--minimal", "--format", "json")
    )
    assert [patch["sha"][:8] for patch in document["patches"]] == ["3a389e79"]
    assert document["minimal"] is True and document["standing"] == [[]]
    Draft202012Validator(schema("bisect-minimal")).validate(document)


def test_minimal_and_all_are_two_questions(run):
    told = run("bisect", "lost-backing.jsonl", "--minimal", "--all", status=2)
    assert "give one of them" in told
