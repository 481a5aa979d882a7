"""No recording takes more time or memory than its size says: it is read, or a limit is named."""

import pytest

from tests.trust.costly_recordings import CASES, run
from tests.whole.children import finish

ENDS = {
    "blank lines in bz2": "more than 2000000 blank lines",
    "blank lines in xz": "more than 2000000 blank lines",
    "one line in bz2": "it unpacks to more than 500 times its size",
    "one line in xz": "it unpacks to more than 500 times its size",
    "a window in xz": "Memory usage limit exceeded",
}
"""What is said of those that are refused, at any size."""

FULL_ENDS = {
    **ENDS,
    "directories": "more than 1500 images in a log",
    "many chained images": "more than 1500 images in a log",
    "nodes in each other": "nested deeper than 64",
    "secrets in an argument": "10000000 characters of text that may hold secrets",
    "files of all monitors": "3000 messages of no monitor, which are of all 3000, are too many",
}
"""The same at full size."""

SMALL = 0.025


def ended(out, scale: float, name: str, most: int = 9) -> list[list[str]]:
    """The lines that tell how the commands on a recording ended: name, command, status and more."""
    assert finish(run, out, [name], scale, most) == 0
    return [line.split("\t") for line in out.read_text().splitlines()]


def check(lines: list[list[str]], reason: str | None) -> None:
    """Asserts that each command ended as it should, and not because it was killed."""
    assert lines
    for _, command, status, *_, last in lines:
        if reason:
            assert status == "2" and reason in last, (command, status, last)
        else:
            assert status in ("0", "1"), (command, status, last)


@pytest.mark.parametrize("name", [*ENDS])
def test_what_unpacks_to_too_much_is_refused(name, tmp_path):
    scale = 0.25 if "bz2" in name else 0.05 if "in xz" in name and "window" not in name else 1
    check(ended(tmp_path / "out", scale, name), ENDS[name])


@pytest.mark.parametrize("name", [name for name in CASES if name not in ENDS])
def test_a_small_recording_of_each_kind_is_read_and_compared(name, tmp_path):
    check(ended(tmp_path / "out", SMALL, name, 2), None)


@pytest.mark.large
@pytest.mark.parametrize("name", CASES)
def test_a_costly_recording_ends_within_ten_seconds_and_a_gigabyte(name, tmp_path):
    check(ended(tmp_path / "out", 1, name), FULL_ENDS.get(name))
