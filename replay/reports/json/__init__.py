"""Reports as JSON documents: an object type for each, a function that makes it of a report."""

from replay.reports.json import bisect, check, conform, diff, explain, log, run

__all__ = ["bisect", "check", "conform", "diff", "explain", "log", "run"]
