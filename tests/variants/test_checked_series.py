"""What the cache says of a series is data: it is checked, and may go at any time."""

import shutil
from pathlib import Path

import pytest

from replay.errors import NotInLanguage
from replay.variants import variant as variants
from replay.variants.checked_series import MOST_REMEMBERED, is_checked, remember_checked
from replay.variants.variant import load_subject, resolve
from tests.conftest import TOY


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def checked(monkeypatch) -> list[str]:
    """The digests of the trees that are checked from now on."""
    digests: list[str] = []
    check = variants._check
    monkeypatch.setattr(
        variants,
        "_check",
        lambda tree, machine: (digests.append(tree.digest), check(tree, machine)),
    )
    return digests


def entries(cache: Path) -> list[Path]:
    """The files in the cache."""
    return sorted(path for path in cache.rglob("*") if path.is_file())


def test_a_series_is_checked_once(cache, checked):
    first = load_subject(TOY)
    assert len(checked) == len(first.series.trees)
    assert load_subject(TOY).series.trees == first.series.trees
    assert len(checked) == len(first.series.trees)
    assert len(entries(cache)) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: shutil.rmtree(file.parent),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b'{"version": 1}'),
        lambda file: file.write_bytes(file.read_bytes().replace(b'"machine":"', b'"machine":"x')),
        lambda file: file.write_bytes(file.read_bytes()[:-3] + b'x"}'),
        lambda file: file.write_bytes(b"\x80\x04cos\nsystem\n"),
    ],
    ids=["gone", "all gone", "empty", "half", "another machine", "another series", "a pickle"],
)
def test_what_is_damaged_counts_as_nothing(cache, checked, damage):
    load_subject(TOY)
    count = len(checked)
    damage(entries(cache)[0])
    load_subject(TOY)
    assert len(checked) == 2 * count


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch, checked):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    trees = load_subject(TOY).series.trees
    load_subject(TOY)
    assert len(checked) == 2 * len(trees)


def test_a_changed_patch_is_checked(cache, checked, tmp_path):
    load_subject(TOY)
    copy = shutil.copytree(TOY, tmp_path / "toy")
    file = copy / "base" / "yard.py"
    file.write_text(file.read_text() + "\n\ndef bad():\n    import os\n")
    with pytest.raises(NotInLanguage):
        load_subject(copy)
    assert len(entries(cache)) == 1


def test_what_runs_is_checked_whatever_the_cache_says(cache, tmp_path):
    """Somebody who can write to the cache still can't run what is not in the language."""
    copy = shutil.copytree(TOY, tmp_path / "toy")
    file = copy / "base" / "yard.py"
    file.write_text(file.read_text() + "\n\ndef bad():\n    import os\n")
    subject = load_subject(TOY)
    series = variants.read_series(copy)
    remember_checked(series.digest, subject.config.machine)
    assert is_checked(series.digest, subject.config.machine)
    program = resolve(load_subject(copy), "before", {}).program
    with pytest.raises(NotInLanguage, match=r"yard.py:\d+.*Import is not in the language"):
        program.call("bad", [], program.initial())


def test_the_cache_stays_small(cache):
    series = load_subject(TOY).series
    for number in range(MOST_REMEMBERED + 5):
        remember_checked(series.digest, f"Machine{number}")
    assert len(entries(cache)) == MOST_REMEMBERED
