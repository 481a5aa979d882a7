"""The command line: parse, call, print, exit."""

from replay.cli.app import main
from replay.cli.commands import (
    bisect,
    builds,
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

__all__ = [
    "bisect",
    "builds",
    "check",
    "conform",
    "database",
    "diff",
    "explain",
    "graph",
    "logs",
    "main",
    "model",
    "record",
    "reproduce",
    "run",
]
