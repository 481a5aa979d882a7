"""The command line: parse, call, print, exit."""

from replay.cli.app import main

__all__ = ["main"]
