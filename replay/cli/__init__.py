"""The command line: parse, call, print, exit."""

from replay.cli import logs, model, replays
from replay.cli.app import main

__all__ = ["logs", "main", "model", "replays"]
