"""A program whose events can be traced.

Where the plain form is compiled, this one walks the syntax tree; it is slow, and meant for single
events.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from replay.errors import ReplayError
from replay.language.endings import Crashed, Ending, FailureError, RefusalError
from replay.language.limits import MAX_TRACED_VALUES
from replay.language.program import Program, made
from replay.language.traced.cells import EventTrace, Test
from replay.language.traced.interpreter import Walker
from replay.language.traced.skipped_writes import could_write, writers
from replay.series import Tree
from replay.state.objects import State


class TracedProgram(Program):
    """A program whose calls can be traced. One event at a time runs in it."""

    _frames_a_call = 60
    _traces = True

    def trace(
        self, function: str, arguments: Sequence[Any], state: State
    ) -> tuple[State, Ending, EventTrace]:
        """What `call` gives, and what was done meanwhile; raises as `call` does.

        Of an event that passes the limit of steps, it is what was done up to there. Raises
        ReplayError for one that makes more values than are followed.
        """
        after, ending = self.call(function, arguments, state)
        record = self._walker.record
        if isinstance(ending, Crashed) and ending.cls == "StepLimit":
            after, ending = self._untraced(function, arguments, state)
            if not isinstance(ending, Crashed) or ending.cls != "StepLimit":
                what = f"makes more than {MAX_TRACED_VALUES} values, too many to follow"
                raise ReplayError(what, where=f"event {function}")
        return after, ending, record

    def skipped(self, record: EventTrace, after: int, target: int, field: str) -> Test | None:
        """The last condition after a time that kept the field of an object from being set."""
        names = writers(self._defined, field)
        tests = [
            test
            for test in record.tests
            if test.cell.time > after and could_write(test, target, field, names)
        ]
        return tests[-1] if tests else None

    def statement(self, function: str, line: int) -> tuple[str, int, str]:
        """File, line and text of a line of a function's chunk."""
        file, number = self._defined.place(function, line)
        text = self._defined.chunks[function].text.split("\n")[line - 1]
        return file, number, text.strip()

    def _untraced(
        self, function: str, arguments: Sequence[Any], state: State
    ) -> tuple[State, Ending]:
        """What `call` gives in the plain form."""
        self._traces = False
        try:
            return self.call(function, arguments, state)
        finally:
            self._traces = True

    def _invoke(self, function: str, values: Sequence[Any]) -> Any:
        if not self._traces:
            return super()._invoke(function, values)
        self._walker = Walker(self._defined, self._names, self._runtime.heap)
        try:
            return self._walker.run(function, values)
        except (RefusalError, FailureError):
            # That is no place of a crash: one that comes now is of what the event left.
            self._walker.failed = None
            raise
        finally:
            self._walker.strip()

    def _innermost(self, traceback: TracebackType | None) -> tuple[str, int] | None:
        return self._walker.failed if self._traces else super()._innermost(traceback)


def trace_tree(tree: Tree, machine_class: str, keep_class: str = "") -> TracedProgram:
    """The traced program of a tree; raises as `compile_tree` does."""
    return made(TracedProgram, tree, machine_class, keep_class)
