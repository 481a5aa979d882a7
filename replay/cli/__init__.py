"""The command line: parse, call, print, exit."""

from replay.cli import care, causes, logs, model, replays
from replay.cli.app import main

__all__ = ["care", "causes", "logs", "main", "model", "replays"]
