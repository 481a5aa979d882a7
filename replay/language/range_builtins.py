"""The builtins that work on sets of places: sorted lists of [start, end], the end excluded."""

from typing import Any

from replay.language.limits import Meter, whole
from replay.language.operators import integer, kind_of
from replay.state.ranges import Ranges, common, rounded, union, without


class RangeSets:
    """The functions on ranges. Work on them counts."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def union(self, some: Any, others: Any) -> list[list[int]]:
        """What the two cover together."""
        return _lists(union([*self._ranges(some), *self._ranges(others)]))

    def common(self, some: Any, others: Any) -> list[list[int]]:
        """What lies in both."""
        return _lists(common(self._ranges(some), self._ranges(others)))

    def without(self, some: Any, others: Any) -> list[list[int]]:
        """What lies in the first and not in the second."""
        return _lists(without(self._ranges(some), self._ranges(others)))

    def rounded(self, some: Any, unit: Any) -> list[list[int]]:
        """The ranges widened to whole units."""
        widened = rounded(self._ranges(some), integer(unit))
        return _lists([(whole(start), whole(end)) for start, end in widened])

    def _ranges(self, value: Any) -> Ranges:
        return ranges_of(value, self._meter)


def ranges_of(value: Any, meter: Meter) -> Ranges:
    """The ranges that a list of pairs says, in order, touching ones joined; their number counts.

    Raises TypeError for what is no list of pairs of numbers.
    """
    if not isinstance(value, list) or not all(isinstance(p, list) and len(p) == 2 for p in value):
        raise TypeError(f"{kind_of(value)} where a list of ranges is needed")
    meter.tick(len(value))
    return union([(integer(start), integer(end)) for start, end in value])


def _lists(ranges: Ranges) -> list[list[int]]:
    return [[start, end] for start, end in ranges]
