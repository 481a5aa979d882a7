"""Finding the first of several builds at which the answer to a question changes."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from replay.engine.trace import Trace
from replay.errors import ReplayError

TraceQuestion = Callable[[Trace], Any]
"""What a trace answers, as JSON has it."""


class BuildAnswer(Struct, frozen=True, eq=False):
    """A build's place in the list that was given, its trace, and what that answers."""

    place: int
    trace: Trace
    value: Any


class BuildSearch:
    """The builds of a list, each performed once and only when it is needed."""

    def __init__(self, performers: Sequence[Callable[[], Trace]]) -> None:
        self._performers = performers
        self._traces: dict[int, Trace] = {}

    def trace(self, place: int) -> Trace:
        """What the build at a place in the list did."""
        if place not in self._traces:
            self._traces[place] = self._performers[place]()
        return self._traces[place]

    def answers(self, question: TraceQuestion) -> tuple[BuildAnswer, ...]:
        """What the builds that were performed answer, in the list's order."""
        return tuple(self._answer(place, question) for place in sorted(self._traces))

    def changes(
        self, question: TraceQuestion, every: bool = False
    ) -> tuple[tuple[BuildAnswer, BuildAnswer], ...]:
        """Neighbours that answer differently: the pair that halving finds, or every one.

        Raises ReplayError if halving has nothing to go by: first and last answer alike.
        """
        values: dict[int, Any] = {}

        def differ(left: int, right: int) -> bool:
            for place in (left, right):
                if place not in values:
                    values[place] = question(self.trace(place))
            return bool(values[left] != values[right])

        last = len(self._performers) - 1
        if every:
            pairs = [(place, place + 1) for place in range(last) if differ(place, place + 1)]
        elif differ(0, last):
            pairs = [_halved(last, differ)]
        else:
            names = " and ".join(self.trace(place).player.name for place in (0, last))
            do = "--all looks at every build between them"
            raise ReplayError(f"{names} give the same answer", do=do)
        return tuple(
            (self._answer(before, question), self._answer(after, question))
            for before, after in pairs
        )

    def _answer(self, place: int, question: TraceQuestion) -> BuildAnswer:
        trace = self.trace(place)
        return BuildAnswer(place, trace, question(trace))


def _halved(last: int, differ: Callable[[int, int], bool]) -> tuple[int, int]:
    """Neighbours that differ: the first answers as the start does, the second does not."""
    first = 0
    while last - first > 1:
        middle = (first + last) // 2
        if differ(0, middle):
            last = middle
        else:
            first = middle
    return first, last
