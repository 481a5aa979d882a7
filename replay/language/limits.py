"""The limits on one event: statements, call depth, integer and text size."""

from typing import Any

MAX_STEPS = 1_000_000
"""Statements an event; work on long values counts too."""

MAX_DEPTH = 200
"""Calls inside each other."""

MAX_NESTING = 64
"""Lists and dicts inside each other."""

MAX_INT = 2**63 - 1
MIN_INT = -(2**63)
MAX_TEXT = 4096


class StepLimitError(Exception):
    """The model went past a limit; the text says which."""


class Meter:
    """Counts what an event uses up.

    `changes` is whether a list or dict has been changed in place.
    """

    __slots__ = ("_depth", "_steps", "changes")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Starts a new event."""
        self._depth = 0
        self._steps = 0
        self.changes = False

    def tick(self, count: int) -> None:
        """Counts statements, or work that takes as long; raises StepLimitError."""
        self._steps += count
        if self._steps > MAX_STEPS:
            raise StepLimitError(f"more than {MAX_STEPS} statements")

    def enter(self, count: int) -> None:
        """Counts a call and the statements of its body; raises StepLimitError."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise StepLimitError(f"more than {MAX_DEPTH} calls inside each other")
        self.tick(count)

    def leave(self, value: Any) -> Any:
        """Ends a call; gives its value on."""
        self._depth -= 1
        return value

    def weigh(self, value: Any) -> Any:
        """Counts all that a list or dict holds, however deep; gives it on."""
        pending = [value]
        while pending:
            inner = pending.pop()
            if isinstance(inner, list | dict):
                self.tick(1 + (len(inner) >> 4))
                items = inner.values() if isinstance(inner, dict) else inner
                pending += [item for item in items if isinstance(item, list | dict)]
        return value


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
