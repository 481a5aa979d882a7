"""The headlines of diffs as text."""

from collections.abc import Sequence

from replay.reports import words
from replay.reports.documents.headline import HeadlineReport
from replay.reports.text.page import Page, listing


def headlines(reports: Sequence[HeadlineReport]) -> Page:
    """A headline a line; of several logs, each after its log's name."""
    if len(reports) == 1:
        return listing([str(reports[0].headline)])
    return listing(f"{words.escape(report.log)}: {report.headline}" for report in reports)
