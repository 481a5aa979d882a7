"""What a terminal showed, of text with the escape sequences that moved its cursor."""

import re

PIECE = re.compile(
    r"\x1b\[(?P<count>\d*)(?P<move>[CDK])|\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b\][^\x07]*\x07"
    r"|\x1b.|(?P<back>\x08)|(?P<home>\r)|(?P<char>[^\x1b\x08\r])",
    re.DOTALL,
)

MOST_STEPS = 10_000
"""A cursor is moved no further than any terminal is wide."""


def shown_line(text: str) -> str:
    """A line as it stood on the screen when all was typed."""
    if "\x1b" not in text and "\x08" not in text and "\r" not in text:
        return text
    cells: list[str] = []
    cursor = 0
    for piece in PIECE.finditer(text.rstrip("\r")):
        if char := piece["char"]:
            cells[cursor : cursor + 1] = [char]
            cursor += 1
        elif piece["back"]:
            cursor = max(cursor - 1, 0)
        elif piece["home"]:
            cursor = 0
        elif move := piece["move"]:
            steps = min(int(piece["count"][:5] or "1"), MOST_STEPS)
            if move == "D":
                cursor = max(cursor - steps, 0)
            elif move == "C":
                cursor = min(cursor + steps, len(cells))
            else:
                del cells[cursor:]
    return "".join(cells)
