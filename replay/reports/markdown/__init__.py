"""Reports as Markdown for a review."""

from replay.reports.markdown import bisect, check, conform, diff, explain, run

__all__ = ["bisect", "check", "conform", "diff", "explain", "run"]
