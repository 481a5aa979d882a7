"""The operators of the language; both forms of it take them from here.

Each raises TypeError for operands that the language has no such operator for.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from replay.language.limits import (
    MAX_INT,
    MIN_INT,
    Meter,
    StepLimitError,
    check_numbers,
    text,
    whole,
)

LIMITED: Mapping[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.FloorDiv: "divide",
    ast.Mod: "modulo",
    ast.Pow: "power",
    ast.LShift: "shift",
    ast.BitOr: "either",
    ast.USub: "negate",
    ast.Eq: "equal",
    ast.NotEq: "unequal",
    ast.Lt: "less",
    ast.LtE: "at_most",
    ast.Gt: "greater",
    ast.GtE: "at_least",
    ast.In: "contained",
    ast.NotIn: "missing",
}
"""The methods of Operators that stand for an operator: its operands can be long, or its result too
large or of a kind that the language does not have."""

NATIVE: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.RShift: operator.rshift,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
"""Operators that need no limit. The plain form leaves them to Python."""

COMPARISONS = tuple(op for op in (*LIMITED, *NATIVE) if issubclass(op, ast.cmpop))


KINDS = (str, int, list, dict, type(None))
"""The types of values that are no objects of the model."""

HIDDEN = frozenset(name for kind in KINDS for name in dir(kind))
"""What such values have in Python. A field can have such a name; of another value it is nothing."""


class FixedList(list[Any]):
    """A constant list: the same in every event, so nothing can change it."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("a constant can't be changed")


class FixedDict(dict[Any, Any]):
    """A constant dict: the same in every event, so nothing can change it."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("a constant can't be changed")


def fixed(value: Any, meter: Meter) -> Any:
    """The value as a constant, down to its last item, which counts."""
    if isinstance(value, FixedList | FixedDict):
        return value
    meter.tick(1 + len(value) if isinstance(value, list | dict) else 1)
    if isinstance(value, list):
        return FixedList([fixed(item, meter) for item in value])
    if isinstance(value, dict):
        return FixedDict({key: fixed(item, meter) for key, item in value.items()})
    return value


def changeable(value: Any, kind: type) -> Any:
    """The list or dict, if the model may change it."""
    if type(value) is kind:
        return value
    if isinstance(value, kind):
        raise TypeError("a constant can't be changed")
    raise TypeError(f"{kind_of(value)} where a {kind.__name__} is needed")


def integer(value: Any) -> int:
    """The number; a bool is one."""
    if isinstance(value, int):
        return value
    raise TypeError(f"{kind_of(value)} where a number is needed")


def string(value: Any) -> str:
    """The text."""
    if isinstance(value, str):
        return value
    raise TypeError(f"{kind_of(value)} where a text is needed")


def kind_of(value: Any) -> str:
    """What the language calls a value's type."""
    if value is None:
        return "None"
    kinds: list[tuple[type, str]] = [(bool, "a bool"), (int, "a number"), (str, "a text")]
    kinds += [(list, "a list"), (dict, "a dict")]
    return next((word for kind, word in kinds if isinstance(value, kind)), "an object")


