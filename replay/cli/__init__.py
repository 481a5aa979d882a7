"""The command line: parse, call, print, exit."""

from replay.cli.app import main
from replay.cli.commands import (
    bisect,
    check,
    conform,
    cover,
    database,
    diff,
    explain,
    graph,
    hunt,
    logs,
    model,
    record,
    reproduce,
    run,
    shrink,
    touched,
)

__all__ = [
    "bisect",
    "check",
    "conform",
    "cover",
    "database",
    "diff",
    "explain",
    "graph",
    "hunt",
    "logs",
    "main",
    "model",
    "record",
    "reproduce",
    "run",
    "shrink",
    "touched",
]
