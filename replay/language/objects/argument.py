"""The values that the model is given, which come from JSON."""

from collections.abc import Mapping
from typing import Any

from replay.language.limits import MAX_NESTING, MAX_STATE, StepLimitError, text, whole
from replay.state.objects import ATOMS


class ArgumentError(ValueError):
    """A value that the model can't be given."""


def argument(value: Any) -> Any:
    """A JSON value as the model may have it, lists and dicts fresh; raises ArgumentError."""
    if _size(value) > MAX_STATE:
        raise ArgumentError(f"more than {MAX_STATE} values")
    return _argument(value, MAX_NESTING)


def _size(value: Any, depth: int = MAX_NESTING) -> int:
    """How many values a value holds, as deep as it may be."""
    if not isinstance(value, list | tuple | Mapping) or not depth:
        return 0
    items = value.values() if isinstance(value, Mapping) else value
    return len(value) + sum([_size(item, depth - 1) for item in items if type(item) not in ATOMS])


def _argument(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | str):
        return _small(value)
    if isinstance(value, list | tuple) and depth:
        return [_argument(item, depth - 1) for item in value]
    if isinstance(value, Mapping) and depth:
        return {_small(key): _argument(item, depth - 1) for key, item in value.items()}
    kind = type(value).__name__
    raise ArgumentError(f"a {kind} is no value of the model" if depth else "nested too deeply")


def _small(value: int | str) -> int | str:
    try:
        return text(value) if isinstance(value, str) else whole(value)
    except StepLimitError as error:
        raise ArgumentError(str(error)) from None
