"""`replay diff` as a user has it: the patches, filters, many logs and what is accepted."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from replay.cli import main

TOY = Path(__file__).parents[1] / "toy"
TRAIN = '{"kind": "command", "channel": "cli", "name": "train", "arguments": "7"}\n'
COUPLE = '{"kind": "command", "channel": "qmp", "name": "couple", "arguments": {"train": "7"}}\n'
UNCOUPLE = (
    '{"kind": "command", "channel": "qmp", "name": "uncouple", "arguments": {"train": "7"}}\n'
)
LOGS = {
    "same": TRAIN,
    "short": TRAIN + COUPLE,
    "long": TRAIN + COUPLE + COUPLE + UNCOUPLE,
}


class Done(NamedTuple):
    """A command's exit status and what it printed."""

    status: int
    out: str
    err: str


Diff = Callable[..., Done]


def command(directory, monkeypatch, capfd) -> Diff:
    """command(...)(WORD...): runs `replay WORD...` with the toy subject in a directory."""
    monkeypatch.chdir(directory)
    monkeypatch.setenv("REPLAY_PATCHES", str(TOY))
    monkeypatch.delenv("REPLAY_DB", raising=False)

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["replay", *words])
        with pytest.raises(SystemExit) as exit:
            main()
        return Done(int(exit.value.code or 0), *capfd.readouterr())

    return run


@pytest.fixture
def diff(tmp_path, monkeypatch, capfd) -> Diff:
    """diff(WORD...): runs `replay diff` on a database with the logs."""
    for name, events in LOGS.items():
        header = json.dumps({"replay_log": 1, "name": name})
        (tmp_path / f"{name}.jsonl").write_text(f"{header}\n{events}")
    run = command(tmp_path, monkeypatch, capfd)
    run("import", *(f"{name}.jsonl" for name in LOGS))
    return lambda *words: run("diff", *words)


def body(done: Done) -> str:
    """What the command printed below the variants; it found a difference."""
    assert (done.status, done.err) == (1, "")
    return done.out.partition("\n\n")[2]


def trouble(done: Done) -> str:
    """What the command said was wrong."""
    assert (done.status, done.out) == (2, "")
    return done.err


# The story


def test_a_diff_tells_what_each_patch_did(diff):
    assert body(diff("long")) == (
        "Only state differs, from #2: BRAKE in marks is set on no node in before and\n"
        "with; cleared on 7 and set on 7.behind in after.\n"
        "\n"
        "7 after #2\n"
        "  [behind] <-- [7]\n"
        "\n"
        "marks after #2: + set, - cleared\n"
        "                   before         with           after\n"
        "  7.behind  #2-#4  -BRAKE         -BRAKE         +BRAKE\n"
        "\n"
        "aaaa1111  6 May 2013  yard: scrap the wagon that is uncoupled\n"
        "  state, which only a debugger sees\n"
        "    #4 other[0]: present -> absent\n"
        "\n"
        "bbbb2222  6 May 2013  yard: give wagons brakes\n"
        "  state, which only a debugger sees\n"
        "    #2 7.behind, #3 7.behind.behind: marks +BRAKE\n"
        "\n"
        "3 divergences: 1 node, 2 field\n"
        "patches found by replaying 3 revisions: 9 distinct transitions of 12\n"
    )


def test_a_patch_that_did_nothing_is_told_if_it_is_asked_about(diff):
    told = body(diff("short"))
    assert "yard: scrap the wagon that is uncoupled\n  changes nothing here\n" in told


def test_patches_between_have_a_line_each(diff):
    assert (
        "Other patches between them\n"
        "  aaaa1111  May 2013  yard: scrap the wagon that is uncoupled\n"
        "      state: other[0] absent\n"
    ) in body(diff("base", "after", "long"))


def test_a_patch_that_is_taken_out_is_told_so(diff):
    assert "\nwithout  bbbb2222  6 May" in body(diff("after", "after-bbbb2222", "short"))


def test_details_add_every_value(diff):
    told = body(diff("long", "--details"))
    assert "aaaa1111  6 May" in told
    assert "\nNodes\n  other[0]\n    #4 existence: present in before; absent in with" in told


def test_without_attribution_there_are_the_values_alone(diff):
    told = body(diff("long", "--no-attribution"))
    assert "\nNodes\n  other[0]\n" in told
    assert "aaaa1111" not in told
    assert "revisions" not in told


