"""Reports as Markdown for a review."""

from replay.reports.markdown import diff, run

__all__ = ["diff", "run"]
