"""Bisection: the step on the way between two variants at which the answer to a question changes."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from msgspec import Struct

from replay.errors import ReplayError
from replay.replayer import Trace, replay
from replay.watch import Watch, unwatched
from replay.way import Turn, way


class Answer(Struct, frozen=True):
    """What a trace answers, as JSON has it, the event that it is about, and perhaps where."""

    value: Any
    seq: int
    path: str = ""


Question = Callable[[Trace], Answer]


class Change(Struct, frozen=True, eq=False):
    """Two neighbours on the way that answer differently, and what is turned between them."""

    turns: tuple[Turn, ...]
    before: Trace
    after: Trace
    answers: tuple[Answer, Answer]


class Bisection(Struct, frozen=True, eq=False):
    """The changes found; how many steps the way has, and how many replays it took."""

    changes: tuple[Change, ...]
    steps: int
    replays: int


def bisect(
    ends: tuple[Trace, Trace],
    question: Question,
    every: bool = False,
    watch: Watch = unwatched,
) -> Bisection:
    """The one change that halving finds, or every one, for which the whole way is replayed.

    Raises ReplayError if halving has nothing to go by: both ends answer alike.
    """
    search = _Search(ends, question, watch)
    last = len(search.legs)
    if every:
        steps = watch(pairwise(range(last + 1)), last, "patches")
        pairs = [(a, b) for a, b in steps if search.differ(a, b)]
    elif search.differ(0, last):
        pairs = [search.halved(last)]
    else:
        names = " and ".join(trace.variant.name for trace in ends)
        do = "--all looks at every patch between them"
        raise ReplayError(f"{names} give the same answer", do=do)
    return Bisection(tuple(search.change(*pair) for pair in pairs), last, len(search.traces))


class _Search:
    """The way between two traces, and those that were replayed on it, by their place."""

    def __init__(self, ends: tuple[Trace, Trace], question: Question, watch: Watch) -> None:
        start, end = ends
        self.legs = way(start.variant, end.variant)
        self.traces: dict[int, Trace] = {0: start, len(self.legs): end}
        self._question = question
        self._watch = watch

    def halved(self, last: int) -> tuple[int, int]:
        """Neighbours that differ: the first answers as the start does, the second does not."""
        first = 0
        while last - first > 1:
            middle = (first + last) // 2
            if self.differ(0, middle):
                last = middle
            else:
                first = middle
        return first, last

    def differ(self, one: int, other: int) -> bool:
        """Whether two points answer differently."""
        return bool(self._answer(one).value != self._answer(other).value)

    def change(self, before: int, after: int) -> Change:
        """What is turned between two neighbours."""
        return Change(
            turns=self.legs[after - 1].turns,
            before=self._trace(before),
            after=self._trace(after),
            answers=(self._answer(before), self._answer(after)),
        )

    def _trace(self, at: int) -> Trace:
        if at not in self.traces:
            self.traces[at] = replay(self.traces[0].log, self.legs[at - 1].variant, self._watch)
        return self.traces[at]

    def _answer(self, at: int) -> Answer:
        return self._question(self._trace(at))
