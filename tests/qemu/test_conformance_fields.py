"""What of a recorded field has to agree."""

from dataclasses import replace

import msgspec
import pytest

from replay.errors import ReplayError
from replay.qemu.conformance.fields import FieldRules, field_rules
from tests.handmade import SUBJECT

RULES = FieldRules(
    explains=frozenset({"parents"}),
    presence=frozenset({"blockers"}),
    items={"bitmaps": {"count": "sectors"}},
)


def agree(field: str, recorded: object, seen: object) -> bool:
    wanted, got = RULES.essence(field, recorded, seen)
    return bool(wanted == got)


def test_a_field_that_only_explains_is_not_compared():
    assert not RULES.compared("parents")
    assert RULES.compared("filename")


def test_of_some_fields_only_counts_whether_there_is_something():
    assert agree("blockers", 32751, 12)
    assert agree("blockers", 0, 0)
    assert not agree("blockers", 1, 0)
    assert not agree("flags", 32751, 12)


def test_of_items_those_without_a_name_are_left_out():
    assert agree("bitmaps", [{"name": "", "count": 3}], [])
    assert not agree("bitmaps", [{"name": "b", "count": 3}], [])
    assert not agree("bitmaps", [], [{"name": "b", "sectors": 3}])


def test_items_agree_in_what_both_sides_have_under_the_names_of_the_model():
    seen = [{"name": "b", "sectors": 3, "runs": []}]
    assert agree("bitmaps", [{"name": "b", "count": 3, "status": 0}], seen)
    assert not agree("bitmaps", [{"name": "b", "count": 4, "status": 0}], seen)


def test_a_table_that_is_not_as_described_is_said_with_its_place():
    more = {"conformance": {"explains": 3}}
    config = msgspec.structs.replace(SUBJECT.config, more=more)
    with pytest.raises(ReplayError, match="conformance"):
        field_rules(replace(SUBJECT, config=config))
