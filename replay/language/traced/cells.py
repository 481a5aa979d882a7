"""A value of a traced event together with where it came from."""

import ast
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

FIXED = ("literal", "constant")
"""Cells whose value the source text alone says."""


@dataclass(slots=True, eq=False)
class Frame:
    """A call that runs: its function, its caller, and its variables.

    `call` is where it was called, inside of the conditions `outside`; `guards` are the conditions
    of its own that it is inside of now. The outermost comes first. `bound` has all values that a
    variable had, in order.
    """

    function: str
    caller: "Frame | None" = None
    call: ast.expr | None = None
    outside: tuple["Test", ...] = ()
    guards: tuple["Test", ...] = ()
    variables: dict[str, "TracedValue"] = field(default_factory=dict)
    bound: dict[str, list["TracedValue"]] = field(default_factory=dict)

    def bind(self, name: str, cell: "TracedValue") -> None:
        """Gives a variable a value."""
        self.variables[name] = cell
        self.bound.setdefault(name, []).append(cell)


@dataclass(slots=True, eq=False)
class TracedValue:
    """A value, and what it came from.

    | kind | sources | name |
    |---|---|---|
    | literal, constant | none | of the constant |
    | default | none | the field or parameter |
    | event | none | the parameter: the event says it |
    | before | none | the field of `object`: it was there when the event began |
    | read | what was written last | the field of `object` |
    | write | the value | the field of `object` |
    | swap | the value | the field of `object`; it was in `other` |
    | variable, argument, return | the value | of the variable or parameter |
    | item | the item if it is known, else the container | |
    | choice | the operand that decided, and the condition | |
    | display | the items | list or dict |
    | operation | the operands | the operator |
    | call | the arguments | a builtin or method |
    | fault | what it came to last, if anything | |
    | machine | none | |

    `node` is the expression or statement, in a function called as `frame` says; `guards` are the
    conditions that it was inside of; `time` grows along the event.
    """

    value: Any
    kind: str
    node: ast.AST
    frame: Frame
    guards: tuple["Test", ...]
    time: int
    sources: tuple["TracedValue", ...] = ()
    name: str = ""
    object: int | None = None
    other: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """A condition of an `if`, in a function called as `frame` says, and when it was tested."""

    cell: TracedValue
    node: ast.If
    frame: Frame
    time: int

    def variable(self, name: str) -> TracedValue | None:
        """What a variable held when the condition was tested."""
        values = self.frame.bound.get(name, [])
        count = bisect_right(values, self.time, key=lambda cell: cell.time)
        return values[count - 1] if count else None


@dataclass(slots=True, eq=False)
class EventTrace:
    """What a traced event did: the last write of each field, by object and name.

    `made` are the calls that made new objects, by object. `calls` are those of builtins that do
    something (disk_..., refuse, fail), in order; `walks` the last object of each walk, with the
    field that led no further; `end` what it returned with, or the call, assertion or statement
    that ended it.
    """

    writes: dict[tuple[int, str], TracedValue] = field(default_factory=dict)
    made: dict[int, TracedValue] = field(default_factory=dict)
    tests: list[Test] = field(default_factory=list)
    calls: list[TracedValue] = field(default_factory=list)
    walks: list[TracedValue] = field(default_factory=list)
    end: TracedValue | None = None


def plain(value: Any) -> Any:
    """The value as the plain form has it: without cells, down to the last item.

    What is one list or dict in several places is copied once, which bounds the work.
    """
    return _plain(value, {})


def _plain(value: Any, copies: dict[int, Any]) -> Any:
    if isinstance(value, TracedValue):
        value = value.value
    if type(value) not in (list, dict):
        return value
    if id(value) in copies:
        return copies[id(value)]
    if type(value) is list:
        items = copies[id(value)] = list[Any]()
        items += [_plain(item, copies) for item in value]
        return items
    pairs = copies[id(value)] = dict[Any, Any]()
    pairs.update({key: _plain(item, copies) for key, item in value.items()})
    return pairs
