"""Every point of the committed series stands by itself, and its patches read like the commits."""

import ast
import re

import pytest

from replay.series import offsets
from tests.examples import NAMES, PATCHES
from tests.story import subject, trace, variant

SERIES = subject().series
POINTS = ["base", *(patch.sha for patch in SERIES.patches)]
FILES = [PATCHES / patch.name for patch in SERIES.patches]


def changed(sha: str) -> list[str]:
    """The lines that a patch adds and removes, with their marks, that are not blank."""
    [patch] = [patch for patch in SERIES.patches if patch.sha.startswith(sha)]
    edits = [edit for file in patch.files for hunk in file.hunks for edit in hunk.edits]
    return [f"{e.mark} {e.text.strip()}" for e in edits if e.mark != " " and e.text.strip()]


@pytest.mark.parametrize("point", POINTS)
def test_every_example_runs_at_every_point_without_a_fault_of_the_model(point):
    assert NAMES
    for name in NAMES:
        for step in trace(name, point).steps:
            assert step.outcome.status != "crashed", (name, step.seq, step.outcome.error)


def test_every_point_is_another_model():
    assert len({variant(point).digest for point in POINTS}) == len(POINTS)


def test_the_committed_series_applies_at_offset_0():
    for tree, patch in zip(SERIES.trees, SERIES.patches, strict=False):
        assert set(offsets(tree, patch)) == {0}, patch.name


def test_3a389e79_adds_one_line_to_what_stays_in_a_swap_and_7e3d98dd_removes_one():
    assert changed("3a389e79") == ["+ bs_top.open_flags = bs_new.open_flags"]
    assert changed("7e3d98dd") == ["- bs_dest.open_flags = bs_src.open_flags"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_patch_tells_its_commit_its_date_its_subject_and_why(file):
    header, _, _ = file.read_text().partition("\n---\n")
    head, _, body = header.partition("\n\n")
    assert re.match(r"From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\n", head)
    assert re.search(r"^Date: \w{3}, \d{1,2} \w{3} 201[2345] \d\d:\d\d:\d\d [+-]\d{4}$", head, re.M)
    assert re.search(r"^Subject: \S", head, re.M)
    words = re.sub(r"^Commits:.*$", "", body, flags=re.M).split()
    assert len(words) >= 10
    assert not any(line.startswith(("Signed-off-by:", "Reviewed-by:")) for line in body.split("\n"))


def test_the_series_is_in_the_order_of_history():
    assert [patch.name for patch in SERIES.patches] == sorted(
        patch.name for patch in SERIES.patches
    )


@pytest.mark.parametrize("point", POINTS)
def test_every_function_and_class_says_what_it_stands_for(point):
    for source in variant(point).tree.files:
        text = "".join(f"{line.text}\n" for line in source.lines)
        for node in [ast.parse(text), *ast.parse(text).body]:
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
                name = getattr(node, "name", "the file")
                assert ast.get_docstring(node), f"{source.name}: {name}"
