"""Random walks beyond the depth that can be exhausted, from a seed.

Each walk is a swarm of its own: it may take only some of the steps, since a walk that may do all
does a little of everything and gets nowhere. Walks go on from those that ran through statements of
the model, or came to joint states, that none had before.
"""

import time
from collections.abc import Iterator, Sequence
from random import Random

from msgspec import Struct

from replay.analysis.search.hunt import Levels
from replay.analysis.search.joint_state import joint_digest
from replay.analysis.search.level import (
    Counts,
    Ground,
    Kind,
    Level,
    States,
    Walk,
    advanced,
    keep_shortest,
    probed,
    reached,
)
from replay.engine.replay import arcs, step
from replay.events.event import Event
from replay.progress import Progress, no_progress

LENGTH = 24
"""Steps of a walk: long enough for chains and jobs, short enough to be shrunk in a second."""

SHARE = 0.4
"""How many of the steps a walk may take."""


class _Corpus(Struct):
    """The walks of one start to go on from, and what was met from it."""

    walks: list[Walk]
    states: set[bytes]
    findings: list[Walk]
    kinds: list[Kind]
    counts: Counts


def random_hunt(
    grounds: Sequence[Ground],
    seed: int,
    runs: int,
    until: float | None = None,
    watch: Progress = no_progress,
) -> Levels:
    """What so many walks find, start by start in turn; the same for the same seed and number.

    Where the clock (`time.monotonic`) passes `until` there are fewer.
    """
    random = Random(seed)
    corpora = [_Corpus([()], set(), [], [], Counts()) for _ in grounds]
    statements: set[tuple[str, int]] = set()
    for run in watch(range(runs), runs, "walks"):
        if until is not None and time.monotonic() > until:
            break
        at = run % len(grounds)
        _walk(grounds[at], corpora[at], statements, random)
    return tuple(
        Level(at, LENGTH, (), frozenset(it.states), tuple(it.findings), it.counts)
        for at, it in enumerate(corpora)
    )


def _walk(it: Ground, corpus: _Corpus, statements: set[tuple[str, int]], random: Random) -> None:
    """One walk, on from one of the corpus, up to its length or to what the goal accepts."""
    swarm = [at for at in range(len(it.steps)) if random.random() < SHARE]
    walk = corpus.walks[_later(len(corpus.walks), random)]
    states = reached(it, walk)
    while swarm and len(walk) < LENGTH:
        index = random.choice(swarm)
        walk = (*walk, index)
        before, events = states, it.steps[index].events
        after = advanced(it, states, events)
        states = after.states
        corpus.counts += Counts(tried=1)
        if after.sighting is not None:
            keep_shortest(it, walk, corpus.findings, corpus.kinds)
            return
        digest = joint_digest(states, it.groups)
        if digest in corpus.states:
            continue
        corpus.states.add(digest)
        corpus.counts += Counts(tried=len(it.probes), states=1)
        for finding in [*probed(it, states, walk)][:1]:
            keep_shortest(it, finding, corpus.findings, corpus.kinds)
            return
        new = {*_statements(it, before, events)} - statements
        if new:
            statements |= new
            corpus.walks.append(walk)


def _later(count: int, random: Random) -> int:
    """A place in a list, the later the likelier: what came last reached what nothing had."""
    return max(random.randrange(count), random.randrange(count))


def _statements(it: Ground, states: States, events: Sequence[Event]) -> Iterator[tuple[str, int]]:
    """The statements of the last variant that these events run through."""
    variant, state = it.variants[-1], states[-1]
    for event in events:
        yield from ((file, line) for file, _, line in arcs(variant, state, event))
        state, _ = step(variant, state, event)
