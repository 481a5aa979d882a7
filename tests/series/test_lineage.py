"""A line is followed back through the patches that changed it, while it stays the same line."""

from pathlib import Path

from replay.series import Series, read_series
from replay.series.lineage import lineage
from tests.series.test_series import SHA_A, SHA_B, SHA_C, diff, header, write_series

BASE = "first = 1\nlimit = read_the_limit(device, 0)\nlast = 2\nlimits = 3\n"


def series(directory: Path, *hunks: tuple[int, list[str]]) -> Series:
    """A series of patches that change lines, one each."""
    shas = (SHA_A, SHA_B, SHA_C)
    texts = {
        f"{number:02}.patch": header(shas[number]) + diff("block.py", start, lines)
        for number, (start, lines) in enumerate(hunks)
    }
    return read_series(write_series(directory, texts, base=BASE))


def names(series: Series, line: int) -> list[str]:
    """The patches behind a line of the last tree, the latest first."""
    tree = series.tree(len(series.patches))
    return [patch.name for patch in lineage(series, tree, "block.py", line)]


def change(old: str, new: str) -> list[str]:
    """A hunk's lines between two that stay."""
    return [" first = 1", f"-{old}", f"+{new}", " last = 2"]


LINES = [f"limit = read_the_limit(device, {number})" for number in range(4)]


def test_each_patch_that_changed_a_line_a_little_is_behind_it(tmp_path: Path) -> None:
    changes = [(1, change(*LINES[number : number + 2])) for number in range(3)]
    found = series(tmp_path, *changes)
    assert names(found, 2) == ["02.patch", "01.patch", "00.patch"]
    assert names(found, 1) == names(found, 4) == []


def test_a_line_that_another_took_the_place_of_is_no_line_before_it(tmp_path: Path) -> None:
    found = series(tmp_path, (1, change(*LINES[:2])), (1, change(LINES[1], "throttle(device)")))
    assert names(found, 2) == ["01.patch"]


def test_the_line_is_found_where_it_moved_to_and_not_where_one_is_like_it(tmp_path: Path) -> None:
    moved = (3, [" last = 2", f"+{LINES[0]}", " limits = 3"])
    changed = (3, [" last = 2", f"-{LINES[0]}", f"+{LINES[1]}", " limits = 3"])
    first = (1, change(LINES[0], LINES[3]))
    found = series(tmp_path, first, moved, changed)
    assert names(found, 4) == ["02.patch", "01.patch"]
    assert names(found, 2) == ["00.patch"]
