"""Sets of places, as sorted ranges from start up to end, which is excluded."""

from collections.abc import Iterable

Ranges = list[tuple[int, int]]
"""Sorted, disjoint, not touching, none empty."""


def union(parts: Iterable[tuple[int, int]]) -> Ranges:
    """What the parts, in any order, cover together."""
    ordered = sorted([part for part in parts if part[0] < part[1]])
    result = ordered[:1]
    for start, end in ordered[1:]:
        first, last = result[-1]
        if start > last:
            result.append((start, end))
        elif end > last:
            result[-1] = (first, end)
    return result


def common(some: Ranges, others: Ranges) -> Ranges:
    """What lies in both."""
    result: Ranges = []
    here = there = 0
    while here < len(some) and there < len(others):
        (start, end), (other_start, other_end) = some[here], others[there]
        first = start if start > other_start else other_start
        last = end if end < other_end else other_end
        if first < last:
            result.append((first, last))
        if end < other_end:
            here += 1
        else:
            there += 1
    return result


def without(some: Ranges, others: Ranges) -> Ranges:
    """What lies in the first and not in the second."""
    if not some:
        return []
    if not others:
        return list(some)
    bounds = [some[0][0], *(place for part in others for place in part), some[-1][1]]
    gaps = [(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=True) if a < b]
    return common(some, gaps)


def rounded(some: Ranges, unit: int) -> Ranges:
    """The ranges widened to whole units."""
    return union((start // unit * unit, -(-end // unit) * unit) for start, end in some)
