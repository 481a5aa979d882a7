"""Running invariants over every state of a replay.

A check is a function whose first statement is a text, its reason; others help. Its parameters name
what it is about . It tells whether the invariant holds. A field that the tree does
not have reads as None, if another tree of the series has it.
"""

import ast
from collections.abc import Hashable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from replay import language
from replay.analysis.check_inputs import KINDS, CheckedStep, CheckInput, check_inputs
from replay.engine.diff import Positions, spans
from replay.engine.trace import Trace
from replay.errors import NotFound, ReplayError
from replay.files import read_text
from replay.language import Program, Returned
from replay.language.definitions import definitions
from replay.language.vocabulary import METHODS
from replay.progress import Progress, no_progress
from replay.series import Tree, source_file
from replay.state.disk import Disk
from replay.state.objects import Object, State
from replay.variants.variant import Subject, Variant

CLASSES = "the classes.py"
"""Where the classes of the tree stand; no file of a user can be called so."""


class Check(Struct, frozen=True):
    """An invariant: its name, why it should hold, and what it is about."""

    name: str
    reason: str
    parameters: tuple[str, ...]


class Checks(Struct, frozen=True, eq=False):
    """Checks compiled for the classes of one tree, which are given with their fields.

    `missing` are fields that the tree lacks.
    """

    file: str
    checks: tuple[Check, ...]
    classes: Mapping[str, tuple[str, ...]]
    missing: tuple[str, ...]
    program: Program


class Breach(Struct, frozen=True):
    """A check that does not hold at a path, from the event first_seq to last_seq."""

    check: Check
    path: str
    first_seq: int
    last_seq: int


def load_checks(file: Path, variant: Variant) -> Checks:
    """The checks in a file, for one variant.

    Raises ReplayError with file, line and reason for what is not in the language, for a field
    that no tree of the series has, and for parameters that no topic offers.
    """
    text = read_text(file)
    functions = _functions(text, file)
    classes = _classes(variant.tree)
    missing = tuple(sorted(_missing(text, classes, variant.subject)))
    lines = [line for name, fields in classes.items() for line in _class(name, fields, missing)]
    source = (source_file(CLASSES, "\n".join(lines) + "\n"), source_file(str(file), text))
    program = language.compile_tree(Tree(source), variant.subject.config.machine)
    checks = tuple(_check(node, file) for node in functions)
    return Checks(str(file), checks, classes, missing, program)


def check_named(checks: Checks, name: str) -> Check:
    """The check of that name. Raises ReplayError with the nearest names."""
    by_name = {check.name: check for check in checks.checks}
    if name not in by_name:
        near = get_close_matches(name, by_name, n=3, cutoff=0.4) or sorted(by_name)
        do = f"nearest: {', '.join(near)}"
        raise NotFound(f"no check {name}", where=checks.file, do=do, nearest=near)
    return by_name[name]


def needs_all(check: Check) -> bool:
    """Whether the check is about what only a model knows: what a guest would read now."""
    return "write" in check.parameters


def breaches(trace: Trace, checks: Checks, progress: Progress = no_progress) -> tuple[Breach, ...]:
    """Every breach in a trace, by first event, then in the order of the checks and topics.

    Of a real machine only what was observed can be a breach.

    Raises ReplayError for a check that fails or does not answer with true or false.
    """
    by_name = {check.name: check for check in checks.checks}
    steps = progress(check_inputs(trace, checks.classes), len(trace.steps), "events")
    answers = _Answers(checks)
    order = Positions[tuple[str, str]]()
    events = order.noting((checked.seq, _breached(checked, answers)) for checked in steps)
    spanning = [
        Breach(by_name[span.place[1]], span.place[0], span.first_seq, span.last_seq)
        for span in spans(events)
    ]
    return tuple(sorted(spanning, key=lambda b: (b.first_seq, order[b.path, b.check.name])))


def _breached(done: CheckedStep, answers: "_Answers") -> dict[tuple[str, str], Any]:
    """Where checks do not hold after an event, in the order of the checks."""
    answers.turn_to(done)
    breached = [
        (number, (topic.path, check.name))
        for topic in done.inputs
        for number, check in answers.checks_about(topic)
        if not answers.holds(check, topic)
    ]
    return {place: {} for _, place in sorted(breached, key=itemgetter(0))}


class _Answer(NamedTuple):
    """Whether a check holds, and what it looked at to say so: objects, and the disk or None."""

    holds: bool
    objects: Mapping[int, Object]
    disk: Disk | None


