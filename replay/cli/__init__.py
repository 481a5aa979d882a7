"""The command line: parse, call, print, exit."""

from replay.cli import (
    care,
    causes,
    conformance,
    diffs,
    graphs,
    logs,
    model,
    recording,
    replays,
    reproducing,
)
from replay.cli.app import main

__all__ = [
    "care",
    "causes",
    "conformance",
    "diffs",
    "graphs",
    "logs",
    "main",
    "model",
    "recording",
    "replays",
    "reproducing",
]
