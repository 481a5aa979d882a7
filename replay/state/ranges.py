"""Sets of places, as sorted ranges from start up to end, which is excluded."""

from collections.abc import Iterable, Sequence

Ranges = list[tuple[int, int]]
"""Sorted, disjoint, not touching, none empty."""


def union(parts: Iterable[Sequence[int]]) -> Ranges:
    """What the parts, in any order, cover together."""
    result: Ranges = []
    for start, end in sorted((start, end) for start, end in parts if start < end):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def common(some: Ranges, others: Ranges) -> Ranges:
    """What lies in both."""
    result: Ranges = []
    here = there = 0
    while here < len(some) and there < len(others):
        start = max(some[here][0], others[there][0])
        end = min(some[here][1], others[there][1])
        if start < end:
            result.append((start, end))
        if some[here][1] < others[there][1]:
            here += 1
        else:
            there += 1
    return result


def without(some: Ranges, others: Ranges) -> Ranges:
    """What lies in the first and not in the second."""
    if not some:
        return []
    bounds = [some[0][0], *(place for part in others for place in part), some[-1][1]]
    gaps = [(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=True) if a < b]
    return common(some, gaps)


def rounded(some: Ranges, unit: int) -> Ranges:
    """The ranges widened to whole units."""
    return union((start // unit * unit, -(-end // unit) * unit) for start, end in some)
