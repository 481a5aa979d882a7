"""What changed since the last run, as text."""

from collections.abc import Iterator

from replay.reports.documents.many.history import History, change_rows, run_name, some
from replay.reports.text.page import Piece, block, line

MOST_NAMES = 20
"""So many logs are named that changed in one way; JSON and pages have all."""


def since(history: History) -> Iterator[str | Piece]:
    """Which logs are not as in the run before, by what became of them; nothing of a first run."""
    previous, changes = history.previous, history.runs[-1].changes
    if previous is None or changes is None:
        return
    yield ""
    yield block("", f"Since {run_name(previous)}", hang=4, role="heading")
    rows = [*change_rows(changes)]
    if not rows:
        yield line("  all logs are as they were")
    for text, logs in rows:
        yield block("  ", f"{text}: {some(logs, MOST_NAMES)}", hang=2)
