"""The first of several builds that answers otherwise, and bisecting QEMU's own history with git."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from replay.analysis.bisect_builds import BuildSearch
from replay.errors import ReplayError
from replay.qemu.live.builds import find_build
from tests.qemu.machines import ROOT
from tests.qemu.test_builds import program
from tests.traces import unpack_logs

ASSERTION = "r099"
"""A log in which 7.2 runs into an assertion that 10.0 has replaced by an error."""


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return unpack_logs(tmp_path_factory.mktemp("traces")) / "logs" / f"{ASSERTION}.jsonl"


@pytest.fixture
def installed(need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")
    need("git", "git")


def replay(tmp_path: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """The command line."""
    return subprocess.run(
        [sys.executable, "-m", "replay", "--db", str(tmp_path / "db"), *map(str, words)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def searched(values, every=False):
    """Where builds that answer with these values change, and which were performed."""
    performed = []

    def perform(place):
        performed.append(place)
        return place

    search = BuildSearch([lambda place=place: perform(place) for place in range(len(values))])
    changes = search.changes(values.__getitem__, every)
    return [(before.place, after.place) for before, after in changes], performed


def test_halving_performs_few_builds_and_each_once():
    assert searched("aaaaaaabb") == ([(6, 7)], [0, 8, 4, 6, 7])
    assert searched("ab") == ([(0, 1)], [0, 1])


def test_every_change_is_found_if_that_is_wanted():
    assert searched("abba", every=True)[0] == [(0, 1), (2, 3)]
    assert searched("aaa", every=True)[0] == []


def test_ends_that_answer_alike_are_nothing_to_go_by(monkeypatch):
    class Named:
        player = type("Player", (), {"name": "same"})

    with pytest.raises(ReplayError, match="give the same answer"):
        BuildSearch([Named, Named]).changes(lambda _: 1)


def test_the_build_with_which_the_answer_changes_is_named(tmp_path, log, installed, backports):
    done = replay(tmp_path, "bisect", log, "--builds", f"qemu,{backports}", "--format", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["changes"] == [{"before": "qemu", "after": f"qemu:{backports}"}]
    assert [answer["answer"]["status"] for answer in document["answers"]] == ["crashed", "refused"]
    done = replay(
        tmp_path, "bisect", log, "--builds", f"qemu,{backports}", "--check", "images_stay"
    )
    assert "qemu and " in done.stderr
    assert "give the same answer" in done.stderr


def test_git_bisect_run_finds_the_commit_and_skips_what_does_not_start(
    tmp_path, log, installed, backports
):
    tree = tmp_path / "qemu"
    (tree / "build").mkdir(parents=True)
    old = 'exec qemu-system-x86_64 "$@"\n'
    new = f'exec {" ".join(find_build(str(backports)).system)} "$@"\n'

    def git(*words: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        return subprocess.check_output(["git", *identity, *words], cwd=tree, text=True)

    git("init", "-q")
    for number, text in enumerate((old, old, "exit 1\n", old, new)):
        program(tree / "build" / "qemu-system-x86_64", text)
        git("add", ".")
        git("commit", "-q", "--allow-empty", "-m", f"commit {number}")
    script = program(
        tmp_path / "script",
        f"export PYTHONPATH={ROOT} REPLAY_DB={tmp_path}/db\n"
        f"exec {sys.executable} -m replay --variant good=qemu"
        f" --variant new=qemu:{tree}/build/qemu-system-x86_64"
        f" diff --quiet good new {log}\n",
    )
    git("bisect", "start", "HEAD", "HEAD~4")
    said = git("bisect", "run", str(script))
    assert "is the first bad commit" in said.replace("'bad'", "bad")
    assert "commit 4" in said
    assert "commit 2" in next(row for row in git("bisect", "log").splitlines() if "# skip" in row)
