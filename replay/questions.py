"""Questions: what a bisection asks each trace."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from replay.bisect import Answer, Question, bisect
from replay.checks import Breach, breaches, load_checks, named
from replay.places import Target, value_at
from replay.recipe import Recipe
from replay.replayer import Trace, replay
from replay.variants import build
from replay.way import Turn

HOLDS = "holds"
BREACHED = "breached"


def about_place(ends: tuple[Trace, Trace], target: Target, seq: int | None = None) -> Question:
    """What is at a place after the event `seq`: by default the first where the ends differ there.

    If they never do, the last event.
    """
    subject = ends[0].variant.subject
    pairs = zip(ends[0].steps, ends[1].steps, strict=True)
    differing = (
        one.seq
        for one, other in pairs
        if value_at(one, target, subject) != value_at(other, target, subject)
    )
    at = seq or next(differing, len(ends[0].steps))

    def answer(trace: Trace) -> Answer:
        return Answer(value_at(trace.steps[at - 1], target, subject), at)

    return answer


def about_check(file: Path, name: str) -> Question:
    """Whether a check is breached at all. Raises ReplayError as checks do."""

    def answer(trace: Trace) -> Answer:
        checks = load_checks(file, trace.variant)
        check = named(checks, name)
        for breach in breaches(trace, checks):
            if breach.check == check:
                return Answer(BREACHED, breach.first_seq, breach.path)
        return Answer(HOLDS, len(trace.steps))

    return answer


def culprits(
    trace: Trace, file: Path, found: Iterable[Breach]
) -> Mapping[Breach, tuple[Turn, ...]]:
    """For breaches of a trace, what is turned from base to its variant to bring each.

    Nothing if base has the breach already.
    """
    base = replay(trace.log, build(trace.variant.subject, Recipe(0), "base", "base"))
    known: dict[str, tuple[Breach, ...]] = {}

    def has(other: Trace, breach: Breach) -> Answer:
        digest = other.variant.tree.digest
        if digest not in known:
            known[digest] = breaches(other, load_checks(file, other.variant))
        return Answer(any(_same(breach, it) for it in known[digest]), breach.first_seq)

    def turns(breach: Breach) -> tuple[Turn, ...]:
        question = partial(has, breach=breach)
        if question(base).value:
            return ()
        return bisect((base, trace), question).changes[0].turns

    return {breach: turns(breach) for breach in found}


def _same(breach: Breach, other: Breach) -> bool:
    """Whether another tree's breach stands where this one begins."""
    here = breach.check == other.check and breach.path == other.path
    return here and other.first_seq <= breach.first_seq <= other.last_seq
