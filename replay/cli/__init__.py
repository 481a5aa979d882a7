"""The command line: parse, call, print, exit."""

from replay.cli import causes, logs, model, replays
from replay.cli.app import main

__all__ = ["causes", "logs", "main", "model", "replays"]
