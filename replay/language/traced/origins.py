"""Choosing which operand decided a value, or one bit of it."""

from collections.abc import Iterable
from typing import NamedTuple

from replay.language.traced.cells import FIXED, TracedValue


class OriginStep(NamedTuple):
    """Where a value, or one bit of it, came from; `bit` is None for the value as a whole."""

    cell: TracedValue
    bit: int | None


def origin(cell: TracedValue, bit: int | None) -> OriginStep | None:
    """One step back; None where the cell itself is the origin."""
    match cell.kind:
        case "operation" if cell.name == "BitOr":
            return _either(cell, bit)
        case "operation" if cell.name == "BitAnd":
            return _both(cell, bit)
        case "operation" if cell.name == "Invert":
            return OriginStep(cell.sources[0], bit)
        case "operation" if cell.name == "Add":
            return _first(cell.sources[::-1])
        case "operation" | "call":
            return _first(cell.sources)
        case "display":
            return OriginStep(cell.sources[0], None) if len(cell.sources) == 1 else None
        case "item" if cell.sources[0].kind in ("before", "constant", "event", "call"):
            return OriginStep(cell.sources[0], None)
    return OriginStep(cell.sources[0], bit) if cell.sources else None


def is_fixed(cell: TracedValue) -> bool:
    """Whether the source text alone says the value."""
    if cell.kind in FIXED:
        return True
    return cell.kind == "operation" and all(map(is_fixed, cell.sources))


def _first(operands: Iterable[TracedValue]) -> OriginStep | None:
    """The first operand that the source text alone does not say."""
    return next((OriginStep(operand, None) for operand in operands if not is_fixed(operand)), None)


def _either(cell: TracedValue, bit: int | None) -> OriginStep | None:
    """The operand that has the bit; where both do it was there before: the left one."""
    left, right = cell.sources
    if bit is None:
        return _first(cell.sources)
    brought = not left.value & bit and right.value & bit
    if brought and is_fixed(right):
        return None
    return OriginStep(right if brought else left, bit)


def _both(cell: TracedValue, bit: int | None) -> OriginStep | None:
    """The operand that lacks the bit, or else the one that is no mask."""
    left, right = cell.sources
    operand, mask = (right, left) if is_fixed(left) else (left, right)
    if bit is None:
        value = mask.value if is_fixed(mask) else 0
        return OriginStep(
            operand, value if value and not value & (value - 1) else _lowest(cell.value)
        )
    if not mask.value & bit and operand.value & bit:
        return None if is_fixed(mask) else OriginStep(mask, bit)
    return OriginStep(operand, bit)


def _lowest(value: int) -> int | None:
    return value & -value or None
