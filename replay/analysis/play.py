"""Playing a log in several players, with those that are programs of their own at work at once."""

from collections.abc import Callable, Sequence
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
        """Begins to play a log; one at a time."""


def play(players: Sequence[Play], log: Log) -> tuple[Trace, ...]:
    """The traces of a log, in the order of the players."""
    pending = [_begin(player, log) for player in players]
    pairs = zip(players, pending, strict=True)
    return tuple(begun.result() if begun else player(log) for player, begun in pairs)


def _begin(player: Play, log: Log) -> PendingTrace | None:
    return player.begin(log) if isinstance(player, ProgramPlayer) else None
