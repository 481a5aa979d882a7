"""Following a value back from its last write, statement by statement, across events.

Only the transitions that changed something on the way are run again, in the traced form.
"""

import ast
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from replay.engine.trace import ModelTrace
from replay.engine.transitions.request import request
from replay.engine.view import View, view
from replay.language.traced.cells import EventTrace, Frame, Test, TracedValue
from replay.language.traced.origins import is_fixed, origin
from replay.language.traced.program import TracedProgram, trace_tree
from replay.series import Patch
from replay.series.lineage import lineage
from replay.state.objects import State

MOST_LINKS = 60
MOST_CONDITIONS = 4
"""Conditions of conditions that a chain goes back through."""

STATEMENTS = {"write", "swap", "variable", "argument", "return", "assert", "fault"}
"""Cells that are a statement of their own."""

WEIGHT = ("write", "swap", "skipped", "condition", "call", "set", "clear", "default", "copy")
"""Of two links of one statement the kind that comes first stays."""


class CauseLink(Struct, frozen=True):
    """A statement in a chain of causes.

    `kind` is write, swap, copy, set, clear, condition (it was met), skipped (it kept a statement
    from being reached), call, default, event or image. `path` is the place that is written,
    `flag` the flag that is set or cleared. `patches` put the line there, the latest first; none is
    base. `line` is 0 where no statement of the model did it.
    """

    seq: int
    kind: str
    path: str = ""
    flag: str = ""
    function: str = ""
    file: str = ""
    line: int = 0
    text: str = ""
    patches: tuple[Patch, ...] = ()

    @property
    def cause(self) -> tuple[int, str, str, str]:
        """What links of two variants have in common if they are the same cause."""
        return self.seq, self.kind, self.function, self.text

    @property
    def statement(self) -> tuple[int, str, str, int, str]:
        """What links have in common that are one statement of an event."""
        text = self.text if not self.line else ""
        return self.seq, self.file, self.function, self.line, text


