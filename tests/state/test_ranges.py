"""Ranges are what sets of places are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.state.ranges import Ranges, common, rounded, union, without

parts = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def places(ranges: Ranges) -> set[int]:
    """All places in the ranges."""
    return {place for start, end in ranges for place in range(start, end)}


def normal(ranges: Ranges) -> bool:
    """Whether they are sorted, none is empty, and no two touch."""
    bounds = [bound for part in ranges for bound in part]
    return bounds == sorted(set(bounds))


@settings(deadline=None)
@given(parts, parts)
def test_each_operation_does_what_that_of_sets_does(some: Ranges, others: Ranges) -> None:
    here, there = union(some), union(others)
    assert places(here) == places(some)
    assert places(common(here, there)) == places(here) & places(there)
    assert places(without(here, there)) == places(here) - places(there)
    assert all(map(normal, (here, common(here, there), without(here, there))))


@settings(deadline=None)
@given(parts, st.integers(1, 9))
def test_rounded_ranges_are_the_units_that_they_touch(some: Ranges, unit: int) -> None:
    units = {place // unit for place in places(some)}
    whole = {unit * number + offset for number in units for offset in range(unit)}
    assert places(rounded(union(some), unit)) == whole
    assert normal(rounded(union(some), unit))


@pytest.mark.parametrize("others", [[], [(0, 1)], [(9, 12)], [(0, 12)]])
def test_nothing_without_something_is_nothing(others: Ranges) -> None:
    assert without([], others) == common([], others) == []
