"""The series goes to a git branch and back without loss, and real quilt takes what comes back."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from replay.errors import Conflict, ReplayError
from replay.series import offsets, read_series, read_stack
from replay.series.layout import Layout, lay_out
from replay.series.take_back import PatchFileChange, replacing, take_series, take_stack

COMMITTED = Path(__file__).parents[2] / "patches"
BASE = "A = 1\nB = 2\n\n\ndef one(x):\n    return x\n\n\ndef two(x):\n    return one(x)\n"
ME = {
    "GIT_AUTHOR_NAME": "Ünal",
    "GIT_AUTHOR_EMAIL": "u@example.org",
    "GIT_COMMITTER_NAME": "Ünal",
    "GIT_COMMITTER_EMAIL": "u@example.org",
    "GIT_AUTHOR_DATE": "2012-05-08T16:51:49+0200",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def git(directory: Path, *arguments: str) -> str:
    command = ["git", "-C", str(directory), *arguments]
    environment = os.environ | ME
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def laid_out(patches: Path, directory: Path, depth: int | None = None) -> Path:
    series = read_series(patches)
    below, behind = series.patches[:depth], series.patches[len(series.patches[:depth]) :]
    rest = tuple(patch.name for patch in behind)
    lay_out(Layout(series.base, below, {"start": 0}, rest), directory)
    return directory


def taken(directory: Path, patches: Path) -> list[PatchFileChange]:
    with replacing(patches) as (made, changes):
        take_series(directory, read_series(patches), made)
    return changes


@pytest.fixture
def patches(tmp_path: Path) -> Path:
    """A series of base alone, with a comment and a file that is none of the series'."""
    directory = tmp_path / "patches"
    (directory / "base").mkdir(parents=True)
    (directory / "base" / "block.py").write_text(BASE)
    (directory / "series").write_text("# The story so far.\n")
    (directory / "subject.toml").write_text("kept = true\n")
    return directory


@pytest.fixture
def branch(patches: Path, tmp_path: Path) -> Path:
    """It laid out, with three commits: an edit, a new file, an edit and the file's end."""
    directory = laid_out(patches, tmp_path / "branch")
    block = directory / "block.py"
    block.write_text(BASE.replace("A = 1", "A = 7"))
    git(directory, "commit", "-qam", f"größer\n\nWhy.\n\nPatch: 01-a.patch\nCommit: {'a' * 40}")
    (directory / "new.py").write_text("X = 1\n")
    git(directory, "add", "new.py")
    git(directory, "commit", "-qm", "block: a New file!")
    block.write_text(BASE.replace("A = 1", "A = 7").replace("return one", "return two"))
    git(directory, "rm", "-q", "new.py")
    git(directory, "commit", "-qam", f"third\n\nCommits: 1234567 89abcde\n\nCommit: {'c' * 40}")
    return directory


def test_a_commit_becomes_a_patch_whose_header_is_that_of_git(branch: Path, patches: Path) -> None:
    changes = taken(branch, patches)
    names = ["01-a.patch", "02-block-a-new-file.patch", "03-third.patch"]
    assert changes == [PatchFileChange(name, "new") for name in names]
    assert (patches / "series").read_text().split("\n")[:-1] == ["# The story so far.", *names]
    assert (patches / names[0]).read_text() == (
        f"From {'a' * 40} Mon Sep 17 00:00:00 2001\nFrom: Ünal <u@example.org>\n"
        "Date: Tue, 8 May 2012 16:51:49 +0200\nSubject: größer\n"
        "\nWhy.\n---\ndiff --git a/block.py b/block.py\n--- a/block.py\n+++ b/block.py\n"
        "@@ -1,4 +1,4 @@\n-A = 1\n+A = 7\n B = 2\n \n \n"
    )
    own = git(branch, "rev-parse", "HEAD~1").strip()
    assert (patches / names[1]).read_text().startswith(f"From {own} Mon")
    assert read_series(patches).patches[2].commits == ("1234567", "89abcde")
    assert (patches / "base" / "block.py").read_text() == BASE
    assert (patches / "subject.toml").exists()


