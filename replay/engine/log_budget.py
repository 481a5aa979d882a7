"""The limit on what a whole log takes, beside that on one event."""

from typing import NamedTuple

from replay.engine.trace import GapReason, Outcome
from replay.state.objects import Contents, FrozenMap, State

MOST_VALUES, MORE_VALUES = 3_000_000, 1_000
"""Values that the states of a log may hold, however short it is: less than 500 MB; and how many
each event of a long log may add. Those of a real machine add a tenth."""

MOST_STEPS, MORE_STEPS = 32_000_000, 6_000
"""Steps that the events of a log may take, in ten seconds or less; and how many each event of a
long log. Those of recorded logs take up to 2,800 on average, and 65,000 all together; a snapshot
each night of a year, which opens all before it, 30,600,000."""

OBJECT = 5
"""As many values an object takes as much memory as, its fields apart."""

CHARACTERS = 64
"""Of a text these take as much memory as a value does."""


class Allowance(NamedTuple):
    """How many values and steps there are left for a log, or an event takes."""

    values: int
    steps: int

    def after(self, taken: "Allowance") -> "Allowance":
        """What is left."""
        return Allowance(self.values - taken.values, self.steps - taken.steps)

    def passed_by(self, taken: "Allowance") -> Outcome | None:
        """The outcome of an event that took so much, if that was too much."""
        if self.values < 0 < taken.values:
            return TOO_MANY_VALUES
        return TOO_MANY_STEPS if self.steps < 0 < taken.steps else None


NOTHING_TAKEN = Allowance(0, 0)


def budget(events: int) -> Allowance:
    """What a log with so many events may take."""
    return Allowance(max(MOST_VALUES, MORE_VALUES * events), max(MOST_STEPS, MORE_STEPS * events))


def _stopped(desc: str) -> Outcome:
    error = {"class": "StepLimit", "desc": desc}
    return Outcome("stopped", error=error, gap=GapReason.LIMIT)


TOO_MANY_VALUES = _stopped("the states of the log hold too many values")
TOO_MANY_STEPS = _stopped("the events of the log take too many steps")
"""The outcomes of an event with which a log goes past a limit."""


def is_past_limit(outcome: Outcome) -> bool:
    """Whether with this outcome a whole log went past a limit."""
    return outcome is TOO_MANY_VALUES or outcome is TOO_MANY_STEPS


def growth_of(before: State, after: State, returned: object) -> int:
    """How many values the next state holds that the one before did not, and what was returned."""
    growth = _size(returned) - 1
    if after.objects is before.objects:
        return growth
    shared = set(before.objects)
    new = [each.contents for each in after.objects if each not in shared]
    return growth + sum(map(_size_of, new))


def _size_of(contents: Contents) -> int:
    """How many values a new object is."""
    texts = [len(value) // CHARACTERS for value in contents.values if type(value) is str]
    more = [_size(value) - 1 for _, value in contents.compound]
    return OBJECT + len(contents.values) + sum(texts) + sum(more)


def _size(value: object) -> int:
    """How many values a value is, a long text several."""
    if isinstance(value, str):
        return 1 + len(value) // CHARACTERS
    if isinstance(value, tuple | list):
        return 1 + sum([_size(item) for item in value])
    if isinstance(value, FrozenMap | dict):
        return 1 + sum([_size(key) + _size(item) for key, item in value.items()])
    return 1
