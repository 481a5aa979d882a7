"""Expected outputs of QEMU's own iotests.

Filters leave bare words for numbers.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from replay.formats.json_scanner import Scanner
from replay.formats.message import readable
from replay.formats.reader import ConversationReader
from replay.formats.recording import InputLine, Message

TITLE = b"QA output created by"
FILTERED = re.compile(rb"(?<=[:,\[ ])(?:TIMESTAMP|SIZE|OFFSET|NUMBER)\b")
START = re.compile(rb"^[^{]{0,80}(?=\{)")


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first line is not of this format; "" means that it is."""
    return "" if head[0].text.startswith(TITLE) else "the first line is not QA output created by"


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The messages of the file."""
    scanner = Scanner()
    for line in lines:
        if scanner.depth == 0 and not START.match(line.text):
            continue
        for text in scanner.feed(line):
            yield readable(InputLine(text.origin, filled(text.text)))


def filled(text: bytes) -> bytes:
    """JSON in place of what the filters left."""
    return FILTERED.sub(b"0", text)


READER = ConversationReader("iotests", True, why_not, messages)