def test_the_patches_of_a_costly_log_are_looked_for_when_that_is_asked_for(diff, monkeypatch):
    monkeypatch.setattr("replay.analysis.attribute.QUICK_STEPS", 20)
    monkeypatch.setattr("replay.analysis.attribute.MORE_STEPS", 0)
    far = ("before", "after", "long")
    plain, asked = diff(*far), body(diff(*far, "--attribution"))
    assert plain.status == 1
    assert "was not looked for, since the log takes" in " ".join(plain.out.split())
    assert body(plain) == body(diff(*far, "--no-attribution"))
    assert "aaaa1111  6 May" in asked
    assert "not looked for" not in asked
    assert body(diff(*far, "--only", "aaaa1111,bbbb2222")) == body(
        diff(*far, "--only", "aaaa1111,bbbb2222", "--attribution")
    )
    assert "attribution" not in json.loads(diff(*far, "--format", "json").out)
    # Neighbours have nothing between them that would have to be replayed.
    assert "aaaa1111  6 May" in diff("long").out
    assert "aaaa1111  yard" in diff("--all").out
    assert "not looked for" not in diff("same").out


def test_json_has_the_patches_of_each_divergence(diff):
    told = json.loads(diff("long", "--format", "json").out)
    assert told["attribution"] == {"revisions": 3, "transitions": 12, "distinct": 9}
    assert [patch["subject"] for patch in told["patches"]] == [
        "yard: scrap the wagon that is uncoupled",
        "yard: give wagons brakes",
    ]
    [gone] = [one for one in told["divergences"] if one["kind"] == "node"]
    assert gone["level"] == "state"
    assert gone["patches"] == [
        {"patch": "aaaa1111" + "0" * 32, "before": "present", "after": "absent"}
    ]
    told = json.loads(diff("long", "--format", "json", "--no-attribution").out)
    assert "attribution" not in told
    assert all(one["patches"] == [] for one in told["divergences"])


def test_patches_that_matter_only_together_are_looked_for(diff):
    assert "\nNo patch that is asked about needs another here, or wakes one.\n" in body(
        diff("long", "--interactions")
    )
    told = json.loads(diff("long", "--interactions", "--format", "json").out)
    assert told["interactions"] == []


# Filters


def test_only_and_except_choose_patches(diff):
    only, other = diff("long", "--only", "aaaa1111").out, diff("long", "--except", "bbbb2222").out
    assert "\n    #4 other[0]: present -> absent\n" in only
    assert "brakes" not in only
    assert "1 divergence: 1 node; 2 left out" in only
    assert other == only
    assert diff("long", "--only", "aaaa1111,bbbb2222").out == diff("long").out


def test_what_is_left_of_nothing_is_no_difference(diff):
    done = diff("short", "--only", "aaaa1111")
    assert done.status == 0
    assert done.out.endswith("No difference but 1 divergence that is left out.\n")


def test_a_patch_of_ones_own_is_chosen_by_its_file(diff, tmp_path):
    (tmp_path / "my.patch").write_text(
        "--- a/yard.py\n+++ b/yard.py\n@@ -3,3 +3,3 @@\n-BRAKE = 0x1\n+BRAKE = 0x4\n"
        " LIGHT = 0x2\n ENOENT = 2\n"
    )
    told = body(diff("before", "after+my.patch", "long", "--only", "my.patch"))
    assert "\nmy.patch\n" in told
    assert "aaaa1111" not in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "aaaa1112"], "unknown revision aaaa1112"),
        (["--only", "my.patch"], "'my.patch' is no sha"),
        (["--quiet", "--only", "aaaa1111"], "baselines need the patches"),
        (["--quiet", "--attribution"], "baselines need the patches"),
        (["--quiet", "--interactions"], "baselines need the patches"),
        (["l*", "--interactions"], "say --details"),
        (["--no-attribution", "--baseline", "x"], "baselines need the patches"),
        (["--baseline", "no.json"], "no.json: no such file"),
        (["--baseline", "long.jsonl"], "long.jsonl:1: is no baseline"),
    ],
    ids=str,
)
def test_a_filter_that_cannot_be_is_told(diff, words, told):
    assert told in trouble(diff("long", *words))


# Many logs

