"""How often Python looks for cycles of objects that nothing else refers to.

Nearly all that is made stays until the work is done, with few cycles in it. To look through all of
it again and again takes a fifth longer.
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (50_000, 20, 50)
"""New objects after which Python looks at the young ones, and how often at older ones then."""


def look_for_garbage_seldom() -> None:
    """Lets Python look for cycles when there may be some, from now on."""
    gc.set_threshold(*SELDOM)


def leave_garbage_to_the_system() -> None:
    """Lets Python end without looking for cycles in all that there is, which takes seconds."""
    atexit.register(gc.freeze)


@contextmanager
def seldom_looking_for_garbage() -> Iterator[None]:
    """The same as long as it lasts, in a process that others work in too."""
    before = gc.get_threshold()
    look_for_garbage_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
