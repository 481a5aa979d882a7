"""Divergences that are accepted, and the file that says so."""

from pathlib import Path

import pytest

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
from replay.engine.places import FieldPlace, NodePlace
from replay.errors import ReplayError
from replay.events.event import Command
from replay.variants.variant import load_subject
from tests.examples import log_of, traced

TOY = load_subject(Path(__file__).parents[1] / "toy")
SCRAP, BRAKES = TOY.series.patches
YARD = log_of(
    Command("cli", "train", "7"),
    Command("qmp", "couple", {"train": "7"}),
    Command("qmp", "couple", {"train": "7"}),
    Command("qmp", "uncouple", {"train": "7"}),
)
MARKS = AcceptedEffect("field", "7.behind", "marks", "bbbb222200")


@pytest.fixture(scope="module")
def found():
    compared = diff(*traced(TOY, YARD, "before", "after"))
    return compared, attribute(compared)


def test_all_entries_of_a_diff_accept_it(found):
    known = sorted(accepted_effects(*found))
    assert known == [
        MARKS,
        AcceptedEffect("field", "7.behind.behind", "marks", "bbbb222200"),
        AcceptedEffect("node", "other[0]", "existence", "aaaa111100"),
    ]
    left, attribution = without_accepted(*found, known)
    assert (left.divergences, attribution.causes, attribution.hidden) == ((), (), 3)
    assert occurring(*found, known) == set(known)


def test_what_no_entry_covers_is_new(found):
    left, _ = without_accepted(*found, [MARKS])
    assert [divergence.place.path for divergence in left.divergences] == [
        "7.behind.behind",
        "other[0]",
    ]


def test_an_entry_that_covers_nothing_is_not_used(found):
    gone = AcceptedEffect("field", "8.behind", "marks", "*")
    assert occurring(*found, [MARKS, gone]) == {MARKS}


@pytest.mark.parametrize(
    ("entry", "covers"),
    [
        (AcceptedEffect("field", "7.behind", "marks", "bbbb2222"), True),
        (AcceptedEffect("field", "7*", "marks", "*"), True),
        (AcceptedEffect("field", "*", "marks", "02-brakes.patch"), True),
        (AcceptedEffect("field", "7", "marks", "*"), False),
        (AcceptedEffect("field", "7.behin?", "marks", "*"), False),
        (AcceptedEffect("field", "7*", "load", "*"), False),
        (AcceptedEffect("node", "7*", "marks", "*"), False),
        (AcceptedEffect("field", "7*", "marks", "aaaa1111"), False),
    ],
    ids=str,
)
def test_an_entry_covers_by_kind_path_pattern_field_and_patch(entry, covers):
    assert entry.covers(FieldPlace("7.behind", "marks"), BRAKES) == covers


def test_a_bracket_in_a_path_is_no_pattern():
    entry = AcceptedEffect("node", "other[0]", "existence", "*")
    assert entry.covers(NodePlace("other[0]"), SCRAP)
    assert not entry.covers(NodePlace("other0"), SCRAP)


def test_a_file_is_sorted_and_read_back(tmp_path, found):
    known = accepted_effects(*found)
    path = tmp_path / "known.jsonl"
    path.write_text(format_baseline([*known, *known]))
    assert read_baseline(path) == tuple(sorted(known))
    assert path.read_text() == (
        '{"replay_baseline": 1}\n'
        '{"kind":"field","path":"7.behind","field":"marks","patch":"bbbb222200"}\n'
        '{"kind":"field","path":"7.behind.behind","field":"marks","patch":"bbbb222200"}\n'
        '{"kind":"node","path":"other[0]","field":"existence","patch":"aaaa111100"}\n'
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ('{"replay_log": 1}\n', ":1: is no baseline"),
        ('{"replay_baseline": 1}\n\n{"kind":"field"}\n', ":3: is no entry of a baseline"),
        ('{"replay_baseline": 1}\n{', ":2: is no entry of a baseline"),
        (
            '{"replay_baseline": 1}\n{"kind":"x","path":"","field":"","patch":"*"}',
            ":2: is no entry of a baseline: Invalid enum value 'x'",
        ),
        (
            '{"replay_baseline": 1}\n{"kind":"node","path":"","field":"","patch":""}',
            ":2: is no entry of a baseline",
        ),
    ],
)
def test_a_file_that_is_none_is_told_with_its_line(tmp_path, text, told):
    path = tmp_path / "known.jsonl"
    path.write_text(text)
    with pytest.raises(ReplayError, match=told):
        read_baseline(path)
