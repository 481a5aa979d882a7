"""The steps between two variants, and what cannot be taken for a patch that does not apply."""

import shutil

import pytest

from replay.analysis.interactions import PatchPart, variant_without
from replay.errors import BadInput
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


def test_a_patch_file_that_is_gone_is_trouble_and_not_a_conflict(toy, added):
    with pytest.raises(BadInput):
        path_between(toy.variant("base"), added)


def test_a_patch_is_not_called_needed_because_a_file_is_gone(toy, tmp_path):
    file = tmp_path / "brakes.patch"
    shutil.copy(TOY / "02-brakes.patch", file)
    first = toy.series.patches[0]
    variant = toy.variant(f"{first.sha[:12]}+{file}")
    file.unlink()
    with pytest.raises(BadInput):
        variant_without(variant, PatchPart(first))