class CauseTracer:
    """The chains of one trace. Traced events are kept as long as it lives."""

    def __init__(self, trace: ModelTrace) -> None:
        self.trace = trace
        self._program: TracedProgram | None = None
        self._records: dict[int, EventTrace] = {}

    def state(self, seq: int) -> State:
        """The state after an event; 0 is before the first."""
        return self.trace.steps[seq - 1].state if seq else self.trace.variant.program.initial()

    def view_after(self, seq: int) -> View:
        """The view of that state."""
        return view(self.state(seq), self.trace.variant.subject)

    @property
    def program(self) -> TracedProgram:
        """The variant's program in its traced form."""
        if self._program is None:
            variant = self.trace.variant
            config = variant.subject.config
            self._program = trace_tree(variant.tree, config.machine, config.node.class_name)
        return self._program

    def record(self, seq: int) -> EventTrace:
        """What a traced event did; an empty record for one that no function handled."""
        if seq not in self._records:
            config = self.trace.variant.subject.config
            order = request(self.trace.steps[seq - 1].event.payload, config)
            before = self.state(seq - 1)
            record = EventTrace()
            if before.machine is not None and order.handler in self.program.functions:
                _, _, record = self.program.trace(order.handler, order.arguments, before)
            self._records[seq] = record
        return self._records[seq]

    def changed(self, value: Callable[[int], Any], seq: int) -> int:
        """The last event, up to `seq`, after which a value is another one; 0 if none."""
        last = value(seq)
        return next((n for n in range(seq, 0, -1) if value(n - 1) != last), 0)

    def field(self, target: int, field: str, bit: int | None, seq: int) -> Iterator[CauseLink]:
        """Why a field of an object has its value, or one bit of it, after an event."""
        changed = self.changed(lambda n: value_of(self.state(n), target, field, bit), seq)
        cell = self.record(changed).writes.get((target, field)) if changed else None
        if cell is None:
            yield CauseLink(changed, "default", self._place(target, field, changed))
        elif cell.kind == "call":
            yield self.at(cell, changed, "write", self._place(target, field, changed))
            yield from self.chain(cell.sources[-1], None, changed, MOST_CONDITIONS)
        elif value_of(self.state(seq), target, field, None) is not None:
            yield from self.chain(cell, bit, changed)
        elif cell.value is not None:
            yield from self.freed(cell.value._id, changed)
        else:
            yield from self._none(cell, target, field, changed)

    def chain(
        self, cell: TracedValue, bit: int | None, seq: int, conditions: int = 0
    ) -> Iterator[CauseLink]:
        """From a cell of an event back; where the text alone says it, on to the condition."""
        while True:
            bit = bit if isinstance(cell.value, int) else None
            if cell.kind == "before" and cell.object is not None:
                yield self.at(cell, seq, "copy")
                yield from self.field(cell.object, cell.name, bit, seq - 1)
                return
            before = origin(cell, bit)
            if cell.kind in STATEMENTS or before is None:
                yield self._link(cell, bit, seq, decisive=before is None)
            if before is None:
                break
            cell, bit = before
        if cell.kind != "event":
            yield from self.condition(cell, seq, conditions)

    def condition(self, cell: TracedValue, seq: int, conditions: int = 0) -> Iterator[CauseLink]:
        """The innermost condition that a statement was inside of, and why it was met."""
        test = _guard(cell)
        if test is not None and conditions < MOST_CONDITIONS:
            yield self._test(test, seq, "condition")
            yield from self.chain(test.cell, None, seq, conditions + 1)

    def at(
        self, cell: TracedValue, seq: int, kind: str, path: str = "", flag: str = ""
    ) -> CauseLink:
        """The link of a cell's statement."""
        return self._statement(cell.frame, cell.node, seq, kind, path, flag)

    def _none(self, cell: TracedValue, target: int, field: str, seq: int) -> Iterator[CauseLink]:
        """Why a field was set to None, and what kept it from being set again."""
        test = self.program.skipped(self.record(seq), cell.time, target, field)
        yield from self.chain(cell, None, seq, MOST_CONDITIONS if test else 0)
        if test is not None:
            yield self._test(test, seq, "skipped")
            yield from self.chain(test.cell, None, seq)

    def freed(self, target: int, seq: int) -> Iterator[CauseLink]:
        """Why an object is gone since an event."""
        for call in self.record(seq).calls:
            if call.name == "free" and call.sources[0].value._id == target:
                yield self.at(call, seq, "call")
                yield from self.condition(call, seq)

    def _link(self, cell: TracedValue, bit: int | None, seq: int, decisive: bool) -> CauseLink:
        if cell.kind == "event":
            return CauseLink(seq, "event", text=cell.name)
        if cell.object is not None and cell.kind in ("write", "swap", "default"):
            return self.at(cell, seq, cell.kind, self._place(cell.object, cell.name, seq))
        if not decisive or bit is None or (is_fixed(cell) and not cell.value & bit):
            return self.at(cell, seq, "copy")
        return self.at(cell, seq, "set" if cell.value & bit else "clear", flag=self._flag(bit))

    def _test(self, test: Test, seq: int, kind: str) -> CauseLink:
        return self._statement(test.frame, test.node, seq, kind)

    def _statement(
        self, frame: Frame, node: ast.AST, seq: int, kind: str, path: str = "", flag: str = ""
    ) -> CauseLink:
        line = getattr(node, "lineno", 1)
        file, number, text = self.program.statement(frame.function, line)
        variant = self.trace.variant
        patches = lineage(variant.subject.series, variant.tree, file, number)
        return CauseLink(seq, kind, path, flag, frame.function, file, number, text, patches)

    def _flag(self, bit: int) -> str:
        fields = self.trace.variant.subject.config.bits.values()
        names = (name for flags in fields for name, value in flags.items() if value == bit)
        return next(names, hex(bit))

    def _place(self, target: int, field: str, seq: int) -> str:
        """A field of an object by the path that it has after the event, or had before."""
        if target == self.state(seq).machine:
            return f"machine.{field}"
        for after in (self.view_after(seq), self.view_after(max(seq - 1, 0))):
            for path, node in after.all_nodes.items():
                if node.id == target:
                    return f"{path}.{field}"
        return field


def folded(links: Iterator[CauseLink]) -> tuple[CauseLink, ...]:
    """A chain with each statement once, and at most MOST_LINKS of them."""
    links_by_cause: dict[tuple[int, str, str, int, str], CauseLink] = {}
    for link in links:
        key = link.statement
        before = links_by_cause.setdefault(key, link)
        if link.kind in WEIGHT and WEIGHT.index(link.kind) < WEIGHT.index(before.kind):
            links_by_cause[key] = replace(link, flag=link.flag or before.flag)
        elif link.flag and not before.flag:
            links_by_cause[key] = replace(before, flag=link.flag)
        if len(links_by_cause) > MOST_LINKS:
            break
    return tuple(links_by_cause.values())


def value_of(state: State, target: int, field: str, bit: int | None) -> Any:
    """A field's value, or whether a bit of it is set; "absent" without the object."""
    for thing in state.objects:
        if thing.id == target:
            value = dict(thing.fields).get(field)
            return bool(value & bit) if bit is not None and isinstance(value, int) else value
    return "absent"


def _guard(cell: TracedValue) -> Test | None:
    """The innermost condition around a cell's statement, in its function or above."""
    if cell.guards:
        return cell.guards[-1]
    frame: Frame | None = cell.frame
    while frame is not None:
        if frame.outside:
            return frame.outside[-1]
        frame = frame.caller
    return None
