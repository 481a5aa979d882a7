"""Finding patches that have an effect only together with another, or with one of its statements.

Two kinds are found where the way puts a patch in. It may do a thing only since an earlier one: put
on top of the trees before that, as far as it applies there, it does not do it. Or a part of an
earlier patch has no effect before it: left out on both sides of the step, the part makes no
difference before and makes one after. A part is a whole patch where that can be left out, else one
of its statements."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any

from msgspec import Struct, structs

from replay.analysis.patch_parts import PatchPart, statements, variant_without
from replay.engine.diff import Diff, Divergence, diff
from replay.engine.replay import arcs, replay
from replay.engine.trace import ModelTrace
from replay.engine.transitions.memo import MEMO
from replay.engine.view import view
from replay.errors import Conflict, NotInLanguage
from replay.events.event import Log
from replay.series import Patch, apply
from replay.variants.expression import VariantSpec
from replay.variants.path import PatchChange, path_between
from replay.variants.variant import Variant, build, variant_with_tree
from replay.workers import Pool, Rounds, each


class Interaction(Struct, frozen=True, eq=False):
    """An earlier patch or a statement of it, the later patch, and what there is with both only.

    `diff` compares a variant with one of them and a variant with both. `dormant` says that it is
    the earlier one that has no effect without the later.
    """

    part: PatchPart
    later: PatchChange
    diff: Diff
    dormant: bool


def interactions(
    traces: Sequence[ModelTrace], is_chosen: Callable[[Patch], bool], pool: Pool | None = None
) -> tuple[Interaction, ...]:
    """What the patches that are asked about do only with others, and others only with them.

    With a pool, for which the variants must be such as can be pickled, others answer.
    """
    steps = [
        step
        for start, end in pairwise(traces)
        for step in _steps(start.variant, end.variant)
        if is_chosen(step.change.patch)
    ]
    if not steps:
        return ()
    answering = _Answering(traces[0].log, steps)
    searches = [_Search(answering, number) for number in range(len(steps))]
    with Rounds(pool) as rounds:
        for ask in (_Search.about_patches, _Search.about_statements):
            asked: deque[_Question] = deque()
            questions = _noted(chain.from_iterable(map(ask, searches)), asked)
            for answer in each(answering, questions, rounds.pool()):
                question = asked.popleft()
                searches[question.step].take(question, answer)
    return tuple(interaction for it in searches for interaction in it.interactions())


class _Step(Struct, frozen=True, eq=False):
    """A step that puts one patch in, and the variants before and after it."""

    change: PatchChange
    before: Variant
    after: Variant


def _steps(start: Variant, end: Variant) -> Iterator[_Step]:
    variant = start
    for step in path_between(start, end):
        if len(step.changes) == 1 and not step.changes[0].out:
            yield _Step(step.changes[0], variant, step.variant)
        variant = step.variant


# Questions


class _Earlier(Struct, frozen=True):
    """Which divergences of a step its patch does not bring at an earlier point of the series.

    The answer has a bool for each, or is None where the patch does not apply.
    """

    step: int
    depth: int


class _Reached(Struct, frozen=True):
    """Which statements a replay runs through: their patches, files and lines."""

    step: int


class _Dormant(Struct, frozen=True):
    """Whether a patch, or a statement of it, has an effect after a step and none before it.

    The answer is None where the patch can't be left out.
    """

    step: int
    patch: str
    file: str = ""
    line: int = 0


_Question = _Earlier | _Reached | _Dormant


class _Answering:
    """What answers questions about a log and steps, in whatever process."""

    def __init__(self, log: Log, steps: Sequence[_Step]) -> None:
        self.log, self.steps = log, steps
        self._traces: dict[int, tuple[ModelTrace, ModelTrace, Diff]] = {}
        self._statements: dict[int, dict[tuple[str, int], PatchPart]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _Answering, (self.log, self.steps)

    def forget(self) -> None:
        """Drops what it found out."""
        self._traces.clear()
        self._statements.clear()
        MEMO.forget()

    def __call__(self, question: _Question) -> Any:
        match question:
            case _Earlier():
                return self._missing(question)
            case _Reached(number):
                lines = _reached(self.traces(number)[1])
                parts = self._parts(number)
                return [(parts[at].patch.name, *at) for at in parts if at in lines]
            case _Dormant():
                return self._wakes(question)

    def traces(self, number: int) -> tuple[ModelTrace, ModelTrace, Diff]:
        """The traces before and after a step, and what differs between them."""
        if number not in self._traces:
            self._traces.clear()  # those of all steps would take much memory
            step = self.steps[number]
            before, after = replay(self.log, step.before), replay(self.log, step.after)
            self._traces[number] = before, after, diff(before, after)
        return self._traces[number]

    def part(self, question: _Dormant) -> PatchPart:
        """What a question is about."""
        if question.file:
            return self._parts(question.step)[question.file, question.line]
        patches = self.steps[question.step].before.tree.patches
        return PatchPart(next(patch for patch in patches if patch.name == question.patch))

    def _parts(self, number: int) -> dict[tuple[str, int], PatchPart]:
        """All statements after a step that patches put there."""
        if number not in self._statements:
            tree = self.steps[number].after.tree
            parts = statements(tree, {patch.name for patch in tree.patches})
            self._statements[number] = {(part.file, part.line): part for part in parts}
        return self._statements[number]

    def _missing(self, question: _Earlier) -> list[bool] | None:
        step = self.steps[question.step]
        pair = _around(step.before, question.depth, step.change.patch)
        if pair is None:
            return None
        *_, between = self.traces(question.step)
        traces = [replay(self.log, variant) for variant in pair]
        return [not _differs(divergence, *traces) for divergence in between.divergences]

    def _wakes(self, question: _Dormant) -> bool | None:
        part = self.part(question)
        before, after, _ = self.traces(question.step)
        idle = _without(before, part)
        if idle is None or (part.lines and idle.divergences):
            return None
        active = _without(after, part)
        return None if active is None else bool(active.divergences and not idle.divergences)


def _without(trace: ModelTrace, part: PatchPart) -> Diff | None:
    """What the part does: a variant without it compared with the one that has it."""
    variant = variant_without(trace.variant, part)
    return diff(replay(trace.log, variant), trace) if variant else None


# Each divergence asks for the same patches around the same points again.
@lru_cache(maxsize=256)
def _around(variant: Variant, depth: int, patch: Patch) -> tuple[Variant, Variant] | None:
    """An earlier point of the series without and with the patch; None if it does not apply."""
    point = build(variant.subject, VariantSpec(depth), str(depth), "")
    try:
        return point, variant_with_tree(point, apply(point.tree, patch), "with it")
    except (Conflict, NotInLanguage):
        return None


def _differs(divergence: Divergence, *traces: ModelTrace) -> bool:
    steps = [(trace.steps[divergence.first_seq - 1], trace.variant.subject) for trace in traces]
    place = divergence.place
    before, after = (place.value_in(s.outcome, view(s.state, subject)) for s, subject in steps)
    return bool(before != after)


def _reached(trace: ModelTrace) -> frozenset[tuple[str, int]]:
    """The file and line of every statement that a replay runs through."""
    state = trace.variant.program.initial()
    lines: set[tuple[str, int]] = set()
    for step in trace.steps:
        lines |= {(file, line) for file, _, line in arcs(trace.variant, state, step.event)}
        state = step.state
    return frozenset(lines)


# Answers


def _noted(questions: Iterable[_Question], asked: deque[_Question]) -> Iterator[_Question]:
    """The questions, each of which waits in `asked` for its answer."""
    for question in questions:
        asked.append(question)
        yield question


class _Search:
    """What is known so far of a step. The questions that are left hang on the answers."""

    def __init__(self, answering: _Answering, number: int) -> None:
        self._answering, self._number = answering, number
        self._step = answering.steps[number]
        self._remaining: list[int] = []
        self._needed: list[tuple[int, list[int]]] = []
        self._inseparable: set[str] = set()
        self._reached: list[tuple[str, str, int]] = []
        self._dormant: list[_Dormant] = []

    def about_patches(self) -> Iterator[_Question]:
        """Of the patch at earlier points of the series, and of the patches before it."""
        *_, step = self._answering.traces(self._number)
        self._remaining = [*range(len(step.divergences))]
        spec = self._step.before.spec
        for depth in reversed(range(spec.depth)) if spec == VariantSpec(spec.depth) else ():
            if not self._remaining:
                break
            yield _Earlier(self._number, depth)
        yield _Reached(self._number)
        for patch in self._step.before.tree.patches:
            yield _Dormant(self._number, patch.name)

    def about_statements(self) -> Iterator[_Question]:
        """Of the statements of patches that can't be left out."""
        for patch, file, line in self._reached:
            if patch in self._inseparable:
                yield _Dormant(self._number, patch, file, line)

    def take(self, question: _Question, answer: Any) -> None:
        """Takes an answer to the question that is asked before all that are still open."""
        match question:
            case _Earlier(depth=depth):
                missing = [index for index in self._remaining if answer and answer[index]]
                kept = [index for index in self._remaining if answer and not answer[index]]
                self._remaining = kept
                if missing:
                    self._needed.append((depth, missing))
            case _Reached():
                self._reached = answer
            case _Dormant(patch=patch, file=file):
                if answer:
                    self._dormant.append(question)
                elif answer is None and not file:
                    self._inseparable.add(patch)

    def interactions(self) -> Iterator[Interaction]:
        """What came of it: by the earlier patches, the latest first; then what was dormant."""
        if not self._needed and not self._dormant:
            return
        change, subject = self._step.change, self._step.before.subject
        _, after, step = self._answering.traces(self._number)
        for depth, missing in self._needed:
            part = PatchPart(subject.series.patches[depth])
            divergences = tuple(step.divergences[index] for index in missing)
            only = structs.replace(step, divergences=divergences)
            yield Interaction(part, change, only, dormant=False)
        for question in self._dormant:
            part = self._answering.part(question)
            active = _without(after, part)
            assert active is not None, "it was left out before"
            yield Interaction(part, change, active, dormant=True)
