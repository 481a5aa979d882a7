"""Effects that are accepted, and the file that says so."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from replay.analysis.attribute import attribute
from replay.analysis.baseline import (
    AcceptedEffect,
    accepted_effects,
    format_baseline,
    occurring,
    read_baseline,
    without_accepted,
)
from replay.engine.diff import diff
from replay.errors import ReplayError
from replay.events.event import Command
from replay.series import parse_patch
from replay.variants.variant import load_subject
from tests.examples import log_of, traced

TOY = load_subject(Path(__file__).parents[1] / "toy")
SCRAP, BRAKES = TOY.series.patches
COUPLE = Command("qmp", "couple", {"train": "7"})
YARD = log_of(
    Command("cli", "train", "7"), COUPLE, COUPLE, Command("qmp", "uncouple", {"train": "7"})
)


def compared(*expressions: str):
    found = diff(*traced(TOY, YARD, *expressions))
    return found, attribute(found)


@pytest.fixture(scope="module")
def found():
    return compared("before", "after")


def left(found, *entries: AcceptedEffect) -> list[str]:
    """The paths of what is new."""
    return [d.place.path for d in without_accepted(*found, entries)[0].divergences]


def marks(found) -> AcceptedEffect:
    """The entry for the brakes of the wagon behind."""
    entries = accepted_effects(*found)
    return next(e for e in entries if (e.path, e.field) == ("7.behind", "marks"))


def test_all_entries_of_a_diff_accept_it(found):
    entries = accepted_effects(*found)
    assert [(e.kind, e.path, e.field, e.patch) for e in entries] == [
        ("field", "7.behind", "marks", "bbbb222200"),
        ("field", "7.behind.behind", "marks", "bbbb222200"),
        ("node", "other[0]", "existence", "aaaa111100"),
    ]
    _, attribution = without_accepted(*found, entries)
    assert (left(found, *entries), attribution.causes, attribution.hidden) == ([], (), 3)
    assert occurring(*found, entries) == {0, 1, 2}


def test_what_no_entry_covers_is_new(found):
    assert left(found, marks(found)) == ["7.behind.behind", "other[0]"]


@pytest.mark.parametrize(
    "change",
    [
        {"before": 7},
        {"after": 7},
        {"event": "qmp uncouple"},
        {"log": "another"},
        {"path": "7"},
        {"path": "7.behin?"},
        {"field": "load"},
        {"kind": "node"},
        {"id": SCRAP.id},
    ],
    ids=str,
)
def test_an_entry_that_names_something_else_covers_nothing(found, change):
    entry = replace(marks(found), **change)
    assert "7.behind" in left(found, entry)
    assert occurring(*found, [entry]) == frozenset()


@pytest.mark.parametrize(
    "change", [{"before": "*"}, {"after": "*"}, {"event": "*"}, {"log": "*"}, {"path": "*7.behind"}]
)
def test_a_user_may_widen_an_entry(found, change):
    assert left(found, replace(marks(found), **change)) == ["7.behind.behind", "other[0]"]


def test_the_other_direction_is_new(found):
    assert len(left(compared("after", "before"), *accepted_effects(*found))) == 3


def test_a_pattern_of_logs_may_be_chosen(found):
    assert {entry.log for entry in accepted_effects(*found, "night-*")} == {"night-*"}
    assert left(found, *accepted_effects(*found, "night-*")) != []
    assert left(found, *accepted_effects(*found, YARD.name[:2] + "*")) == []


def test_a_patch_is_known_by_the_lines_that_it_changes():
    text = "--- a/m.py\n+++ b/m.py\n@@ -{0},3 +{0},3 @@\n {1}\n-x = 1\n+x = {2}\n y = 1\n"
    patch, moved, changed = (
        parse_patch(text.format(*of), "p") for of in ((1, "a", 2), (9, "b", 2), (1, "a", 3))
    )
    assert patch.id == moved.id != changed.id


def test_a_file_is_sorted_and_read_back(tmp_path, found):
    entries = accepted_effects(*found)
    path = tmp_path / "known.jsonl"
    path.write_text(format_baseline([*entries, *entries]))
    assert path.read_text().startswith('{"replay_baseline": 2}\n{"kind":"field"')
    read = read_baseline(path)
    assert left(found, *read) == []
    assert (len(read), format_baseline(read)) == (3, path.read_text())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ('{"replay_log": 1}\n', ":1: is no baseline"),
        ('{"replay_baseline": 1}\n', "of another version.*write it anew: replay diff"),
        ('{"replay_baseline": 2}\n\n{"kind":"field"}\n', ":3: is no entry of a baseline"),
        ('{"replay_baseline": 2}\n{', ":2: is no entry of a baseline"),
        ('{"replay_baseline": 2}\n{"kind":"x"}', ":2: is no entry .* Invalid enum value 'x'"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(tmp_path, text, reason):
    path = tmp_path / "known.jsonl"
    path.write_text(text)
    with pytest.raises(ReplayError, match=reason):
        read_baseline(path)
