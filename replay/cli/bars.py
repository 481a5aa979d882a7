"""The bars on a terminal: a line for each of what is being worked through."""

from functools import cache

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.text import Text

from replay.cli.progress_bar import WAIT, progress


class ProgressText(ProgressColumn):
    """A bar's words."""

    def render(self, task: Task) -> Text:
        """How far it has come."""
        seconds = max(task.elapsed or 0, WAIT)
        return Text(progress(int(task.completed), int(task.total or 0), seconds, task.description))


@cache
def bars() -> Progress:
    """A line for each of what is being worked through, the innermost last."""
    bar = BarColumn(20, complete_style="cyan", finished_style="cyan")
    return Progress(bar, ProgressText(), console=Console(stderr=True), transient=True)
