"""Reports as text for a terminal or a file."""

from replay.reports.text import bisect, check, conform, diff, explain, log, run

__all__ = ["bisect", "check", "conform", "diff", "explain", "log", "run"]
