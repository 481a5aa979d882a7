"""Finding the patch at which the answer to a question changes."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec import Struct

from replay.analysis.checks import Breach, breaches, check_named, load_checks
from replay.engine.compared import limit_of
from replay.engine.find_place import value_at
from replay.engine.places import Place
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace
from replay.errors import ReplayError
from replay.progress import Progress, no_progress
from replay.variants.expression import VariantSpec
from replay.variants.path import PatchChange, path_between
from replay.variants.variant import build


class Answer(Struct, frozen=True):
    """What a trace answers, as JSON has it, the event that it is about, and perhaps where."""

    value: Any
    seq: int
    path: str = ""


Question = Callable[[ModelTrace], Answer]


class AnswerChange(Struct, frozen=True, eq=False):
    """Two neighbours on the way that answer differently, and what is turned between them."""

    changes: tuple[PatchChange, ...]
    before: ModelTrace
    after: ModelTrace
    answers: tuple[Answer, Answer]


class Bisection(Struct, frozen=True, eq=False):
    """The changes found; how many steps the way has, and how many replays it took."""

    changes: tuple[AnswerChange, ...]
    steps: int
    replays: int


def bisect(
    ends: tuple[ModelTrace, ModelTrace],
    question: Question,
    every: bool = False,
    progress: Progress = no_progress,
) -> Bisection:
    """The one change that halving finds, or every one, for which the whole way is replayed.

    Raises ReplayError if halving has nothing to go by: both ends answer alike.
    """
    search = _Search(ends, question, progress)
    last = len(search.path)
    if every:
        steps = progress(pairwise(range(last + 1)), last, "patches")
        pairs = [(a, b) for a, b in steps if search.differ(a, b)]
    elif search.differ(0, last):
        pairs = [search.halve(last)]
    else:
        names = " and ".join(trace.variant.name for trace in ends)
        do = "--all looks at every patch between them"
        raise ReplayError(f"{names} give the same answer", do=do)
    return Bisection(tuple(search.change(*pair) for pair in pairs), last, len(search.traces))


class _Search:
    """The way between two traces, and those that were replayed on it, by their place."""

    def __init__(
        self, ends: tuple[ModelTrace, ModelTrace], question: Question, progress: Progress
    ) -> None:
        start, end = ends
        self.path = path_between(start.variant, end.variant)
        self.traces: dict[int, ModelTrace] = {0: start, len(self.path): end}
        self._question = question
        self._progress = progress

    def halve(self, last: int) -> tuple[int, int]:
        """Neighbours that differ: the first answers as the start does, the second does not."""
        first = 0
        while last - first > 1:
            middle = (first + last) // 2
            if self.differ(0, middle):
                last = middle
            else:
                first = middle
        return first, last

    def differ(self, left: int, right: int) -> bool:
        """Whether two points answer differently."""
        return bool(self._answer(left).value != self._answer(right).value)

    def change(self, before: int, after: int) -> AnswerChange:
        """What is turned between two neighbours."""
        return AnswerChange(
            changes=self.path[after - 1].changes,
            before=self._trace(before),
            after=self._trace(after),
            answers=(self._answer(before), self._answer(after)),
        )

    def _trace(self, index: int) -> ModelTrace:
        if index not in self.traces:
            self.traces[index] = replay(
                self.traces[0].log, self.path[index - 1].variant, self._progress
            )
        return self.traces[index]

    def _answer(self, index: int) -> Answer:
        trace = self._trace(index)
        answer = self._question(trace)
        if limit_of(trace) < answer.seq:
            do = "name an earlier event, or variants that do not reach the limit"
            where = f"{trace.variant.name} at #{limit_of(trace) + 1}"
            raise ReplayError("what it does is hidden by a limit of replay", where=where, do=do)
        return answer


HOLDS = "holds"
BREACHED = "breached"


def about_place(
    ends: tuple[ModelTrace, ModelTrace], target: Place, seq: int | None = None
) -> Question:
    """What is at a place after the event `seq`: by default the first where the ends differ there.

    If they never do, the last event.
    """
    subject = ends[0].variant.subject
    pairs = zip(ends[0].steps, ends[1].steps, strict=True)
    differing = (
        before.seq
        for before, after in pairs
        if value_at(before, target, subject) != value_at(after, target, subject)
    )
    index = seq or next(differing, len(ends[0].steps))

    def answer(trace: ModelTrace) -> Answer:
        return Answer(value_at(trace.steps[index - 1], target, subject), index)

    return answer


def about_check(file: Path, name: str) -> Question:
    """Whether a check is breached at all. Raises ReplayError as checks do."""

    def answer(trace: ModelTrace) -> Answer:
        checks = load_checks(file, trace.variant)
        check = check_named(checks, name)
        for breach in breaches(trace, checks):
            if breach.check == check:
                return Answer(BREACHED, breach.first_seq, breach.path)
        return Answer(HOLDS, len(trace.steps))

    return answer


def culprits(
    trace: ModelTrace, file: Path, breaching: Iterable[Breach]
) -> Mapping[Breach, tuple[PatchChange, ...]]:
    """For breaches of a trace, what is turned from base to its variant to bring each.

    Nothing if base has the breach already.
    """
    base = replay(trace.log, build(trace.variant.subject, VariantSpec(0), "base", "base"))
    by_digest: dict[str, tuple[Breach, ...]] = {}

    def has(other: ModelTrace, breach: Breach) -> Answer:
        digest = other.variant.tree.digest
        if digest not in by_digest:
            by_digest[digest] = breaches(other, load_checks(file, other.variant))
        return Answer(
            any(_same(breach, known_breach) for known_breach in by_digest[digest]), breach.first_seq
        )

    def changes(breach: Breach) -> tuple[PatchChange, ...]:
        question = partial(has, breach=breach)
        if question(base).value:
            return ()
        return bisect((base, trace), question).changes[0].changes

    return {breach: changes(breach) for breach in breaching}


def _same(breach: Breach, other: Breach) -> bool:
    """Whether another tree's breach stands where this one begins."""
    here = breach.check == other.check and breach.path == other.path
    return here and other.first_seq <= breach.first_seq <= other.last_seq
