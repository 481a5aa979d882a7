"""The command line: parse, call, print, exit."""

from replay.cli.app import main
from replay.cli.commands import conform as conformance
from replay.cli.commands import database as care
from replay.cli.commands import diff as diffs
from replay.cli.commands import explain as causes
from replay.cli.commands import graph as graphs
from replay.cli.commands import logs, model
from replay.cli.commands import record as recording
from replay.cli.commands import reproduce as reproducing
from replay.cli.commands import run as replays

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
