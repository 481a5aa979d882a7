"""git is run as if nobody had set it up, and what is missing is told."""

from pathlib import Path

import pytest

from replay.errors import Unavailable
from replay.series.git import git


def test_what_is_set_for_a_user_or_by_the_environment_does_not_reach_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, need
) -> None:
    need("git", "git")
    (tmp_path / ".gitconfig").write_text("[core]\n\tautocrlf = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.autocrlf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    git(tmp_path, "init", "-q", ".")
    assert b"autocrlf=true" not in git(tmp_path, "config", "--list")


def test_without_git_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="git is missing"):
        git(tmp_path, "status")
