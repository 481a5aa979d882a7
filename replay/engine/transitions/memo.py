"""Remembering transitions, so that each is worked out once in all trees that do the same."""

from collections import OrderedDict
from collections.abc import Sequence

from replay.engine.transitions.request import Request
from replay.engine.transitions.transition import Transition, worked_out
from replay.language import Program
from replay.state.objects import State
from replay.variants.subject import ChannelConfig

MEMO_SIZE = 40_000
"""How many transitions are remembered, which take about 100 MB; the oldest go first."""

MEMO_VALUES = 20_000_000
"""How many values the states of remembered transitions may hold; those of a real log are few."""

TransitionKey = tuple[str, State, bytes, ChannelConfig]
"""The function, the state, the stimulus, and what a refusal is there."""


def key_of(state: State, asked: Request) -> TransitionKey:
    """What a transition is remembered by."""
    return asked.handler, state, asked.stimulus, asked.channel


class Memo:
    """Transitions by the function, the state and the stimulus.

    In another tree a transition is the same if the functions that ran are.
    """

    def __init__(self, size: int = MEMO_SIZE) -> None:
        self.hits = 0
        self.misses = 0
        self._size = size
        self._values = 0
        self._known: OrderedDict[TransitionKey, Sequence[Transition]] = OrderedDict()

    def run(self, program: Program, state: State, asked: Request) -> Transition:
        """The transition, looked up or worked out."""
        key = key_of(state, asked)
        known = self._known.get(key, ())
        for transition in known:
            if transition.is_in(program):
                self.hits += 1
                return transition
        self.misses += 1
        result = worked_out(program, state, asked)
        self._known[key] = [*known, result]
        self._values += result.taken.values
        while len(self._known) > self._size or self._values > MEMO_VALUES:
            _, oldest = self._known.popitem(last=False)
            self._values -= sum(transition.taken.values for transition in oldest)
        return result

    def forget(self) -> None:
        """Drops all of them."""
        self._known.clear()
        self._values = 0


MEMO = Memo()
"""Shared by all variants of the process: where they say the same, they share the work.

`MEMO.misses` is the number of distinct transitions that were worked out.
"""
