"""Players that are programs of their own work at once; the traces come in the players' order."""

from threading import Barrier, Thread

import pytest

from replay.analysis.play import play
from replay.engine.replay import replay
from tests.qemu.machines import BASE, SUBJECT, log_of

LOG = log_of(BASE)
MODEL = SUBJECT.variant("after")


class Program:
    """A player that ends only when all others have begun."""

    def __init__(self, barrier, name):
        self._barrier, self._name = barrier, name

    def __call__(self, log):
        raise AssertionError("others would wait for it")

    def begin(self, log):
        trace = replay(log, MODEL).renamed(self._name)
        thread = Thread(target=self._barrier.wait, args=(10,), daemon=True)
        thread.start()
        return Pending(thread, trace, self._barrier)


class Pending:
    """Its trace."""

    def __init__(self, thread, trace, barrier):
        self._thread, self._trace, self._barrier = thread, trace, barrier

    def result(self):
        self._thread.join()
        assert not self._barrier.broken
        return self._trace


@pytest.mark.parametrize("at", [0, 1, 2])
def test_programs_work_at_once_and_traces_keep_their_order(at):
    barrier = Barrier(2)
    players = [Program(barrier, "old"), Program(barrier, "new")]
    players.insert(at, lambda log: replay(log, MODEL))
    names = ["old", "new"]
    names.insert(at, "after")
    assert [trace.player.name for trace in play(players, LOG)] == names
