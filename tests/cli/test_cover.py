"""replay cover and replay touched, as a user has them."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_explain import run  # noqa: F401 - a fixture
from tests.cli.test_hunt import flat
from tests.examples import C_DIFF


def test_coverage_tells_how_much_and_what_nothing_reaches(run):  # noqa: F811
    told = flat(run("cover", "live-snapshot.jsonl", "--at", "with"))
    assert "1 log runs through" in told and "statements" in told and "branches" in told
    assert "mirror.py mirror_run: all" in told


def test_of_a_range_its_patches_alone_are_told(run):  # noqa: F811
    told = flat(run("cover", "live-snapshot.jsonl", "--at", "with..after"))
    assert "bdrv_move_feature_fields: live-snapshot" in told
    assert "nothing reaches" not in told and "3a389e79" not in told


def test_as_few_logs_as_cover_as_much_are_named(run):  # noqa: F811
    run("import", "live-snapshot.jsonl", "lost-below.jsonl", "snapshot-on.jsonl")
    told = flat(run("cover", "--all", "--minimal"))
    assert "cover as much and have the same divergences:" in told
    assert "lost-below" in told.split("divergences:")[1].split("files")[0]


def test_json_is_that_of_coverage_py(run, tmp_path):  # noqa: F811
    told = json.loads(run("cover", "live-snapshot.jsonl", "--format", "json"))
    assert told["meta"]["format"] == 3 and told["meta"]["branch_coverage"] is True
    file = told["files"]["block.py"]
    summary = file["summary"]
    assert summary["covered_lines"] == len(file["executed_lines"])
    assert summary["num_statements"] == len(file["executed_lines"]) + len(file["missing_lines"])
    assert summary["covered_branches"] == len(file["executed_branches"])
    assert set(map(int, file["contexts"])) == set(file["executed_lines"])
    whole = sum(f["summary"]["covered_lines"] for f in told["files"].values())
    assert told["totals"]["covered_lines"] == whole


def test_lcov_adds_up(run):  # noqa: F811
    told = run("cover", "live-snapshot.jsonl", "--format", "lcov")
    for record in told.split("end_of_record\n")[:-1]:
        lines = record.splitlines()
        data = [line for line in lines if line.startswith("DA:")]
        assert f"LF:{len(data)}" in lines
        assert f"LH:{sum(not line.endswith(',0') for line in data)}" in lines
        branches = [line for line in lines if line.startswith("BRDA:")]
        assert f"BRF:{len(branches)}" in lines


def test_the_page_needs_nothing_else_and_escapes_what_it_shows(run, tmp_path):  # noqa: F811
    run("cover", "live-snapshot.jsonl", "--format", "html", "-o", "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "http://" not in page and "https://" not in page and "<script" not in page
    assert "default-src 'none'" in page
    assert "if bdrv_flags &amp; BDRV_O_TEMPORARY:" in page


def test_a_range_without_a_patch_is_refused(run):  # noqa: F811
    told = run("cover", "live-snapshot.jsonl", "--at", "with..7e3d98dd^", status=2)
    assert "no patch lies between" in told


# touched


def test_a_patch_of_the_series_is_looked_at_just_after_it(run):  # noqa: F811
    told = flat(run("touched", "8bfea15d", "snapshot-on.jsonl"))
    assert "variant 8bfea15d" in told
    assert "raw_open_common (drivers.py): function at drivers.py:" in told
    assert "1 of 1 log run through" in told


def test_a_model_patch_of_ones_own(run, tmp_path):  # noqa: F811
    text = Path("patches/24-revert-open_flags.patch")
    source = Path(__file__).parents[2] / text
    (tmp_path / "mine.patch").write_text(source.read_text())
    told = flat(run("touched", "mine.patch", "live-snapshot.jsonl", "--at", "with"))
    assert "bdrv_move_feature_fields (block.py): function at block.py" in told
    assert "live-snapshot" in told


C_PATCH = f"""\
From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001
From: A <a@example.org>
Subject: [PATCH] block: two things

---
{C_DIFF}-- 
2.39
"""


def test_a_patch_of_the_c_program_tells_what_is_modelled(run, tmp_path):  # noqa: F811
    (tmp_path / "c.patch").write_text(C_PATCH)
    told = flat(run("touched", "c.patch", "live-snapshot.jsonl"))
    assert "patch block: two things" in told
    assert "1 of 2 definitions that it changes are in the model" in told
    assert "block.c:10: bdrv_move_feature_fields, modelled" in told
    assert "block.c:50: bdrv_invented, not modelled" in told


def test_json_says_for_each_hunk_whether_it_is_modelled(run, tmp_path):  # noqa: F811
    (tmp_path / "c.patch").write_text(C_PATCH)
    told = json.loads(run("touched", "c.patch", "live-snapshot.jsonl", "--format", "json"))
    assert [hunk["modelled"] for hunk in told["hunks"]] == [True, False]
    assert told["logs"] == ["live-snapshot"]


def test_a_commit_of_a_clone_is_read_from_there(run, tmp_path, need):  # noqa: F811
    need("git", "git")
    clone = tmp_path / "clone"
    clone.mkdir()

    def git(*words):
        names = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(clone), *names, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    source = "int bdrv_close(int a)\n{\n    a++;\n    return a;\n}\n"
    (clone / "block.c").write_text(source)
    git("add", ".")
    git("commit", "-qm", "one")
    (clone / "block.c").write_text(source.replace("a++", "a--"))
    git("commit", "-qam", "block: count down")
    sha = git("rev-parse", "HEAD").strip()
    told = flat(run("touched", sha, "--git", "clone"))
    assert "patch block: count down" in told
    assert "bdrv_close (block.c): function at block.py" in told
    assert "no commit 1234567" in run("touched", "1234567", "--git", "clone", status=2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "'nothing' is no patch"),
        (["--git", ".", "--", "--output=x"], "'--output=x' is no sha"),
        (["HEAD", "--git", "."], "'HEAD' is no sha"),
    ],
)
def test_what_is_no_patch_is_refused(run, words, message):  # noqa: F811
    assert message in run("touched", *words, status=2)