def test_what_is_laid_out_and_taken_back_is_the_same(
    branch: Path, patches: Path, tmp_path: Path
) -> None:
    taken(branch, patches)
    before = contents(patches)
    again = laid_out(patches, tmp_path / "again")
    assert taken(again, patches) == []
    assert contents(patches) == before
    assert git(again, "log", "--reverse", "--format=%s|%an|%ad", "--date=short").splitlines() == [
        "base|series|2000-01-01",
        "größer|Ünal|2012-05-08",
        "block: a New file!|Ünal|2012-05-08",
        "third|Ünal|2012-05-08",
    ]
    assert git(again, "tag").split() == ["start"]


def test_the_committed_series_is_what_is_written(tmp_path: Path) -> None:
    series = read_series(COMMITTED)
    lay_out(Layout(series.base, series.patches), tmp_path / "branch")
    (tmp_path / "made").mkdir()
    take_series(tmp_path / "branch", series, tmp_path / "made")
    written = contents(tmp_path / "made")
    assert len(written) > len(series.patches)
    assert {name: (COMMITTED / name).read_bytes() for name in written} == written


def test_a_reordered_branch_drops_the_files_that_left_and_keeps_all_else(
    branch: Path, patches: Path
) -> None:
    taken(branch, patches)
    git(branch, "reset", "-q", "--hard", "HEAD~2")
    changes = taken(branch, patches)
    assert [change.fate for change in changes] == ["gone", "gone"]
    assert sorted(contents(patches)) == ["01-a.patch", "base/block.py", "series", "subject.toml"]
    assert (patches / "series").read_text() == "# The story so far.\n01-a.patch\n"


def test_a_patch_put_in_below_moves_those_behind_it(
    branch: Path, patches: Path, tmp_path: Path
) -> None:
    taken(branch, patches)
    early = laid_out(patches, tmp_path / "early", 1)
    text = (early / "block.py").read_text()
    (early / "block.py").write_text(text.replace("def one", "C = 3\n\n\ndef one"))
    git(early, "commit", "-qam", "put in")
    changes = taken(early, patches)
    assert [(change.name, change.fate) for change in changes] == [
        ("02-put-in.patch", "new"),
        ("03-third.patch", "changed"),
    ]
    series = read_series(patches)
    assert [patch.subject for patch in series.patches] == [
        "größer",
        "put in",
        "block: a New file!",
        "third",
    ]
    pairs = zip(series.trees, series.patches, strict=False)
    assert {offset for pair in pairs for offset in offsets(*pair)} == {0}
    assert git(early, "for-each-ref", "refs/replay/rest") == ""


def test_a_patch_put_in_below_that_is_in_the_way_of_one_behind_is_a_conflict(
    branch: Path, patches: Path, tmp_path: Path
) -> None:
    taken(branch, patches)
    before = contents(patches)
    early = laid_out(patches, tmp_path / "early", 1)
    text = (early / "block.py").read_text()
    (early / "block.py").write_text(text.replace("return one(x)", "return 1"))
    git(early, "commit", "-qam", "in the way")
    with pytest.raises(Conflict, match=r"03-third\.patch.*\(in the way\) put in its place"):
        taken(early, patches)
    assert contents(patches) == before


def test_joined_commits_are_one_patch_for_the_group_of_both(
    branch: Path, patches: Path, tmp_path: Path
) -> None:
    taken(branch, patches)
    again = laid_out(patches, tmp_path / "again")
    messages = git(again, "log", "--reverse", "--format=%B", "-3")
    git(again, "reset", "-q", "--soft", "HEAD~3")
    git(again, "commit", "-qam", messages)
    taken(again, patches)
    (patch,) = read_series(patches).patches
    assert (patch.name, patch.subject, patch.sha) == ("03-third.patch", "größer", "c" * 40)
    assert patch.commits[0] == "a" * 40
    assert patch.commits[2:] == ("1234567", "89abcde")
    assert "Patch:" not in patch.description
    assert patch.description.count("Commits:") == 1


