"""The callback through which long work reports how far it has come."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Gives items on, one by one, and may tell how many of the total, in a noun's plural, are done.

    What is done with an item counts to it: the next one is asked for when that is over.
    """

    def __call__(self, items: Iterable[T], total: int, noun: str) -> Iterable[T]: ...


def no_progress(items: Iterable[T], total: int, noun: str) -> Iterable[T]:
    """The items as they are: nothing is shown."""
    return items
