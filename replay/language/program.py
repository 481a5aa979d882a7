"""A compiled tree: constants evaluated, functions compiled, ready to run an event on a state."""

import ast
import sys
from collections.abc import Callable, Container, Sequence
from functools import cached_property
from hashlib import sha256
from types import FrameType, TracebackType
from typing import Any, TypeVar

from replay.language.check import Checker, check
from replay.language.compile import compiled
from replay.language.data import Data, evaluated
from replay.language.definitions import (
    Definitions,
    Function,
    definitions,
    parse,
)
from replay.language.digests import Digests, FunctionTable, same_code
from replay.language.endings import (
    Crashed,
    Ending,
    Failed,
    FailureError,
    RefusalError,
    Refused,
    Returned,
    Stopped,
    ViolationError,
)
from replay.language.file_queries import CallNotes, QueryNotes, on_files
from replay.language.limits import MAX_DEPTH, StepLimitError
from replay.language.objects.argument import ArgumentError, argument
from replay.language.runtime import Runtime
from replay.language.vocabulary import descendants, without_docstring
from replay.series import Tree
from replay.state.disk import Disk
from replay.state.objects import Ref, State

FAULTS = (
    *(TypeError, AttributeError, LookupError, ArithmeticError, ValueError),
    *(NameError, RuntimeError),
)
"""What Python raises where C would have read a wild pointer."""


MOST_ALIKE = 10_000
"""Sets of functions of other programs of which it is remembered whether they run alike here."""

FRAMES_TO_COMPILE = 1000
"""Python's calls inside each other that compiling takes at most; it may begin deep in a model."""

Arc = tuple[str, int, int]
"""A file, a line in it and the line that ran after it in the same function; 0 is its beginning."""


