"""The values that the model is given, which come from JSON."""

from collections.abc import Mapping
from typing import Any

from replay.language.limits import MAX_NESTING, StepLimitError, text, whole


class ArgumentError(ValueError):
    """A value that the model can't be given."""


def argument(value: Any, depth: int = MAX_NESTING) -> Any:
    """A JSON value as the model may have it, lists and dicts fresh; raises ArgumentError."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | str):
        return _small(value)
    if isinstance(value, list | tuple) and depth:
        return [argument(item, depth - 1) for item in value]
    if isinstance(value, Mapping) and depth:
        return {_small(key): argument(item, depth - 1) for key, item in value.items()}
    kind = type(value).__name__
    raise ArgumentError(f"a {kind} is no value of the model" if depth else "nested too deeply")


def _small(value: int | str) -> int | str:
    try:
        return text(value) if isinstance(value, str) else whole(value)
    except StepLimitError as error:
        raise ArgumentError(str(error)) from None