OVERVIEW = """\
2 of 3 logs differ: long, short
1 of 3 logs are the same; logs that reached the change: 0 from before to with
    and 0 from with to after
variant  before  aaaa1111^  DIGEST
variant  with    aaaa1111   DIGEST
variant  after   bbbb2222   DIGEST

  patch                                     logs  behaviour  state  shortest log
  aaaa1111  yard: scrap the wagon that is      1          0      1  long
            uncoupled
  bbbb2222  yard: give wagons brakes           2          0      2  short

4 divergences: 1 node, 3 field

aaaa1111  6 May 2013  yard: scrap the wagon that is uncoupled
  state, which only a debugger sees
    long #4 other[0]: present -> absent

bbbb2222  6 May 2013  yard: give wagons brakes
  state, which only a debugger sees
    short #2 7.behind; long #3 7.behind.behind: marks +BRAKE (2 logs)
"""


def test_all_logs_have_an_overview_with_the_shortest_log_for_each_difference(diff):
    done = diff("--all")
    digests = {line.split()[-1] for line in done.out.splitlines() if line.startswith("variant")}
    told = done.out
    for digest in digests:
        told = told.replace(digest, "DIGEST")
    assert [line.split() for line in told.splitlines()] == [
        line.split() for line in OVERVIEW.splitlines()
    ]
    assert max(map(len, told.splitlines())) <= 80
    assert done.status == 1


def test_a_pattern_stands_for_the_logs_that_it_matches(diff):
    assert diff("s*").out.startswith("1 of 2 logs differ: short\n")
    assert diff("sam?").status == 0
    assert "no stored log has a name like x*" in trouble(diff("x*"))


def test_details_of_many_logs_follow_the_overview(diff):
    told = diff("--all", "--details").out
    assert [part.split()[1] for part in told.split("-" * 80 + "\n")[1:]] == ["long", "short"]


def test_json_of_many_logs_is_a_list(diff):
    told = json.loads(diff("--all", "--format", "json").out)
    assert [one["log"]["name"] for one in told] == ["long", "same", "short"]


# What is accepted


def test_what_is_accepted_is_no_difference_until_something_new_comes(diff, tmp_path):
    assert diff("short", "--write-baseline", "known.jsonl", "--accept-in", "*").status == 0
    assert (tmp_path / "known.jsonl").read_text().count("\n") == 2
    assert diff("short", "--baseline", "known.jsonl")[0::2] == (0, "")
    new = body(diff("long", "--baseline", "known.jsonl"))
    assert "2 divergences: 1 node, 1 field; 1 left out" in new


def test_what_is_accepted_in_one_log_is_new_in_another(diff):
    assert diff("short", "--write-baseline", "known.jsonl").status == 0
    done = diff("long", "--baseline", "known.jsonl")
    assert done[0::2] == (1, "")
    assert "left out" not in done.out


def test_logs_that_differ_in_what_is_accepted_are_not_called_the_same(diff):
    diff("--all", "--write-baseline", "known.jsonl")
    told = diff("--all", "--baseline", "known.jsonl").out
    assert told.startswith(
        "2 of 3 logs differ only in what is left out\n1 of 3 logs are the same; logs that reached"
    )


def test_of_many_entries_that_do_not_occur_in_few_logs_the_rest_is_counted(diff, tmp_path):
    entry = '{{"kind":"file","path":"/images/{}","field":"data","event":"*","log":"*","id":"0"}}\n'
    lines = [entry.format(number) for number in range(9)]
    (tmp_path / "many.jsonl").write_text('{"replay_baseline": 2}\n' + "".join(lines))
    few = diff("short", "--baseline", "many.jsonl").err.splitlines()
    assert len(few) == 6
    assert few[-1] == (
        "replay: many.jsonl: 4 more that do not occur in these logs; --all tells them"
    )
    assert len(diff("--all", "--baseline", "many.jsonl").err.splitlines()) == 9


def test_an_entry_that_no_longer_occurs_is_told(diff):
    diff("long", "--write-baseline", "known.jsonl", "--accept-in", "*")
    done = diff("short", "--baseline", "known.jsonl", "--write-baseline", "short.jsonl")
    assert done.err == (
        "replay: known.jsonl: no longer occurs: field 7.behind.behind marks in *, by bbbb222200\n"
        "replay: known.jsonl: no longer occurs: node other[0] existence in *, by aaaa111100\n"
    )
