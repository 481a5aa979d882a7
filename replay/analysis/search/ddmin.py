"""Delta debugging: the smaller and smaller parts of a whole that still pass a test."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

FirstPassing = Callable[[Iterable[tuple[T, ...]]], tuple[T, ...] | None]
"""What of the first part that passes does, most often all of it, in its order; None if none does.

It may be less than was asked about where items fall away that make no sense without others.
"""


def ddmin(items: Sequence[T], first_passing: FirstPassing[T]) -> Iterator[tuple[T, ...]]:
    """Ever smaller parts that pass, the last of which is 1-minimal: no one item can go.

    Nothing is given if nothing can go. The whole itself is taken to pass.
    """
    left = tuple(items)
    chunks = min(2, len(left))
    while left:
        smaller = first_passing(_without_a_chunk(left, chunks))
        if smaller is not None:
            yield smaller
            left = smaller
            chunks = min(max(chunks - 1, 2), len(left))
        elif chunks >= len(left):
            return
        else:
            chunks = min(2 * chunks, len(left))


def _without_a_chunk(items: tuple[T, ...], chunks: int) -> Iterator[tuple[T, ...]]:
    """The items without one of so many chunks; the last is left out first.

    The end of a log hangs on its beginning, so that its end can go more often.
    """
    bounds = [len(items) * index // chunks for index in range(chunks + 1)]
    for index in reversed(range(chunks)):
        yield items[: bounds[index]] + items[bounds[index + 1] :]
