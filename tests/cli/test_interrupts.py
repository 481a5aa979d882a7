"""A signal ends a command wherever it comes."""

import signal
import sys
import time
import weakref

import pytest

from replay.cli.interrupts import Interrupted, interruptible


class Held:
    """Something that a weak reference can be to."""


def test_a_signal_that_comes_while_an_object_is_taken_away_is_not_lost():
    held = Held()
    sends = weakref.ref(held, lambda _: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(Interrupted, match="SIGTERM"), interruptible():
        del held
        time.sleep(20)
    assert sends() is None


def test_another_error_that_is_dropped_there_is_shown(capsys):
    held = Held()
    fails = weakref.ref(held, lambda _: 1 // 0)
    with interruptible():
        del held
    assert fails() is None
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_what_shows_dropped_errors_is_what_it_was_afterwards():
    before = sys.unraisablehook
    with interruptible():
        assert sys.unraisablehook is not before
    assert sys.unraisablehook is before