class Operators:
    """The operators of one program; long operands count as statements."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def apply(self, op: ast.AST, *operands: Any) -> Any:
        """What an operator gives."""
        kind = type(op)
        return (getattr(self, LIMITED[kind]) if kind in LIMITED else NATIVE[kind])(*operands)

    def add(self, left: Any, right: Any) -> Any:
        """The sum of numbers; texts or lists one after the other."""
        if isinstance(left, int) and isinstance(right, int):
            total = left + right
            return total if MIN_INT <= total <= MAX_INT else whole(total)
        if isinstance(left, str) and isinstance(right, str):
            self._meter.tick((len(left) + len(right)) >> 6)
            return text(left + right)
        if isinstance(left, list) and isinstance(right, list):
            self._meter.tick((len(left) + len(right)) >> 3)
            return [*left, *right]
        raise TypeError(f"{kind_of(left)} + {kind_of(right)}")

    def extend(self, left: Any, right: Any) -> Any:
        """`left += right`: a list grows in place."""
        if not isinstance(left, list) or not isinstance(right, list):
            return self.add(left, right)
        self._meter.tick(len(right) >> 3)
        self._meter.changed.add(id(left))
        changeable(left, list).extend(right)
        return left

    def subtract(self, left: Any, right: Any) -> int:
        """The difference of numbers."""
        if isinstance(left, int) and isinstance(right, int):
            return whole(left - right)
        return whole(integer(left) - integer(right))

    def multiply(self, left: Any, right: Any) -> int:
        """The product of numbers; texts and lists can't be repeated."""
        if isinstance(left, int) and isinstance(right, int):
            return whole(left * right)
        return whole(integer(left) * integer(right))

    def divide(self, left: Any, right: Any) -> int:
        """The quotient, rounded down; raises ZeroDivisionError."""
        return whole(integer(left) // integer(right))

    def modulo(self, left: Any, right: Any) -> int:
        """The remainder; raises ZeroDivisionError."""
        return integer(left) % integer(right)

    def power(self, left: Any, right: Any) -> int:
        """The power with an exponent from 0 on."""
        base, exponent = integer(left), integer(right)
        if exponent < 0:
            raise ValueError("a negative exponent")
        if exponent > 64 and abs(base) > 1:
            raise StepLimitError("an integer of more than 64 bits")
        self._meter.tick(exponent.bit_length() >> 4)
        return whole(int(base**exponent))

    def shift(self, left: Any, right: Any) -> int:
        """`left << right`."""
        number, places = integer(left), integer(right)
        if places > 64 and number:
            raise StepLimitError("an integer of more than 64 bits")
        return whole(number << places if number or places < 0 else 0)

    def either(self, left: Any, right: Any) -> int:
        """`left | right` of numbers."""
        if isinstance(left, int) and isinstance(right, int):
            return left | right
        raise TypeError(f"{kind_of(left)} | {kind_of(right)}")

    def negate(self, operand: Any) -> int:
        """`-operand`."""
        return whole(-integer(operand))

    def equal(self, left: Any, right: Any) -> bool:
        """`left == right`."""
        if isinstance(left, list | dict) and isinstance(right, list | dict):
            self._meter.weigh(left)
        elif isinstance(left, str):
            self._meter.look(left)
        return bool(left == right)

    def unequal(self, left: Any, right: Any) -> bool:
        """`left != right`."""
        return not self.equal(left, right)

    def less(self, left: Any, right: Any) -> bool:
        """`left < right` of numbers or of texts."""
        return bool(self._ordered(left) < right)

    def at_most(self, left: Any, right: Any) -> bool:
        """`left <= right`, likewise."""
        return bool(self._ordered(left) <= right)

    def greater(self, left: Any, right: Any) -> bool:
        """`left > right`, likewise."""
        return bool(self._ordered(left) > right)

    def at_least(self, left: Any, right: Any) -> bool:
        """`left >= right`, likewise."""
        return bool(self._ordered(left) >= right)

    def contained(self, left: Any, right: Any) -> bool:
        """Whether an item is in a list, a key in a dict, a text in a text."""
        if isinstance(right, list):
            self._meter.search(right, left)
        elif isinstance(right, str):
            self._meter.scan(right, string(left))
        elif not isinstance(right, dict):
            raise TypeError(f"{kind_of(right)} holds nothing")
        return left in right

    def missing(self, left: Any, right: Any) -> bool:
        """`left not in right`."""
        return not self.contained(left, right)

    def read(self, value: Any, field: str) -> Any:
        """`value.field` of an object, for a field with one of the HIDDEN names."""
        if isinstance(value, KINDS):
            raise AttributeError(f"'{type(value).__name__}' object has no attribute '{field}'")
        return getattr(value, field)

    def iterated(self, operand: Any) -> Any:
        """What a for runs over."""
        if isinstance(operand, list | dict):
            return operand
        raise TypeError(f"for over {kind_of(operand)}")

    def part(self, operand: Any, start: Any, end: Any, step: Any) -> Any:
        """`operand[start:end:step]` of a text or list."""
        if not isinstance(operand, str | list):
            raise TypeError(f"a slice of {kind_of(operand)}")
        result = operand[start:end:step]
        self._meter.tick(len(result) >> 3)
        return result

    def changing(self, operand: Any, key: Any) -> Any:
        """What an item is going to be assigned to, under this key."""
        self._meter.changed.add(id(operand))
        if type(key) is int and isinstance(operand, dict):
            check_numbers(operand)
        return operand

    def delete(self, operand: Any, key: Any) -> None:
        """`del operand[key]` of a dict; raises KeyError."""
        self._meter.changed.add(id(operand))
        del changeable(operand, dict)[key]
        self._meter.leave_gap(operand)

    def _ordered(self, operand: Any) -> Any:
        """The left side of a comparison; Python refuses a right side of another type."""
        if isinstance(operand, str):
            self._meter.look(operand)
        elif not isinstance(operand, int):
            raise TypeError(f"{kind_of(operand)} has no order")
        return operand
