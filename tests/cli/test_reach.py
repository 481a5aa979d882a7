"""That logs are the same is told with how far they went into the change."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from replay.analysis import reach
from replay.cli import main
from replay.variants.variant import Subject
from tests.changed import changed
from tests.reports.test_schemas import validate

TOY = Path(__file__).parents[1] / "toy"
TRAIN = '{"kind": "command", "channel": "cli", "name": "train", "arguments": "7"}\n'
COUPLE = '{"kind": "command", "channel": "qmp", "name": "couple", "arguments": {"train": "7"}}\n'
LOGS = {"alone": TRAIN, "coupled": TRAIN + COUPLE}
LOAD = ("    assert wagon.load >= 0\n", "    assert wagon.load >= 0 - 0\n")
WRITES = ("    assert wagon.load >= 0\n", "    wagon.load = 9\n")
FIELD = ('    marks: "int" = 0\n', '    marks: "int" = 0\n    colour: "int" = 0\n')


@pytest.fixture
def diff(tmp_path, monkeypatch, capfd, toy: Subject) -> Callable[..., str]:
    """diff(EDIT, WORD...): what `replay diff` says of both logs with an edit of `after`."""
    for name, events in LOGS.items():
        header = json.dumps({"replay_log": 1, "name": name})
        (tmp_path / f"{name}.jsonl").write_text(f"{header}\n{events}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLAY_PATCHES", str(TOY))
    monkeypatch.delenv("REPLAY_DB", raising=False)

    def run(edit: tuple[str, str], *words: str) -> str:
        changed(toy, tmp_path / "my.patch", edit)
        for line in (["import", "alone.jsonl", "coupled.jsonl"], ["diff", *words]):
            capfd.readouterr()
            monkeypatch.setattr(sys, "argv", ["replay", *line])
            with pytest.raises(SystemExit):
                main()
        return capfd.readouterr().out

    return run


ENDS = ("after", "after+my.patch")


def test_of_many_logs_those_that_reached_the_change_are_counted(diff):
    first, *_ = diff(LOAD, *ENDS, "--all").splitlines()
    assert first == "2 of 2 logs are the same; 1 of them reached the change"


def test_that_no_log_reached_a_change_is_told_with_its_place(diff):
    edit = ("def hmp_ring(", "def hmp_rang(number):\n    hmp_ring(number)\n\n\ndef hmp_ring(")
    first, second, *_ = diff(edit, *ENDS, "--all").splitlines()
    assert first == "2 of 2 logs are the same; 0 of them reached the change"
    assert second.startswith("not reached: shunting.py:")
    assert second.endswith(" hmp_rang")


def test_quiet_and_a_page_and_markdown_tell_it_of_each_log(diff):
    for words in ((*ENDS, "coupled", "--quiet"), (*ENDS, "coupled", "--format", "md")):
        assert "it ran through the hunk that differs." in diff(LOAD, *words)
    page = diff(LOAD, *ENDS, "coupled", "alone", "--format", "html")
    assert "it did not reach the hunk that differs." in page
    assert "Not reached: <code>shunting.py:42 qmp_couple</code>" in page


def test_json_has_every_hunk(diff):
    document = json.loads(diff(LOAD, *ENDS, "--all", "--format", "json"))
    validate("diff", document)
    assert [[it["reached"] for it in log["reach"]] for log in document] == [[False], [True]]
    (hunk,) = document[1]["reach"][0]["hunks"]
    assert (hunk["function"], hunk["statements"], hunk["ran"]) == ("qmp_couple", 2, 2)


def test_a_field_of_a_patch_is_told_where_all_is_the_same_and_where_it_is_not(diff):
    assert "only in after+my.patch, and not compared: Wagon.colour" in diff(FIELD, *ENDS, "coupled")
    text = " ".join(diff(FIELD, "before", "after+my.patch", "coupled").split())
    assert "not compared, since only after+my.patch has it: Wagon.brake, Wagon.colour" in text


def test_comments_are_no_change(diff):
    edit = ("    assert wagon.load >= 0\n", "    # why\n    assert wagon.load >= 0\n")
    assert diff(edit, *ENDS, "coupled", "--quiet").endswith("after+my.patch; no code differs.\n")
    assert diff(edit, *ENDS, "--all").startswith("2 of 2 logs are the same; no code differs\n")


def test_where_logs_differ_nothing_is_run_again_unless_it_is_asked_for(diff, monkeypatch):
    traced = []
    before = reach._ChangeTracer.reach
    monkeypatch.setattr(
        reach._ChangeTracer,
        "reach",
        lambda self, *traces: traced.append(traces) or before(self, *traces),
    )
    assert "load" in diff(WRITES, *ENDS, "coupled", "--quiet")
    assert traced == []
    assert "not reached" not in diff(WRITES, *ENDS, "coupled")
    assert traced == []
    document = json.loads(diff(WRITES, *ENDS, "coupled", "--reach", "--format", "json"))
    assert document["reach"][0]["reached"]
    assert document["divergences"]
