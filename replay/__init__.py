"""Replay a log of block operations through versions of a program and compare what happens.

import replay

subject = replay.load_subject()
log = replay.read_log("patches/examples/deleted-overlay.jsonl")
with_it, after = subject.variants("with", "after")
difference = replay.diff(replay.replay(log, with_it), replay.replay(log, after))
print(replay.report(replay.attribute(difference)))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from replay.errors import (
    BadInput,
    Conflict,
    NotFound,
    NotInLanguage,
    ReplayError,
    StoreError,
    Unavailable,
)

if TYPE_CHECKING:
    from replay.api import (
        attribute,
        bisect,
        check,
        diff,
        explain,
        load_subject,
        observe,
        open_store,
        perform,
        read_log,
        read_logs,
        replay,
        report,
    )

__version__ = "0.1.0"

__all__ = [
    "BadInput",
    "Conflict",
    "NotFound",
    "NotInLanguage",
    "ReplayError",
    "StoreError",
    "Unavailable",
    "attribute",
    "bisect",
    "check",
    "diff",
    "explain",
    "load_subject",
    "observe",
    "open_store",
    "perform",
    "read_log",
    "read_logs",
    "replay",
    "report",
]


def __getattr__(name: str) -> Any:
    """The functions of replay.api, which are imported when the first of them is asked for.

    The command line begins with this module, and its help needs none of them.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("replay.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
