"""The lines of a text, however it is encoded, within limits."""

import io
from collections.abc import Callable, Iterator
from io import BufferedReader
from itertools import count

from replay.errors import BadInput
from replay.events.event import Origin
from replay.formats.recording import MAX_LINE, InputLine

MOST_BLANK = 2_000_000
"""More blank lines than any text has. Passing over them takes time, and no place in a bomb."""

BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
SAMPLE = 1024
"""How much of a text shows how it is encoded, in bytes."""


def text_lines(name: str, content: BufferedReader) -> Iterator[InputLine]:
    """The lines of a text that are not blank, numbered from 1, as UTF-8 if it shows its encoding.

    Raises BadInput for a line longer than any message.
    """
    lines = decoded(content)
    blank = 0
    for number in count(1):
        text = lines(MAX_LINE + 1)
        if not text:
            return
        if len(text) > MAX_LINE:
            raise BadInput(f"a line longer than {MAX_LINE} bytes", where=f"{name}:{number}")
        if not text.isspace():
            yield InputLine(Origin(name, number), text.rstrip(b"\r\n"))
            continue
        blank += 1
        if blank > MOST_BLANK:
            raise BadInput(f"more than {MOST_BLANK} blank lines", where=f"{name}:{number}")


def decoded(content: BufferedReader) -> Callable[[int], bytes]:
    """What reads a line of a text of at most so many bytes, as UTF-8."""
    encoding = encoding_of(content.peek(SAMPLE)[:SAMPLE])
    if not encoding:
        return content.readline
    text = io.TextIOWrapper(content, encoding, errors="replace", newline="\n")
    return lambda most: text.readline(most).encode(errors="replace")


def encoding_of(start: bytes) -> str:
    """The encoding that the beginning of a text shows, "" if it is UTF-8 or shows none."""
    for mark, encoding in BOMS:
        if start.startswith(mark):
            return encoding
    # Without a mark: text of mostly ASCII has a NUL in every other byte.
    half = len(start) // 2
    if half >= 2 and start[1::2].count(0) > half * 0.7 and not start[::2].count(0):
        return "utf-16-le"
    if half >= 2 and start[::2].count(0) > half * 0.7 and not start[1::2].count(0):
        return "utf-16-be"
    return ""
