"""Laying a page out in a terminal's width and colours."""

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
    """The page as the console's terminal takes it, perhaps without colours."""
    width = max(console.width, NARROWEST)
    signs = UnicodeSigns()
    with console.use_theme(THEME), console.capture() as capture:
        for role, line in page.laid(width):
            text = Text(line, style=ROLES[role])
            if role != "faint":
                signs.highlight(text)
            console.print(text, soft_wrap=True)
    return capture.get()