class _Answers:
    """What checks said of each thing last; they are asked again when what they read is another."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks
        self._last: dict[tuple[str, Hashable], _Answer] = {}
        self._about: dict[tuple[str, ...], list[tuple[int, Check]]] = {}
        self._of_files = {
            check.name: checks.program.looks_at_files(check.name) for check in checks.checks
        }

    def turn_to(self, done: CheckedStep) -> None:
        """Goes on to the state after an event."""
        self._done = done
        self._objects = {thing.id: thing for thing in done.state.objects}

    def checks_about(self, topic: CheckInput) -> list[tuple[int, Check]]:
        """The checks that take what a topic offers, with their numbers."""
        offered = tuple(topic.offered)
        if offered not in self._about:
            self._about[offered] = [
                (number, check)
                for number, check in enumerate(self._checks.checks)
                if set(check.parameters) <= set(offered) and bool(check.parameters) == bool(offered)
            ]
        return self._about[offered]

    def holds(self, check: Check, topic: CheckInput) -> bool:
        """Whether a check holds. Raises ReplayError as `breaches` does."""
        key = check.name, topic.key
        last = self._last.get(key)
        if last is None or not self._is_current(last):
            last = self._last[key] = self._ask(check, topic)
        return last.holds

    def _is_current(self, answer: _Answer) -> bool:
        """Whether what an answer looked at is as it was."""
        if answer.disk not in (None, self._done.state.disk):
            return False
        return answer.objects.items() <= self._objects.items()

    def _ask(self, check: Check, topic: CheckInput) -> _Answer:
        program, done = self._checks.program, self._done
        state = _with_missing(done.state, self._checks.missing)
        if state.machine is None:
            state = program.initial()
        arguments = [topic.offered[name] for name in check.parameters]
        ending, read = program.call_noting_reads(check.name, arguments, state)
        match ending:
            case Returned(bool() as holds):
                looked_at = {id: self._objects[id] for id in read if id in self._objects}
                disk = done.state.disk if self._of_files[check.name] else None
                return _Answer(holds, looked_at, disk)
            case _ if not done.is_complete:
                # It asks for what was not observed.
                return _Answer(True, {}, None)
            case Returned(value):
                what = f"answers {value!r}, not true or false"
            case _:
                what = f"fails: {ending}"
        function = program.functions[check.name]
        where = f"{function.file}:{function.line}: {check.name}"
        raise ReplayError(f"{what}, about {topic.path} after event {done.seq}", where=where)


# Every check of every thing in a state is asked with it.
@lru_cache(maxsize=4)
def _with_missing(state: State, missing: tuple[str, ...]) -> State:
    """The state with the fields that its tree lacks, all None."""
    extra = tuple((name, None) for name in missing)
    objects = tuple(Object(each.id, each.cls, (*each.fields, *extra)) for each in state.objects)
    return State(objects, state.machine, state.next_id, state.disk)


# The file


def _functions(text: str, file: Path) -> list[ast.FunctionDef]:
    """The functions with a reason. The language refuses later what is wrong with the rest."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ReplayError(f"not Python: {error}", where=f"{file}:{line}") from None
    functions = [
        node for node in body if isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
    ]
    if not functions:
        do = "write functions that begin with a text, the reason"
        raise ReplayError("holds no check", where=str(file), do=do)
    return functions


def _check(node: ast.FunctionDef, file: Path) -> Check:
    parameters = tuple(argument.arg for argument in node.args.args)
    if not any(set(parameters) <= kind for kind in KINDS):
        offered = "; ".join(", ".join(sorted(kind)) for kind in KINDS if kind)
        what = f"the check {node.name} takes {', '.join(parameters)}"
        raise ReplayError(what, where=f"{file}:{node.lineno}", do=f"it can take {offered}")
    reason = " ".join((ast.get_docstring(node) or "").split())
    return Check(node.name, reason, parameters)


def _classes(tree: Tree) -> Mapping[str, tuple[str, ...]]:
    """The classes of a tree with the names of their fields."""
    classes = definitions(tree, is_checked=True).classes
    return {name: tuple(definition.fields) for name, definition in classes.items()}


def _class(name: str, fields: tuple[str, ...], missing: tuple[str, ...]) -> Iterator[str]:
    yield f"class {name}:"
    yield from (f"    {field}: None = None" for field in (*fields, *missing))
    yield "    pass"


def _missing(text: str, classes: Mapping[str, Any], subject: Subject) -> set[str]:
    """The fields that checks read and only other trees of the series have."""
    nodes = ast.walk(ast.parse(text))
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)} - METHODS.keys()
    lacking = read - {field for fields in classes.values() for field in fields}
    if not lacking:
        return set()
    trees = (_classes(tree) for tree in subject.series.trees)
    return lacking & {field for tree in trees for fields in tree.values() for field in fields}
