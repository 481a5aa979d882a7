"""Expected output of QEMU's own tests: messages as they were printed, filtered and often alone.

Filters leave bare words for numbers.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from replay.ingest.json_texts import Scanner
from replay.ingest.messages import readable
from replay.ingest.recording import Line, Message

FORMAT = "iotests"
PARTIAL = True

TITLE = b"QA output created by"
FILTERED = re.compile(rb"(?<=[:,\[ ])(?:TIMESTAMP|SIZE|OFFSET|NUMBER)\b")
START = re.compile(rb"^[^{]{0,80}(?=\{)")


def lacks(head: Sequence[Line]) -> str:
    """What the first line would have in a file of this format; "" if it has all."""
    return "" if head[0].text.startswith(TITLE) else "the first line is not QA output created by"


def messages(lines: Iterable[Line]) -> Iterator[Message]:
    """The messages of the file."""
    scanner = Scanner()
    for line in lines:
        if scanner.depth == 0 and not START.match(line.text):
            continue
        for text in scanner.feed(line):
            yield readable(Line(text.origin, filled(text.text)))


def filled(text: bytes) -> bytes:
    """JSON in place of what the filters left."""
    return FILTERED.sub(b"0", text)
