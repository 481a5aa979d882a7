"""The steps between two variants, whatever the patches between them come from."""

import shutil

import pytest

from replay.analysis.patch_parts import PatchPart, variant_without
from replay.variants.path import path_between
from tests.conftest import TOY


@pytest.fixture
def added(toy, tmp_path):
    """A variant made with a patch file, which is gone when the test begins."""
    file = tmp_path / "scrap.patch"
    shutil.copy(TOY / "01-scrap.patch", file)
    variant = toy.variant(f"base+{file}")
    file.unlink()
    return variant


def test_a_patch_file_that_is_gone_is_still_the_patch_of_its_variant(toy, added):
    (step,) = path_between(toy.variant("base"), added)
    assert [change.patch.name for change in step.changes] == [added.spec.extra[0].word]
    assert step.variant is added


def test_a_patch_is_called_needed_whether_its_file_is_still_there_or_not(toy, tmp_path):
    file = tmp_path / "brakes.patch"
    shutil.copy(TOY / "02-brakes.patch", file)
    first = toy.series.patches[0]
    variant = toy.variant(f"{first.sha[:12]}+{file}")
    there = variant_without(variant, PatchPart(first))
    file.unlink()
    gone = variant_without(variant, PatchPart(first))
    assert (there and there.digest) == (gone and gone.digest)


def test_a_patch_taken_from_elsewhere_is_a_step_like_one_of_a_file(toy):
    first, second = (patch.sha[:8] for patch in toy.series.patches)
    moved = toy.variant(f"{second}-{first}+{first}")
    steps = path_between(toy.variant(f"{second}-{first}"), moved)
    assert [[change.patch.sha[:8] for change in step.changes] for step in steps] == [[first]]
    assert steps[-1].variant is moved


def test_a_patch_on_top_is_left_off_there_and_not_where_the_series_has_it(toy):
    first, second = toy.series.patches
    picked = toy.variant(f"{second.sha[:8]}-{first.sha[:8]}+{first.sha[:8]}")
    without = variant_without(picked, PatchPart(first))
    assert without is not None
    assert without.digest == toy.variant(f"{second.sha[:8]}-{first.sha[:8]}").digest