class Program:
    """The compiled model of a tree. One event at a time runs in it.

    A function is checked and compiled when it is first called: most logs call few.
    """

    _frames_a_call = 1
    """Frames of Python that a call of the model may take."""

    _notes_changes = True
    """Whether what changes a list or dict in place goes through the runtime."""

    def __init__(
        self, defined: Definitions, data: Data, checker: Checker, machine: str, keep: str
    ) -> None:
        """`machine` is the class of the machine, `keep` that of objects that stay; it may be ""."""
        self._defined = defined
        self._data = data
        self._checker = checker
        self._keep_class = keep
        self._runtime = Runtime(data.shapes)
        names = {**data.constants, **data.defaults, **self._runtime.names()}
        self._names: dict[str, Any] = {"__builtins__": {}, **names}
        self._on_files = on_files(self._names)
        self._names |= {name: self._unready(name) for name in defined.functions}
        self._machine_class = machine
        self._digests = Digests(defined, machine, keep)
        self._alike: dict[tuple[frozenset[str], Program], bool] = {}
        self.functions = FunctionTable(defined, self._digests)

    @cached_property
    def digest(self) -> str:
        """sha256 hex of all functions; equal digests do alike."""
        lines = sorted(f"{name} {digest}" for name, digest in self._digests.items())
        return sha256("\n".join(lines).encode()).hexdigest()

    def _unready(self, name: str) -> Callable[..., Any]:
        """What stands for a function until it is first called, and then makes it."""

        def first(*arguments: Any) -> Any:
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(limit + FRAMES_TO_COMPILE)
            try:
                self._load(self._defined.chunks[name].text)
            finally:
                sys.setrecursionlimit(limit)
            return self._names[name](*arguments)

        return first

    def _load(self, text: str) -> None:
        """Checks and compiles the functions of a chunk."""
        for definition in parse(text):
            if isinstance(definition, Function):
                self._checker.check_function(definition.name)
        exec(compiled(text), self._names)

    def initial(self) -> State:
        """A machine with its defaults, before the first event, and an empty disk."""
        heap = self._runtime.heap
        self._runtime.start(State((), None, 1, Disk()))
        heap.machine = heap.new(self._machine_class)._id
        return self._runtime.frozen(self._keep_class, is_noted=False)

    def call(self, function: str, arguments: Sequence[Any], state: State) -> tuple[State, Ending]:
        """Runs a function on a state with a machine: the next state, and how the event ended.

        Arguments are values as JSON has them, or a Ref to an object of the state. One that the
        model can't have is refused. What was changed before a refusal stays changed; after a
        crash only the disk is left. Raises ValueError for a state without a machine, or of
        another program's classes.
        """
        if state.machine is None:
            raise ValueError("no machine runs")
        runtime = self._runtime
        runtime.start(state)
        try:
            values = [v if isinstance(v, Ref) else argument(v) for v in arguments]
        except ArgumentError as error:
            return state, Refused("InvalidArgument", str(error))
        values = [runtime.heap.thawed(v) if isinstance(v, Ref) else v for v in values]
        self._names["__machine"] = runtime.heap.get(state.machine)
        try:
            ending = self._run_in_room(function, values)
            after = runtime.frozen(self._keep_class, self._notes_changes)
        except Exception as error:
            # Whatever stops model code is a crash of the model; _crash raises again what is a bug.
            return runtime.halted(), self._crash(error, function)
        return after, ending

    @property
    def called(self) -> frozenset[str]:
        """The functions that the last call ran through, by name."""
        return self._runtime.called

    @property
    def steps(self) -> int:
        """The steps that the last call took, with the values that it left."""
        return self._runtime.steps

    def digest_of(self, functions: frozenset[str]) -> str:
        """A digest of functions without those that they call.

        Where another program has the same, what ran through these alone does there as it did.
        """
        return self._digests.together(functions)

    def runs_alike(self, functions: frozenset[str], other: "Program") -> bool:
        """Whether what ran through these functions alone in another program runs so in this one."""
        # Of a long log every event asks, and most run through one of a few sets of functions.
        asked = functions, other
        if asked not in self._alike:
            if len(self._alike) >= MOST_ALIKE:
                self._alike.clear()
            self._alike[asked] = self._is_alike(functions, other)
        return self._alike[asked]

    def _is_alike(self, functions: frozenset[str], other: "Program") -> bool:
        if self._data is not other._data:
            return self.digest_of(functions) == other.digest_of(functions)
        # Parsed and evaluated once, they are the very same in most trees.
        mine, theirs = self._defined.functions, other._defined.functions
        differing = (name for name in functions if mine.get(name) is not theirs[name])
        return all(name in mine and same_code(mine[name], theirs[name]) for name in differing)

    def call_noting_reads(
        self, function: str, arguments: Sequence[Any], state: State
    ) -> tuple[Ending, frozenset[int]]:
        """How `call` ends, and the ids of the objects that it looked into.

        In a state where these are the same objects it ends so again, unless it looks at files.
        """
        self._runtime.forget()
        _, ending = self.call(function, arguments, state)
        return ending, self._runtime.heap.woken

    def call_noting(self, function: str, arguments: Sequence[Any], state: State) -> CallNotes:
        """How `call` ends, and all that it looked at."""
        notes = QueryNotes()
        self._names |= notes.noting(self._on_files)
        try:
            ending, objects = self.call_noting_reads(function, arguments, state)
        finally:
            self._names |= self._on_files
        return CallNotes(ending, objects, notes.queries)

    def fields_named(self, function: str) -> frozenset[str] | None:
        """The fields that code can look at which a function can reach; None for all there are.

        A field is named where it is looked at, but for an exchange of whole objects.
        """
        reached = self._digests.reached(function).values()
        if any("swap" in content.names for content in reached):
            return None
        return frozenset().union(*(content.words for content in reached))

    def looks_at_files(self, function: str) -> bool:
        """Whether code that a function can reach looks at the disk."""
        reached = self._digests.reached(function).values()
        return any(name.startswith("disk_") for content in reached for name in content.names)

    def reached(
        self, function: str, arguments: Sequence[Any], state: State
    ) -> frozenset[tuple[str, int]]:
        """The file and line of every statement that `call` runs through."""
        arcs = self.arcs(function, arguments, state)
        return frozenset((file, line) for file, _, line in arcs)

    def arcs(
        self,
        function: str,
        arguments: Sequence[Any],
        state: State,
        within: Container[str] | None = None,
    ) -> frozenset[Arc]:
        """Every step from line to line, within a function, that `call` makes.

        Only in the functions of the names `within`, which takes less, or in all.
        """
        last: dict[FrameType, int] = {}
        met: set[tuple[str, int, int]] = set()

        def note(frame: FrameType, event: str, _: Any) -> Any:
            # What makes functions, when they are called first, is no code of the model.
            if frame.f_globals is not self._names or frame.f_code.co_name not in self.functions:
                return None
            if within is not None and frame.f_code.co_name not in within:
                return None
            if event == "line":
                met.add((frame.f_code.co_name, last.get(frame, 0), frame.f_lineno))
                last[frame] = frame.f_lineno
            elif event == "return":
                last.pop(frame, None)
            return note

        before = sys.gettrace()
        sys.settrace(note)
        try:
            self.call(function, arguments, state)
        finally:
            sys.settrace(before)
        return frozenset(self._placed(*arc) for arc in met)

    def _placed(self, name: str, start: int, end: int) -> Arc:
        """An arc of a chunk as one of the tree."""
        file, line = self._defined.place(name, end)
        return file, self._defined.place(name, start)[1] if start else 0, line

    def place(self, crash: Crashed) -> tuple[str, int]:
        """The file and line of a crash in this program's tree."""
        line = _lines(self._defined.functions[crash.function])[crash.node]
        return self._defined.place(crash.function, line)

    def _run_in_room(self, function: str, values: Sequence[Any]) -> Ending:
        """Runs a function with room for more calls inside each other than Python has for all."""
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + MAX_DEPTH * self._frames_a_call)
        try:
            return self._run(function, values)
        finally:
            sys.setrecursionlimit(limit)

    def _run(self, function: str, values: Sequence[Any]) -> Ending:
        try:
            value = self._invoke(function, values)
            return Returned(self._runtime.result(value))
        except RefusalError as refusal:
            return Refused(refusal.cls, refusal.desc)
        except FailureError as failure:
            return Failed(failure.errno)

    def _invoke(self, function: str, values: Sequence[Any]) -> Any:
        """What the function returns; raises what it does."""
        return self._names[function](*values)

    def _crash(self, error: Exception, entry: str) -> Crashed:
        """What a crash is called, and where it was; reraises what is no crash of the model."""
        function, line = self._innermost(error.__traceback__) or (entry, 0)
        lines = _lines(self._defined.functions[function])
        node = lines.index(line) if line in lines else 0
        match error:
            case ViolationError():
                return Crashed("Assertion", str(error), function, node)
            case StepLimitError() | RecursionError() | MemoryError() | OverflowError():
                desc = str(error) if isinstance(error, StepLimitError) else "too much at once"
                return Stopped("StepLimit", desc, function, node)
            case _ if isinstance(error, FAULTS):
                return Crashed("Fault", _description(error), function, node)
        raise error

    def _innermost(self, traceback: TracebackType | None) -> tuple[str, int] | None:
        innermost = None
        while traceback:
            if traceback.tb_frame.f_globals is self._names:
                innermost = (traceback.tb_frame.f_code.co_name, traceback.tb_lineno)
            traceback = traceback.tb_next
        return innermost


