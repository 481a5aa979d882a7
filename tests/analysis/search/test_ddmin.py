"""Delta debugging ends with a part of which no one item can go."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.analysis.search.ddmin import ddmin


def first(test):
    """The first of parts that passes a test."""
    return lambda parts: next(filter(test, parts), None)


def last(items, test):
    """What is left in the end."""
    return [*([tuple(items)]), *ddmin(items, first(test))][-1]


@settings(deadline=None)
@given(st.sets(st.integers(0, 30)), st.integers(1, 30))
def test_what_is_needed_and_nothing_else_is_left(needed, extra):
    items = range(31 + extra)
    assert set(last(items, lambda part: needed <= set(part))) == needed


@settings(deadline=None)
@given(st.sets(st.sets(st.integers(0, 12), min_size=1).map(frozenset), min_size=1, max_size=4))
def test_the_last_part_is_1_minimal_where_there_are_several_ways(ways):
    def passes(part):
        return any(way <= set(part) for way in ways)

    left = last(range(13), passes)
    assert passes(left)
    assert not any(passes(left[:at] + left[at + 1 :]) for at in range(len(left)))


def test_parts_get_smaller_and_smaller():
    sizes = [len(part) for part in ddmin(range(40), first(lambda part: 17 in part))]
    assert sizes == sorted(set(sizes), reverse=True)
    assert sizes[-1] == 1


def test_the_order_of_items_stays():
    assert last("deadbeef", lambda part: {"a", "f", "d"} <= set(part)) in (
        tuple("daf"),
        tuple("adf"),
    )


def test_a_test_may_drop_more_than_was_asked():
    """As where a patch falls away that does not apply without another."""

    def first_applying(parts):
        applying = (tuple(it for it in part if it != 3 or 2 in part) for part in parts)
        return next((part for part in applying if 5 in part), None)

    assert [*ddmin(range(6), first_applying)][-1] == (5,)


@pytest.mark.parametrize("items", [(), (1,)])
def test_nothing_is_given_where_nothing_can_go(items):
    assert [*ddmin(items, lambda parts: None)] == []
