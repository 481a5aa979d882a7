"""Making a log as short and plain as it can be while it still shows the same thing."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.play import play
from replay.analysis.search.ddmin import ddmin
from replay.analysis.search.goal import ANY, BEHAVIOUR, Goal, Sighting, way
from replay.analysis.search.simplify import plain_names, renamed, simpler
from replay.engine.trace import Trace
from replay.errors import ReplayError, Unavailable
from replay.events.event import Event, Log, LogEntry, LogHeader, Observation

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


def shrink(log: Log, players: Sequence[Player], goal: Goal) -> Iterator[Shrunk]:
    """Ever shorter and plainer logs that reach the goal, beginning with the log itself.

    The last one is minimal. Stopping earlier leaves the shortest so far. Raises ReplayError if
    the log does not reach the goal, or if a player is not there.
    """
    search = _Search(log, players, goal)
    if search.best is None:
        raise ReplayError(f"the log {log.name} does not show {goal.words}", do="name another goal")
    yield search.result()
    yield from search.shortened()
    while True:
        before = search.parts
        for parts in search.passes():
            search.take(parts)
            yield search.result()
        if search.parts == before:
            break
    yield replace(search.result(), minimal=True)


class _Search:
    """The log as it is so far, and what was tried."""

    def __init__(self, log: Log, players: Sequence[Player], goal: Goal) -> None:
        self._log, self._players, self._goal = log, players, goal
        self._first = tuple(item for item in log.observations if item.after == 0)
        self._results: dict[str, Sighting | None] = {}
        self.parts = _parts(log)
        self.best: Sighting | None = None
        self.best = self._try(self.parts)

    def result(self) -> Shrunk:
        """The best so far."""
        assert self.best is not None, "only what reaches the goal is taken"
        return Shrunk(self._of(self.parts), self.best, len(self._results))

    def take(self, parts: tuple[_Part, ...]) -> None:
        """Goes on with these, which reach the goal."""
        self.parts, self.best = parts, self._try(parts)

    def shortened(self) -> Iterator[Shrunk]:
        """The log up to the event at which the goal is reached, if that is enough."""
        parts = self.parts[: self.best.seq if self.best else None]
        if len(parts) < len(self.parts) and self._passes(parts):
            self.take(parts)
            yield self.result()

    def passes(self) -> Iterator[tuple[_Part, ...]]:
        """What can go in one round: events, then parts of them, then their names."""
        yield from ddmin(self.parts, lambda parts: parts if self._passes(parts) else None)
        yield from self._simplified()
        yield from self._renamed()

    def _simplified(self) -> Iterator[tuple[_Part, ...]]:
        at = 0
        while at < len(self.parts):
            smaller = next(filter(self._passes, self._simpler(at)), None)
            if smaller is None:
                at += 1
            else:
                yield smaller

    def _simpler(self, at: int) -> Iterator[tuple[_Part, ...]]:
        part = self.parts[at]
        for payload in simpler(part.event.payload):
            event = replace(part.event, payload=payload)
            yield (*self.parts[:at], replace(part, event=event), *self.parts[at + 1 :])

    def _renamed(self) -> Iterator[tuple[_Part, ...]]:
        if any(part.observations for part in self.parts) or self._first:
            return  # a recording names its files as they were
        names = plain_names(play(self._players, self._of(self.parts)))
        parts = tuple(map(_Part, renamed((part.event for part in self.parts), names)))
        if parts != self.parts and self._passes(parts):
            yield parts

    def _passes(self, parts: tuple[_Part, ...]) -> bool:
        return bool(parts) and self._try(parts) is not None

    def _try(self, parts: tuple[_Part, ...]) -> Sighting | None:
        log = self._of(parts)
        if log.fingerprint not in self._results:
            self._results[log.fingerprint] = self._sighting(log)
        return self._results[log.fingerprint]

    def _sighting(self, log: Log) -> Sighting | None:
        try:
            traces = play(self._players, log)
            return next(filter(self._same, self._goal.sightings(traces)), None)
        except Unavailable:
            raise
        except ReplayError:
            # What a player cannot be given at all shows nothing; the whole log is no such.
            if self.best is None:
                raise
            return None

    def _same(self, sighting: Sighting) -> bool:
        """Whether it may stand for the best: only what is the same, unless all would do.

        With less of a log commands often fail elsewhere, since something that they need is gone.
        """
        best = self.best
        if best is None or self._goal.words in (ANY, BEHAVIOUR):
            return True
        return way(best.place, best.values) == way(sighting.place, sighting.values)

    def _of(self, parts: tuple[_Part, ...]) -> Log:
        header = LogHeader(self._log.name, self._log.header.description)
        return Log.of(header, _entries(self._first, parts))


def _parts(log: Log) -> tuple[_Part, ...]:
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
