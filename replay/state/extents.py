"""What an image contains, as sorted runs of sectors filled with one byte.

A layer's extents are sorted and disjoint, and neighbours differ in pattern. What they cover is
what the layer has allocated.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

SECTOR = 512
"""Bytes in a sector."""

CLUSTER = 128
"""Sectors in a cluster of 64 KiB, the unit of allocation of an image."""

BLOCK = 8
"""Sectors in a block of 4 KiB, the unit of allocation of a sparse file."""


MIXED, UNREADABLE = -1, -2
"""In place of a pattern, where a real file holds several bytes, and where it cannot be read."""


class Extent(NamedTuple):
    """The sectors from start up to end, which is excluded, all filled with the byte pattern."""

    start: int
    end: int
    pattern: int


Extents = tuple[Extent, ...]

UNREADABLE_DATA: Extents = (Extent(0, 1, UNREADABLE),)
"""In place of what a file holds that cannot be opened."""

_start = attrgetter("start")
_end = attrgetter("end")


class Layer(NamedTuple):
    """One image of a chain: `sectors` is its length, `whole` says that nothing shows through."""

    extents: Extents
    sectors: int
    whole: bool


def sectors(length: int) -> int:
    """The sectors that hold `length` bytes."""
    return -(-length // SECTOR)


def clusters(start: int, end: int) -> tuple[int, int]:
    """The range of sectors widened to whole clusters."""
    return start // CLUSTER * CLUSTER, -(-end // CLUSTER) * CLUSTER


def blocks(start: int, end: int) -> tuple[int, int]:
    """The range of sectors widened to whole blocks."""
    return start // BLOCK * BLOCK, -(-end // BLOCK) * BLOCK


def merged(pieces: Iterable[Extent]) -> Extents:
    """Sorted pieces with touching ones of one pattern joined, empty ones left out."""
    result: list[Extent] = []
    for piece in pieces:
        last = result[-1] if result else None
        if last and last.end == piece.start and last.pattern == piece.pattern:
            result[-1] = Extent(last.start, piece.end, piece.pattern)
        elif piece.start < piece.end:
            result.append(piece)
    return tuple(result)


def cut(extents: Extents, start: int, end: int) -> Iterator[Extent]:
    """The parts of the extents that lie between start and end."""
    for index in range(bisect_right(extents, start, key=_end), len(extents)):
        extent = extents[index]
        if extent.start >= end:
            return
        yield Extent(max(extent.start, start), min(extent.end, end), extent.pattern)


def gaps(pieces: Iterable[Extent], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The ranges between start and end that the pieces leave open."""
    for piece in pieces:
        if piece.start > start:
            yield start, piece.start
        start = piece.end
    if start < end:
        yield start, end


def shown(layers: Sequence[Layer], start: int, end: int) -> Extents:
    """What a reader of the chain, top layer first, sees between start and end, without gaps.

    Beyond a layer's end there are zeros, whatever the layers under it hold.
    """
    pieces: list[Extent] = []
    missing = [(start, end)]
    for layer in layers:
        below: list[tuple[int, int]] = []
        for first, last in missing:
            bound = max(first, min(last, layer.sectors))
            pieces_of_layer = list(cut(layer.extents, first, bound))
            pieces += pieces_of_layer
            pieces.append(Extent(bound, last, 0))
            below += gaps(pieces_of_layer, first, bound)
        missing = below
        if layer.whole or not missing:
            break
    pieces += [Extent(first, last, 0) for first, last in missing]
    return merged(sorted(pieces))


def overlaid(extents: Extents, start: int, end: int, pieces: Iterable[Extent]) -> Extents:
    """The extents with all between start and end replaced by the pieces, which lie there."""
    first = bisect_left(extents, start, key=_end)
    last = bisect_right(extents, end, key=_start)
    near = extents[first:last]
    before = cut(near, 0, start)
    after = cut(near, end, near[-1].end) if near else ()
    return (*extents[:first], *merged((*before, *pieces, *after)), *extents[last:])


def steps(pieces: Extents, length: int) -> list[list[int | str]]:
    """Runs of [pattern or "mixed", KiB] of `length` bytes, seen in steps of a cluster.

    The last step may be shorter; KiB are rounded down. `pieces` covers the length.
    """
    total = sectors(length)
    spans: list[tuple[int | str, int, int]] = []
    done = 0
    for piece in pieces:
        first = max(-(-piece.start // CLUSTER), done)
        last = -(-piece.end // CLUSTER) if piece.end == total else piece.end // CLUSTER
        if last > first:
            spans += [("mixed", done, first), (piece.pattern, first, last)]
            done = last
    spans.append(("mixed", done, -(-total // CLUSTER)))
    unit = CLUSTER * SECTOR
    return [
        [
            "mixed" if pattern == MIXED else pattern,
            (min(last * unit, length) - first * unit) // 1024,
        ]
        for pattern, first, last in spans
        if last > first
    ]
