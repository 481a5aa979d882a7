"""Printing pages at the terminal's width and in colour."""

import sys
from contextlib import suppress

from rich.cells import cell_len
from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.text import Text
from rich.theme import Theme

from replay.reports.text.page import Page, TextStyle

NARROWEST = 40
"""Columns below which a page is not laid out any narrower."""

ROLES: dict[TextStyle, str] = {
    "": "",
    "faint": "dim",
    "headline": "bold",
    "heading": "bold",
    "patch": "bold",
    "behaviour": "bold magenta",
    "state": "cyan",
}

Printable = str | Page
"""What a command prints: a text for programs and other tools, or a page for people."""


class UnicodeSigns(RegexHighlighter):
    """What stands out in a line, by the words and signs that plain text has too."""

    base_style = "sign."
    highlights = (
        r"(?P<set>(?<!\S)\+[A-Za-z]\w*)",
        r"(?P<cleared>(?<!\S)-[A-Z]\w*)",
        r"^ +(?P<set>\+ \S+)",
        r"^ +(?P<cleared>- (file )?\S+)",
        r"(?<!\S)(?P<arrow>->|<--)(?!\S)",
        r"(?<![^\s(])(?P<seq>#\d+(-#\d+)?)\b",
        r"(?<![^\s(])(?P<sha>(?=\d*[a-f])(?=[a-f]*\d)([0-9a-f]{8}|[0-9a-f]{12}|[0-9a-f]{40}))\b",
        r"(?<![\w/.-])(?P<bad>refused|crashed|unlinked|breached)(?![\w/-])",
    )


THEME = Theme(
    {
        "sign.set": "green",
        "sign.cleared": "red",
        "sign.arrow": "bold",
        "sign.seq": "cyan",
        "sign.sha": "yellow",
        "sign.bad": "red",
    }
)


def shown(page: Page, console: Console) -> str:
    """The page as the console's terminal takes it, which may know no colours or be told so."""
    width = max(console.width, NARROWEST)
    signs = UnicodeSigns()
    with console.use_theme(THEME), console.capture() as capture:
        for role, line in page.laid(width):
            for part in folded(line, width):
                text = Text(part, style=ROLES[role])
                if role != "faint":
                    signs.highlight(text)
                console.print(text, soft_wrap=True)
    return capture.get()


def folded(line: str, width: int) -> list[str]:
    """A line that is too long in several, between words; they go on below its last column."""
    hang = _hang(line, width)
    lines = []
    while cell_len(line) > width and (at := _break(line, hang, width)) > 0:
        lines.append(line[:at].rstrip())
        line = " " * hang + line[at:].lstrip()
    return [*lines, line]


def _hang(line: str, width: int) -> int:
    """Where the last column begins, else a little further in than the line."""
    indent = len(line) - len(line.lstrip())
    column = line.rfind("  ", indent) + 2
    return column if indent < column - 1 and column <= width // 2 else indent + 4


def _break(line: str, hang: int, width: int) -> int:
    """The last space up to which the line fits, else the first one behind; -1 if there is none."""
    at = line.rfind(" ", hang, width + 1)
    while at > hang and cell_len(line[:at]) > width:
        at = line.rfind(" ", hang, at)
    return at if at > hang else line.find(" ", max(hang, 1) + 1)


def print_note(message: str) -> None:
    """A line on standard error, as far as that takes it."""
    lines = folded(message, Console(stderr=True).width) if sys.stderr.isatty() else [message]
    with suppress(OSError):
        print(*lines, sep="\n", file=sys.stderr)
