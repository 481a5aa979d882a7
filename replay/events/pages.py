"""Many values of one kind, packed: the events of a long log take as little memory as its file."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import TypeVar

import msgspec

from replay.events.on_demand import OnDemand

LONG = 10_000
"""Values up to which they are held as they are, so that each of them can be had at once."""

PAGE = 1000
"""Values that are packed together, and unpacked when one of them is looked at."""

S = TypeVar("S", bound=msgspec.Struct)


class Pages(OnDemand[S]):
    """Packed values of a kind. Equal ones are equal, whoever packed them."""

    def __init__(self, kind: type[S], pages: Iterable[bytes], length: int) -> None:
        self._kind = kind
        self._pages = tuple(pages)
        self._length = length

    def __len__(self) -> int:
        return self._length

    def item(self, index: int) -> S:
        """The value at an index."""
        page, place = divmod(index, PAGE)
        return self._unpacked(page)[place]

    def __iter__(self) -> Iterator[S]:
        return chain.from_iterable(map(self._unpacked, range(len(self._pages))))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pages) and self._pages == other._pages

    def __hash__(self) -> int:
        return hash(self._pages)

    def _unpacked(self, number: int) -> tuple[S, ...]:
        return _unpacked(self._kind, self._pages[number])


def held(kind: type[S], values: Iterable[S]) -> Sequence[S]:
    """The values, all of one kind, as they are, or packed if they are many."""
    rest = iter(values)
    first = tuple(islice(rest, LONG + 1))
    if len(first) <= LONG:
        return first
    length = 0
    pages = []
    several = chain(first, rest)
    while page := tuple(islice(several, PAGE)):
        pages.append(zlib.compress(_encode(page), level=1))
        length += len(page)
    return Pages(kind, pages, length)


_encode = msgspec.msgpack.Encoder().encode


# The variants of a log look at the same page one after another.
@lru_cache(maxsize=4)
def _unpacked(kind: type[S], page: bytes) -> tuple[S, ...]:
    return _decoder(kind)(zlib.decompress(page))


@lru_cache
def _decoder(kind: type[S]) -> Callable[[bytes], tuple[S, ...]]:
    return msgspec.msgpack.Decoder(tuple[kind, ...]).decode  # type: ignore[valid-type]
