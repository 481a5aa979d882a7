"""The series goes to a git branch and back without loss, and real quilt takes what comes back."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from replay.series import offsets, read_series

SCRIPT = Path(__file__).parents[1] / "series_branch.py"
COMMITTED = Path(__file__).parents[2] / "patches"
BASE = "A = 1\nB = 2\n\n\ndef one(x):\n    return x\n\n\ndef two(x):\n    return one(x)\n"


def header(digit: str, subject: str) -> str:
    return (
        f"From {digit * 40} Mon Sep 17 00:00:00 2001\nDate: Tue, 8 May 2012 16:51:49 +0200\n"
        f"Subject: {subject}"
    )


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def git(directory: Path, *arguments: str) -> str:
    command = ["git", "-C", str(directory), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A branch of three patches: an edit, a new file, an edit and the file's end."""
    patches, branch = tmp_path / "start", tmp_path / "scratch"
    (patches / "base").mkdir(parents=True)
    (patches / "base" / "block.py").write_text(BASE)
    (patches / "series").write_text("# The story so far.\n")
    assert run("export", patches, branch).returncode == 0
    block = branch / "block.py"
    block.write_text(BASE.replace("A = 1", "A = 7"))
    git(branch, "commit", "-qam", header("a", "größer") + "\n\nWhy.\n\nPatch: 01-a.patch")
    (branch / "new.py").write_text("X = 1\n")
    git(branch, "add", "new.py")
    git(branch, "commit", "-qm", header("b", "block: a New file!"))
    block.write_text(BASE.replace("A = 1", "A = 7").replace("return one", "return two"))
    git(branch, "rm", "-q", "new.py")
    git(branch, "commit", "-qam", header("c", "third") + "\n\nCommits: 1234567 89abcde")
    return branch


def imported(scratch: Path, patches: Path) -> Path:
    done = run("import", scratch, patches)
    assert (done.returncode, done.stderr) == (0, "")
    return patches


def test_commits_become_patches_with_the_message_as_header(scratch: Path, tmp_path: Path) -> None:
    patches = imported(scratch, tmp_path / "patches")
    names = (patches / "series").read_text().split()
    assert names == ["01-a.patch", "02-block-a-new-file.patch", "03-third.patch"]
    assert (patches / "01-a.patch").read_text() == header("a", "größer") + (
        "\n\nWhy.\n---\ndiff --git a/block.py b/block.py\n--- a/block.py\n+++ b/block.py\n"
        "@@ -1,4 +1,4 @@\n-A = 1\n+A = 7\n B = 2\n \n \n"
    )
    assert (patches / "base" / "block.py").read_text() == BASE


def test_export_then_import_is_the_identity(scratch: Path, tmp_path: Path) -> None:
    first = imported(scratch, tmp_path / "first")
    assert run("export", first, tmp_path / "again").returncode == 0
    second = imported(tmp_path / "again", tmp_path / "second")
    assert contents(first) == contents(second)
    assert len(contents(first)) == 5


@pytest.mark.skipif(not (COMMITTED / "series").exists(), reason="no series is committed yet")
def test_the_committed_series_is_what_the_script_writes(tmp_path: Path) -> None:
    assert run("export", COMMITTED, tmp_path / "branch").returncode == 0
    (tmp_path / "patches").mkdir()
    (tmp_path / "patches" / "series").write_bytes((COMMITTED / "series").read_bytes())
    written = contents(imported(tmp_path / "branch", tmp_path / "patches"))
    assert {name: (COMMITTED / name).read_bytes() for name in written} == written


def test_a_reordered_branch_drops_the_files_that_left_and_keeps_all_else(
    scratch: Path, tmp_path: Path
) -> None:
    patches = imported(scratch, tmp_path / "patches")
    (patches / "subject.toml").write_text("kept = true\n")
    (patches / "series").write_text("# Kept too.\n" + (patches / "series").read_text())
    git(scratch, "reset", "-q", "--hard", "HEAD~2")
    imported(scratch, patches)
    assert sorted(contents(patches)) == ["01-a.patch", "base/block.py", "series", "subject.toml"]
    assert (patches / "series").read_text() == "# Kept too.\n01-a.patch\n"


def test_a_change_of_base_moves_the_patches_on_it(scratch: Path, tmp_path: Path) -> None:
    root = git(scratch, "rev-list", "--max-parents=0", "HEAD").strip()
    git(scratch, "checkout", "-q", "-b", "other", root)
    (scratch / "block.py").write_text(BASE.replace("def one", "C = 3\n\n\ndef one"))
    git(scratch, "commit", "-q", "-a", "--amend", "--no-edit")
    git(scratch, "rebase", "-q", "--onto", "other", root, "series")
    series = read_series(imported(scratch, tmp_path / "patches"))
    assert [offsets(*pair) for pair in zip(series.trees, series.patches, strict=False)] == [
        (0,),
        (0,),
        (0, 0),
    ]
    assert "C = 3\n" in series.base.files[0].text


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("words alone", "its message has no header"),
        (header("d", "").rstrip(), "its message has no header"),
        (header("d", "x").replace("Tue, 8 May 2012", "a nice day"), "is no date"),
        (header("d", "x") + "\n\nPatch: 01-a.patch", "two commits are called 01-a.patch"),
        (header("d", "x") + "\n\nPatch: ../x.patch", "'../x.patch' is no name of a patch file"),
        (header("d", "x") + "\n\nWhy.\n---\nWhat.", "has a line that begins a diff"),
        (header("a", "x"), "stands in 01-a.patch too"),
    ],
)
def test_a_bad_message_is_refused_and_nothing_is_written(
    scratch: Path, tmp_path: Path, message: str, reason: str
) -> None:
    patches = imported(scratch, tmp_path / "patches")
    before = contents(tmp_path / "patches")
    (scratch / "block.py").write_text(BASE)
    git(scratch, "commit", "-qam", message)
    done = run("import", scratch, patches)
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(patches) == before


def test_a_commit_that_changes_nothing_is_refused(scratch: Path, tmp_path: Path) -> None:
    git(scratch, "commit", "-q", "--allow-empty", "-m", header("d", "nothing"))
    assert "(nothing): changes nothing; drop it" in run("import", scratch, tmp_path / "p").stderr


def test_a_branch_with_uncommitted_changes_is_refused(scratch: Path, tmp_path: Path) -> None:
    (scratch / "block.py").write_text(BASE)
    assert "has uncommitted changes" in run("import", scratch, tmp_path / "p").stderr
    assert not (tmp_path / "p").exists()


def test_an_export_never_overwrites(scratch: Path, tmp_path: Path) -> None:
    done = run("export", tmp_path / "start", scratch)
    assert (done.returncode, "is there already" in done.stderr) == (2, True)


def test_real_quilt_pushes_the_series(
    scratch: Path, tmp_path: Path, need: Callable[[str, str], None]
) -> None:
    need("quilt", "quilt")
    patches = imported(scratch, tmp_path / "patches")
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
        found = {path.name: path.read_text() for path in (patches / "base").glob("*.py")}
        assert found == {file.name: file.text for file in tree.files}, f"after patch {count}"
