"""The command line: parse, call, print, exit."""

from replay.cli.app import main
from replay.cli.commands import (
    bisect,
    check,
    conform,
    database,
    diff,
    explain,
    graph,
    logs,
    model,
    record,
    reproduce,
    run,
)
from replay.cli.commands.search import cover, hunt, shrink, touched

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
