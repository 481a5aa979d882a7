"""replay checkout and am, as whoever works on a series has them."""

import shutil

import pytest

from tests.cli.test_app import fails, replay, succeeds  # noqa: F401 - a fixture
from tests.conftest import TOY
from tests.series.test_take_back import git


@pytest.fixture
def toy_copy(tmp_path, monkeypatch):
    """The shunting yard, to be changed."""
    copy = tmp_path / "toy"
    shutil.copytree(TOY, copy)
    monkeypatch.setenv("REPLAY_PATCHES", str(copy))
    return copy


def change(directory, subject="yard: heavier loads"):
    """A commit that changes a line of the model."""
    file = directory / "yard.py"
    file.write_text(file.read_text() + "\n\ndef hmp_whistle(text):\n    return text\n")
    git(directory, "commit", "-qam", subject)


def test_a_series_is_laid_out_and_a_commit_becomes_a_patch_of_it(replay, toy_copy, tmp_path):  # noqa: F811
    out = succeeds(replay("checkout", "work"))
    assert out == (
        "work: branch series, base and 2 patches, 3 tags\n"
        "change it with git (commit, rebase -i), then: replay am work\n"
    )
    assert git(tmp_path / "work", "log", "--format=%s").splitlines() == [
        "yard: give wagons brakes",
        "yard: scrap the wagon that is uncoupled",
        "base",
    ]
    succeeds(replay("am", "work"))  # its patches were not written by git
    assert succeeds(replay("am", "work")) == f"{toy_copy} says the same already\n"
    change(tmp_path / "work")
    assert succeeds(replay("am", "work")) == "new  03-yard-heavier-loads.patch\n"
    assert (toy_copy / "series").read_text().endswith("03-yard-heavier-loads.patch\n")


def test_commits_on_a_revision_become_patches_for_an_expression(replay, toy_copy, tmp_path):  # noqa: F811
    assert "then: replay am work" in succeeds(replay("checkout", "work", "with"))
    change(tmp_path / "work")
    out = succeeds(replay("am", "work", "-o", "mine"))
    assert out == "new  01-yard-heavier-loads.patch\n"
    assert "hmp_whistle" in succeeds(replay("show", "with+mine:hmp_whistle"))
    assert "applies" in succeeds(replay("variants", "--applies", "mine"))


def test_what_is_no_plain_revision_is_taken_back_on_top_only(replay, toy_copy, tmp_path):  # noqa: F811
    assert "replay am work -o STACK" in succeeds(replay("checkout", "work", "after-aaaa111"))
    change(tmp_path / "work")
    assert "take what is on top of it: -o DIR" in fails(replay("am", "work"))
    assert "new" in succeeds(replay("am", "work", "-o", "mine"))


def test_what_is_not_in_the_language_is_refused_with_its_patch(replay, toy_copy, tmp_path):  # noqa: F811
    succeeds(replay("checkout", "work"))
    file = tmp_path / "work" / "yard.py"
    file.write_text(file.read_text() + "\n\nimport os\n")
    git(tmp_path / "work", "commit", "-qam", "escape")
    assert "03-escape.patch" in fails(replay("am", "work"))
    assert not (toy_copy / "03-escape.patch").exists()


def test_the_installed_series_is_left_alone(replay, toy_copy, tmp_path, monkeypatch):  # noqa: F811
    succeeds(replay("checkout", "work"))
    monkeypatch.setattr("replay.cli.commands.branch.PACKAGE", tmp_path)
    assert "is that of the installed program; say where" in fails(replay("am", "work"))