def test_commits_on_top_become_a_stack_of_their_own(
    branch: Path, patches: Path, tmp_path: Path
) -> None:
    taken(branch, patches)
    again = laid_out(patches, tmp_path / "again")
    for number in (8, 9):
        text = (again / "block.py").read_text()
        (again / "block.py").write_text(text.replace(f"A = {number - 1}", f"A = {number}"))
        git(again, "commit", "-qam", f"now {number}")
    stack = tmp_path / "deep" / "stack"
    with replacing(stack) as (made, changes):
        take_stack(again, made)
    assert [change.name for change in changes] == ["01-now-8.patch", "02-now-9.patch"]
    assert [patch.subject for _, patch in read_stack(str(stack))] == ["now 8", "now 9"]
    git(again, "commit", "-q", "--amend", "-m", "nine")
    with replacing(stack) as (made, changes):
        take_stack(again, made)
    assert [change.fate for change in changes] == ["new", "gone"]
    git(again, "reset", "-q", "--hard", "HEAD~3")
    with (
        pytest.raises(ReplayError, match="laid out was changed too"),
        replacing(stack) as (made, _),
    ):
        take_stack(again, made)
    assert len(read_stack(str(stack))) == 2


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("x\n\nPatch: 01-a.patch", "two commits are called 01-a.patch"),
        ("x\n\nPatch: ../x.patch", "'../x.patch' is no name of a patch file"),
        ("x\n\nWhy.\n---\nWhat.", "has a line that begins a diff"),
        (f"x\n\nCommit: {'a' * 40}", "stands in 01-a.patch too"),
    ],
)
def test_a_bad_message_is_refused_and_nothing_is_written(
    branch: Path, patches: Path, message: str, reason: str
) -> None:
    taken(branch, patches)
    before = contents(patches)
    (branch / "block.py").write_text(BASE)
    git(branch, "commit", "-qam", message)
    with pytest.raises(ReplayError) as caught, replacing(patches) as (made, _):
        take_series(branch, read_series(patches), made)
        read_series(made)
    assert reason in str(caught.value)
    assert contents(patches) == before


def commit_nothing(branch: Path) -> None:
    git(branch, "commit", "-q", "--allow-empty", "-m", "nothing")


def merge(branch: Path) -> None:
    git(branch, "branch", "other", "HEAD~1")
    git(branch, "checkout", "-q", "other")
    git(branch, "merge", "-q", "--no-ff", "-m", "merge", "series")


def edit(branch: Path) -> None:
    (branch / "block.py").write_text(BASE)


def forget(branch: Path) -> None:
    git(branch, "config", "--unset", "replay.rest")


UNFIT: Mapping[str, Callable[[Path], None]] = {
    r"\(nothing\): changes nothing; drop it": commit_nothing,
    "has a merge; make the branch linear": merge,
    "has uncommitted changes": edit,
    "was laid out from no beginning of the series": forget,
}


@pytest.mark.parametrize("reason", UNFIT)
def test_a_branch_that_is_no_series_is_refused(branch: Path, patches: Path, reason: str) -> None:
    UNFIT[reason](branch)
    before = contents(patches)
    with pytest.raises(ReplayError, match=reason):
        taken(branch, patches)
    assert contents(patches) == before


def test_a_directory_that_was_not_laid_out_is_refused(patches: Path, tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="is no repository of a series; make one with"):
        taken(tmp_path, patches)


def test_a_layout_never_overwrites(branch: Path, patches: Path) -> None:
    with pytest.raises(ReplayError, match="is there already"):
        laid_out(patches, branch)


def test_no_hook_or_setting_of_the_directory_is_run(branch: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "diff.x.textconv"):
        git(branch, "config", key, str(script))
    (branch / ".git" / "info" / "attributes").write_text("*.py diff=x\n")
    with replacing(tmp_path / "stack") as (made, _):
        take_stack(branch, made)
    assert not marker.exists()


def test_real_quilt_pushes_the_series(
    branch: Path, patches: Path, need: Callable[[str, str], None]
) -> None:
    need("quilt", "quilt")
    taken(branch, patches)
    series = read_series(patches)
    for count, tree in enumerate(series.trees[1:], 1):
        done = subprocess.run(
            ["quilt", "--quiltrc", "-", "push", "--fuzz=0"],
            cwd=patches / "base",
            env=os.environ | {"QUILT_PATCHES": "..", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "offset" not in done.stdout
        files = {path.name: path.read_text() for path in (patches / "base").glob("*.py")}
        assert files == {file.name: file.text for file in tree.files}, f"after patch {count}"
