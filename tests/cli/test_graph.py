"""The command that draws, as a user has it."""

import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from replay.cli import main

ROOT = Path(__file__).parents[2]
MIRROR = ROOT / "patches" / "examples" / "deleted-mirror.jsonl"


@pytest.fixture
def run(tmp_path, monkeypatch, capfd) -> Callable[..., str]:
    """run(WORD..., status=0): what `replay graph` printed of a copy that was made, or its error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLAY_PATCHES", str(ROOT / "patches"))
    monkeypatch.delenv("REPLAY_DB", raising=False)

    def command(*words: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["replay", "graph", str(MIRROR), *words])
        with pytest.raises(SystemExit) as exit:
            main()
        out, err = capfd.readouterr()
        assert int(exit.value.code or 0) == status, err
        return out or err

    return command


def test_a_graph_is_svg_of_the_last_event_in_the_last_variant(run):
    told = ElementTree.fromstring(run())
    assert told.get("aria-label") == "[base.qcow2] <-- [<tmp0>]"


def test_event_revision_and_format_can_be_chosen(run):
    told = run("--at", "after", "--seq", "5", "--format", "dot")
    assert told.count("<S>copy.qcow2</S>") == 2
    assert "mirror job" in told
    assert "<S>" not in run("--at", "with", "--seq", "5", "--format", "dot")


def test_a_file_holds_the_drawing(run, tmp_path):
    assert run("-o", "it.svg") == ""
    ElementTree.parse(tmp_path / "it.svg")


def test_an_event_that_is_not_there_is_told(run):
    assert run("--seq", "9", status=2) == "replay: there is no event 9; the last is 8\n"
