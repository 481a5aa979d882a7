"""Playing a log in several players, with those that are programs of their own at work at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from replay.engine.trace import Trace
from replay.events.event import Log

Play = Callable[[Log], Trace]
"""What makes a trace of a log."""


class PendingTrace(Protocol):
    """The trace of a log that is being played."""

    def result(self) -> Trace:
        """The trace, when the log is over. Raises what playing it does."""


@runtime_checkable
class ProgramPlayer(Protocol):
    """A player that is a program of its own, so that others need not wait for it."""

    def begin(self, log: Log) -> PendingTrace:
        """Begins to play a log, when those that were begun before are over."""


def play(players: Sequence[Play], log: Log) -> tuple[Trace, ...]:
    """The traces of a log, in the order of the players."""
    return _Pending(players, log).result()


def play_all(lanes: Sequence[Sequence[Play]], logs: Iterable[Log]) -> Iterator[tuple[Trace, ...]]:
    """The traces of logs, in their order, by several sets of like players at once."""
    waiting: deque[_Pending] = deque()
    for number, log in enumerate(logs):
        if len(waiting) == len(lanes):
            yield waiting.popleft().result()
        waiting.append(_Pending(lanes[number % len(lanes)], log))
    while waiting:
        yield waiting.popleft().result()


class _Pending:
    """A log that the programs among some players play, and the others when it is waited for."""

    def __init__(self, players: Sequence[Play], log: Log) -> None:
        self._players, self._log = players, log
        self._begun = [_begin(player, log) for player in players]

    def result(self) -> tuple[Trace, ...]:
        pairs = zip(self._players, self._begun, strict=True)
        return tuple(begun.result() if begun else player(self._log) for player, begun in pairs)


def _begin(player: Play, log: Log) -> PendingTrace | None:
    return player.begin(log) if isinstance(player, ProgramPlayer) else None
