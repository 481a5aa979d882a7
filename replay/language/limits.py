"""The limits on one event: steps and what takes them, call depth, integer and text size."""

from typing import Any

MAX_STEPS = 1_250_000
"""Steps of an event: statements, and work that takes as long. A live snapshot of a chain of a
thousand images takes 1,150,000, and so many take less than three seconds and 500 MB."""

MAX_TRACED_VALUES = 1_500_000
"""Values of an event that are followed, which take more time and memory than its steps. To open a
chain of a thousand images makes up to 1,370,000."""

MAX_STATE = 200_000
"""Values in the objects of a state, and in what an event returns. A chain of a thousand images,
which one event opens, is 160,000; what a log keeps of all its events is limited by the engine."""

MAX_DATA = 200_000
"""Steps, and values, of all constants and defaults of a tree."""

MAX_DEPTH = 10_000
"""Calls inside each other. Opening an image takes a few for each image below it, and people have
chains of a thousand."""

MAX_COMPARED = 1000
"""Lists and dicts inside each other where two are compared, for which Python calls itself."""

MAX_NUMBER_KEYS = 256
"""Items of a dict that takes a number as a key. Numbers can be laid out so that Python looks at all
of them to find one; texts can't."""

MAX_NESTING = 64
"""Lists and dicts inside each other."""

MAX_INT = 2**63 - 1
MIN_INT = -(2**63)
MAX_TEXT = 4096


class StepLimitError(Exception):
    """The model went past a limit; the text says which."""


class Meter:
    """Counts what an event uses up.

    `changed` has the ids of the lists and dicts that were changed in place, `called` the names of
    the functions that ran.
    """

    __slots__ = ("_before", "_depth", "_gaps", "_left", "_limit", "_what", "called", "changed")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Starts a new event."""
        self._before = 0
        self._limit = self._left = MAX_STEPS
        self._what = "steps"
        self._depth = 0
        self._gaps: dict[int, tuple[dict[Any, Any], int]] = {}
        self.changed: set[int] = set()
        self.called: set[str] = set()

    def reset_for_data(self) -> None:
        """Starts with the constants of a tree."""
        self.reset()
        self._limit = self._left = MAX_DATA
        self._what = "values in constants and defaults"

    def count_values(self, of: str) -> None:
        """Goes on with counting the values of what is kept of the event."""
        self._before = self.total
        self._limit = self._left = MAX_STATE
        self._what = f"values in {of}"

    @property
    def total(self) -> int:
        """All that was counted since the event began."""
        return self._before + self._limit - self._left

    def tick(self, count: int) -> None:
        """Counts steps; raises StepLimitError."""
        self._left -= count
        if self._left < 0:
            raise StepLimitError(f"more than {self._limit} {self._what}")

    def enter(self, count: int, name: str) -> None:
        """Counts a call of a function and the steps of its body; raises StepLimitError."""
        self.called.add(name)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise StepLimitError(f"more than {MAX_DEPTH} calls inside each other")
        self._left -= count  # not by a call of tick: each function of a model begins with this
        if self._left < 0:
            raise StepLimitError(f"more than {self._limit} {self._what}")

    def leave(self, value: Any) -> Any:
        """Ends a call; gives its value on."""
        self._depth -= 1
        return value

    def weigh(self, value: Any) -> None:
        """Counts what it takes to compare a list or dict; raises StepLimitError for a deep one."""
        level = [value]
        for _ in range(MAX_COMPARED):
            level = [inner for outer in level for inner in self._containers(outer)]
            if not level:
                return
        raise StepLimitError(f"more than {MAX_COMPARED} lists and dicts inside each other")

    def _containers(self, value: Any) -> list[Any]:
        """The lists and dicts in a list or dict, which counts as it is long."""
        if not isinstance(value, list | dict):
            return []
        self.tick(1 + (len(value) >> 1))
        items = value.values() if isinstance(value, dict) else value
        return [item for item in items if isinstance(item, list | dict)]

    def search(self, items: list[Any], item: Any) -> None:
        """Counts what it takes to compare an item with all items of a list."""
        if isinstance(item, list | dict):
            self.weigh(items)
        elif isinstance(item, str):
            self.tick(len(items) * (1 + (len(item) >> 10)) >> 2)
        else:
            self.tick(len(items) >> 4)

    def look(self, text: str) -> None:
        """Counts what it takes to compare a text with another."""
        self.tick(len(text) >> 10)

    def scan(self, text: str, part: str) -> None:
        """Counts what it takes at worst to find one text in another."""
        self.tick(len(text) * (1 + len(part)) >> 9)

    def leave_gap(self, items: dict[Any, Any]) -> None:
        """Counts a key that was taken out of a dict.

        Python leaves a gap where it was, and passes all gaps again and again whenever it runs over
        the dict. When there are more gaps than keys the dict is filled anew.
        """
        _, gaps = self._gaps.get(id(items), (items, 0))
        if gaps > len(items) + 16:
            pairs = list(items.items())
            items.clear()
            items.update(pairs)
            gaps = -1
        # The dict is kept with its number, which could else become another's.
        self._gaps[id(items)] = (items, gaps + 1)


def check_numbers(items: dict[Any, Any]) -> None:
    """Raises StepLimitError for a dict that is too long to have a number as a key."""
    if len(items) > MAX_NUMBER_KEYS:
        what = f"a number as a key of a dict of more than {MAX_NUMBER_KEYS} items"
        raise StepLimitError(what)


def whole(number: int) -> int:
    """The number, if it fits in 64 bits; raises StepLimitError."""
    if MIN_INT <= number <= MAX_INT:
        return number
    raise StepLimitError("an integer of more than 64 bits")


def text(value: str) -> str:
    """The text, if it is not too long; raises StepLimitError."""
    if len(value) <= MAX_TEXT:
        return value
    raise StepLimitError(f"a text of more than {MAX_TEXT} characters")
