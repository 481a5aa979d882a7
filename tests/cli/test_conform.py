"""The command that holds the model against recordings: a table, disagreements, exit status."""

import json
import lzma
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from replay.cli import main
from replay.cli.progress_bar import progress
from replay.errors import ReplayError
from tests import traces
from tests.traces import DIES, ERRORS, READS, TREE, TWO_DRIVES, Record, put, recorded, write

Conform = Callable[..., tuple[int, str, str]]


@pytest.fixture
def conform(monkeypatch, capfd) -> Conform:
    """conform(WORD...): runs the command; its exit status and what it printed."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        argv = ["replay", "--patches", traces.PATCHES, "conform", *words]
        monkeypatch.setattr(sys, "argv", [str(word) for word in argv])
        with pytest.raises(SystemExit) as exit:
            main()
        return (int(exit.value.code or 0), *capfd.readouterr())

    return run


def damaged(*logs: str) -> list[Record]:
    """Records of which the last has a flag too many."""
    records = [recorded(log) for log in logs]
    put("drive0", open_flags=0x3)(records[-1])
    return records


def test_agreement_is_a_table_and_exit_status_0(conform, tmp_path):
    write(tmp_path, recorded(DIES[1], DIES[0]), tree=DIES[0])
    write(tmp_path, recorded(READS), recorded(TWO_DRIVES))
    assert conform(tmp_path) == (
        0,
        "tree        logs  agree            steps  agree\n"
        "b952b5589a     1      1  100.00 %      9      9  100.00 %\n"
        "7e3d98dd31     2      2  100.00 %      5      5  100.00 %\n"
        "all            3      3  100.00 %     14     14  100.00 %\n",
        "",
    )


def test_a_disagreement_is_told_with_its_place_and_exit_status_1(conform, tmp_path):
    write(tmp_path, *damaged(READS, TWO_DRIVES))
    status, out, err = conform(tmp_path)
    assert (status, err) == (1, "")
    assert out.splitlines()[1:] == [
        "7e3d98dd31     2      1  50.00 %      5      4  80.00 %",
        "",
        "1 log did not agree, first in:",
        "7e3d98dd31 03f_tmp_global #7 drive0 open_flags: expected 0x3, got 0x2252",
    ]


def test_verbose_adds_what_was_recorded(conform, tmp_path):
    _, out, _ = conform(write(tmp_path, *damaged(TWO_DRIVES)), "-v")
    seen = json.loads("".join(out.split("got 0x2252\n")[1]))
    assert seen["nodes"] == damaged(TWO_DRIVES)[0]["steps"][0]["nodes"]
    assert seen["reply"] == {"return": {}}


def test_json_has_the_numbers_and_the_disagreements(conform, tmp_path):
    file = tmp_path / "told.json"
    done = conform(write(tmp_path, *damaged(TWO_DRIVES)), "--format", "json", "-o", file)
    assert done == (1, "", "")
    counts = {"logs": 1, "agreed_logs": 0, "steps": 1, "agreed_steps": 0}
    place = {"seq": 7, "path": "drive0", "field": "open_flags"}
    assert json.loads(file.read_text()) == {
        "format_version": 1,
        "trees": [{"tree": TREE, **counts}],
        "disagreements": [{"tree": TREE, "log": TWO_DRIVES, **place, "expected": 3, "got": 0x2252}],
    }


def test_a_revision_chooses_its_tree_under_any_of_its_names(conform, tmp_path):
    write(tmp_path, recorded(READS))
    write(tmp_path, recorded(READS, "7e3d98dd31~1"), tree="7e3d98dd31~1")
    for revision, tree in [("after", TREE), ("with", "7e3d98dd31~1"), ("7e3d98d^", "7e3d98dd31~1")]:
        assert conform(tmp_path, "--at", revision)[1].split()[5] == tree


# Trouble


def fails(done: tuple[int, str, str]) -> str:
    """What the command said was wrong, in one line."""
    status, out, err = done
    assert (status, out, err.count("\n")) == (2, "", 1)
    return err


def test_a_directory_without_recordings_is_refused(conform, tmp_path):
    assert "it needs logs/ and expected/" in fails(conform(tmp_path))
    (tmp_path / "logs").mkdir()
    (tmp_path / "expected").mkdir()
    assert "has no file TREE.jsonl.xz" in fails(conform(tmp_path))


def test_a_tree_that_the_subject_does_not_have_is_refused(conform, tmp_path):
    write(tmp_path, recorded(READS), tree="0123456789")
    said = fails(conform(tmp_path))
    assert "0123456789.jsonl.xz: unknown revision 0123456789" in said


def test_a_revision_that_was_not_recorded_is_refused(conform, tmp_path):
    write(tmp_path, recorded(READS))
    said = fails(conform(tmp_path, "--at", "before"))
    assert said == "replay: nothing was recorded at before; there are 7e3d98dd31\n"
    assert "unknown revision 7777777" in fails(conform(tmp_path, "--at", "7777777"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "nothing was recorded"),
        (b"no json", "1: is no recorded log: JSON is malformed"),
        (b'{"scenario": "r155"}', "missing required field `steps`"),
        (b'{"scenario": "r155", "steps": [{"nodes": [{}]}]}', "a node has no path"),
        (b'{"scenario": "r155", "steps": []}', "r155: 0 steps were recorded, but the header"),
        (b'{"scenario": "r155", "steps": [1]}', "Expected `object`, got `int`"),
        (b'{"scenario": "none", "steps": []}', "there is no log"),
        (b'{"scenario": "r155", "steps": []}\n' * 2, "2: r155 is there twice"),
    ],
)
def test_a_damaged_recording_is_refused(content, reason, conform, tmp_path):
    write(tmp_path)
    file = tmp_path / "expected" / f"{TREE}.jsonl.xz"
    file.write_bytes(lzma.compress(content))
    assert reason in fails(conform(tmp_path))


@pytest.mark.parametrize("cut", [slice(None, -20), slice(10, None), slice(0)])
def test_a_damaged_archive_is_refused(cut, conform, tmp_path):
    write(tmp_path, recorded(READS))
    file = tmp_path / "expected" / f"{TREE}.jsonl.xz"
    file.write_bytes(file.read_bytes()[cut])
    assert f"{file}: " in fails(conform(tmp_path))


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("[3, 4, 5]", "4 steps were recorded, but the header lists 3"),
        ("[3, 4, 5, 6, 6]", "not events in their order"),
        ("[3, 4, 5, 99]", "not events in their order"),
        ('"all"', "the header has no list of steps"),
    ],
)
def test_a_log_whose_header_does_not_list_the_steps_is_refused(steps, reason, tmp_path):
    write(tmp_path, recorded(READS))
    log = tmp_path / "logs" / f"{READS}.jsonl"
    log.write_text(log.read_text().replace('"steps": [3, 4, 5, 6]', f'"steps": {steps}'))
    with pytest.raises(ReplayError, match=reason):
        traces.compared(tmp_path, TREE)


def test_trouble_in_another_process_is_told_like_any_other(conform, tmp_path):
    write(tmp_path, recorded(READS), recorded(TWO_DRIVES), recorded(ERRORS))
    (tmp_path / "logs" / f"{TWO_DRIVES}.jsonl").write_text("no log")
    assert f"{TWO_DRIVES}.jsonl:1: " in fails(conform(tmp_path))


def test_progress_has_the_rate_and_the_time_that_is_left():
    assert progress(12, 240, 2.0, "logs") == "12 of 240 logs, 6.0 a second, 38 s left"
