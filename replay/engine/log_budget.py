"""The limit on what the states of a whole log keep, beside that on one event."""

from replay.engine.trace import GapReason, Outcome
from replay.state.objects import Contents, FrozenMap, State

MOST_OF_A_LOG = 3_000_000
"""Values that the states of a log may hold, however short it is: less than 500 MB."""

MORE_PER_EVENT = 1_000
"""Values that each event of a long log may add. Those of a real machine add a tenth."""

OBJECT = 5
"""As many values an object takes as much memory as, its fields apart."""

CHARACTERS = 64
"""Of a text these take as much memory as a value does."""

TOO_MUCH = Outcome(
    "stopped",
    error={"class": "StepLimit", "desc": "the states of the log hold too many values"},
    gap=GapReason.LIMIT,
)
"""The outcome of the event with which a log goes past its limit."""


def budget(events: int) -> int:
    """How many values the states of a log with so many events may hold."""
    return max(MOST_OF_A_LOG, MORE_PER_EVENT * events)


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
