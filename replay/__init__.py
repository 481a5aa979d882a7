"""Replay a log of block operations through versions of a program and compare what happens.

import replay

subject = replay.load_subject()
log = replay.read_log("patches/examples/deleted-overlay.jsonl")
with_it, after = subject.variants("with", "after")
difference = replay.diff(replay.replay(log, with_it), replay.replay(log, after))
print(replay.report(replay.attribute(difference)))
"""

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
from replay.errors import (
    BadInput,
    Conflict,
    NotFound,
    NotInLanguage,
    ReplayError,
    StoreError,
    Unavailable,
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