P = TypeVar("P", bound=Program)


def compile_tree(
    tree: Tree, machine_class: str, keep_class: str = "", is_checked: bool = False
) -> Program:
    """The program of a tree; ReplayError with file, line and reason if it is not in the language.

    `keep_class` is the class whose objects stay in the state when nothing reaches them any more
    and they were not freed. Of a tree that was checked before, what runs is checked again.
    """
    return made(Program, tree, machine_class, keep_class, is_checked)


def made(
    kind: type[P], tree: Tree, machine_class: str, keep_class: str, is_checked: bool = False
) -> P:
    """The same as a program of some kind."""
    defined = definitions(tree, is_checked=True) if is_checked else check(tree, machine_class)
    checker = Checker(defined, tree, machine_class)
    return kind(defined, evaluated(defined, tree), checker, machine_class, keep_class)


def _lines(function: Function) -> list[int]:
    """The line, in its chunk, of every node of a function, in an order that syntax decides."""
    body = without_docstring(function.node.body)
    nodes = [inner for node in body for inner in descendants(node)]
    lines = [node.lineno for node in nodes if isinstance(node, ast.stmt | ast.expr)]
    return [function.node.lineno, *lines]


def _description(error: Exception) -> str:
    """What went wrong, in words that are the same in every run."""
    if isinstance(error, KeyError):
        key = error.args[0] if error.args else None
        return f"no item {key!r}" if isinstance(key, int | str) else "no such item"
    return str(error)
