"""Making a log as short and plain as it can be while it still shows the same thing."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.play import play
from replay.analysis.search.ddmin import ddmin
from replay.analysis.search.goal import ANY, BEHAVIOUR, Goal, Sighting, way
from replay.analysis.search.simplify import plain_names, renamed, simpler
from replay.engine.trace import Trace
from replay.engine.transitions.memo import MEMO
from replay.errors import ReplayError, Unavailable
from replay.events.event import Event, Log, LogEntry, LogHeader, Observation
from replay.workers import Pool, Rounds, each

Player = Callable[[Log], Trace]


class Shrunk(Struct, frozen=True):
    """The shortest log so far that reaches the goal, and where it does.

    `replays` is how many logs were tried, each in every player. `minimal` says that no event and
    no part of one can be left out, which only the last one tells.
    """

    log: Log
    sighting: Sighting
    replays: int = 0
    minimal: bool = False


class _Part(Struct, frozen=True):
    """An event, and what the recording observed after it."""

    event: Event
    observations: tuple[Observation, ...] = ()


_Parts = tuple[_Part, ...]


def shrink(
    log: Log, players: Sequence[Player], goal: Goal, pool: Pool | None = None
) -> Iterator[Shrunk]:
    """Ever shorter and plainer logs that reach the goal, beginning with the log itself.

    The last one is minimal. Stopping earlier leaves the shortest so far. With a pool, for which
    players and goal must be such as can be pickled, several logs are tried at a time, and the same
    ones are taken. Raises ReplayError if the log does not reach the goal, or if a player is not
    there.
    """
    with Rounds(pool) as rounds:
        yield from _Search(log, players, goal, rounds).shorter()


class _Trying(Struct, frozen=True, eq=False):
    """Whether a log reaches the goal, in this way if it must not be another.

    With less of a log commands often fail elsewhere, since something that they need is gone.
    """

    players: Sequence[Player]
    goal: Goal
    way: tuple[Any, ...] | None

    def __call__(self, log: Log) -> Sighting | None:
        try:
            sightings = self.goal.sightings(play(self.players, log))
            return next(filter(self._is_wanted, sightings), None)
        except Unavailable:
            raise
        except ReplayError:
            return None  # what a player cannot be given at all shows nothing

    def _is_wanted(self, sighting: Sighting) -> bool:
        return self.way is None or way(sighting.place, sighting.values) == self.way

    def forget(self) -> None:
        """Drops the transitions that are remembered."""
        MEMO.forget()


class _Search:
    """The log as it is so far, and what was tried."""

    def __init__(self, log: Log, players: Sequence[Player], goal: Goal, rounds: Rounds) -> None:
        self._log, self._players, self._rounds = log, players, rounds
        self._first = tuple(item for item in log.observations if item.after == 0)
        self._parts = _parts(log)
        whole = self._of(self._parts)
        best = goal.first(play(players, whole))
        if best is None:
            raise ReplayError(
                f"the log {log.name} does not show {goal.words}", do="name another goal"
            )
        self._best = best
        self._results: dict[str, Sighting | None] = {whole.fingerprint: best}
        would_all_do = goal.words in (ANY, BEHAVIOUR)
        self._try = _Trying(players, goal, None if would_all_do else way(best.place, best.values))

    def shorter(self) -> Iterator[Shrunk]:
        """What is taken, one after another, until nothing more can go."""
        yield self._result()
        yield from self._shortened()
        while True:
            before = self._parts
            for parts in self._passes():
                self._take(parts)
                yield self._result()
            if self._parts == before:
                break
        yield replace(self._result(), minimal=True)

    def _result(self) -> Shrunk:
        """The best so far."""
        return Shrunk(self._of(self._parts), self._best, len(self._results))

    def _take(self, parts: _Parts) -> None:
        """Goes on with these, which reach the goal."""
        sighting = self._results[self._of(parts).fingerprint]
        assert sighting is not None, "only what reaches the goal is taken"
        self._parts, self._best = parts, sighting

    def _shortened(self) -> Iterator[Shrunk]:
        """The log up to the event at which the goal is reached, if that is enough."""
        parts = self._parts[: self._best.seq]
        if len(parts) < len(self._parts) and self._first_passing([parts]):
            self._take(parts)
            yield self._result()

    def _passes(self) -> Iterator[_Parts]:
        """What can go in one round: events, then parts of them, then their names."""
        yield from ddmin(self._parts, self._first_passing)
        yield from self._simplified()
        yield from self._renamed()

    def _simplified(self) -> Iterator[_Parts]:
        at = 0
        while smaller := self._first_passing(self._simpler(at)):
            at = next(n for n in range(at, len(smaller)) if smaller[n] is not self._parts[n])
            yield smaller

    def _simpler(self, start: int) -> Iterator[_Parts]:
        """The parts with one of them simpler, from this one on."""
        for at in range(start, len(self._parts)):
            part = self._parts[at]
            for payload in simpler(part.event.payload):
                event = replace(part.event, payload=payload)
                yield (*self._parts[:at], replace(part, event=event), *self._parts[at + 1 :])

    def _renamed(self) -> Iterator[_Parts]:
        if any(part.observations for part in self._parts) or self._first:
            return  # a recording names its files as they were
        names = plain_names(play(self._players, self._of(self._parts)))
        parts = tuple(map(_Part, renamed((part.event for part in self._parts), names)))
        if parts != self._parts and self._first_passing([parts]):
            yield parts

    def _first_passing(self, candidates: Iterable[_Parts]) -> _Parts | None:
        """The first that reaches the goal; those after it are not counted if they were tried."""
        asked: deque[tuple[_Parts, str]] = deque()
        with closing(
            each(self._try, self._untried(candidates, asked), self._rounds.pool())
        ) as sightings:
            for sighting in sightings:
                parts, fingerprint = asked.popleft()
                self._results[fingerprint] = sighting
                if sighting is not None:
                    return parts
        return asked[0][0] if asked else None

    def _untried(
        self, candidates: Iterable[_Parts], asked: deque[tuple[_Parts, str]]
    ) -> Iterator[Log]:
        """Their logs, up to the first that is known to reach the goal, which is `asked` last."""
        for parts in filter(None, candidates):
            log = self._of(parts)
            if self._results.get(log.fingerprint, ...) is None:
                continue
            asked.append((parts, log.fingerprint))
            if log.fingerprint in self._results:
                return
            yield log

    def _of(self, parts: _Parts) -> Log:
        header = LogHeader(self._log.name, self._log.header.description)
        return Log.of(header, _entries(self._first, parts))


def _parts(log: Log) -> _Parts:
    after: dict[int, list[Observation]] = {}
    for observation in log.observations:
        after.setdefault(observation.after, []).append(observation)
    return tuple(_Part(event, tuple(after.get(n, ()))) for n, event in enumerate(log.events, 1))


def _entries(first: Sequence[Observation], parts: Sequence[_Part]) -> Iterator[LogEntry]:
    """The entries of a log of these parts, each observation with its new place."""
    yield from first
    for seq, part in enumerate(parts, 1):
        yield part.event
        yield from (replace(item, after=seq) for item in part.observations)
