"""A metaclass that makes equal values one object, so that states are compared by identity."""

from typing import Any
from weakref import WeakValueDictionary


class Interned(type):
    """The metaclass of values that are compared by identity.

    Their class offers `_key()`: hashable, and equal for two values exactly if they are alike in
    every respect. A value lives as long as something refers to it.
    """

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        cls._values: WeakValueDictionary[Any, Any] = WeakValueDictionary()

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        value = super().__call__(*args, **kwargs)
        return cls._values.setdefault(value._key(), value)
