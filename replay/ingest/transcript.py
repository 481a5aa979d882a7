"""Transcripts as documents show them: `->` and `<-`, or `C:` and `S:`, before each message."""

import re
from collections.abc import Iterable, Iterator, Sequence

from replay.ingest.json_texts import Scanner
from replay.ingest.messages import readable
from replay.ingest.recording import Line, Message

FORMAT = "transcript"
PARTIAL = False

MARK = re.compile(rb"^[\s>*#]*(?P<who>->|<-|C:|S:)\s*(?=\{)")
SENDERS = {b"->": "C", b"C:": "C", b"<-": "S", b"S:": "S"}


def lacks(head: Sequence[Line]) -> str:
    """What the first lines would have in a file of this format; "" if they have all."""
    found = any(MARK.match(line.text) for line in head)
    return "" if found else "no line begins with -> { or <- {, C: { or S: {"


def messages(lines: Iterable[Line]) -> Iterator[Message]:
    """The messages of the file. A mark begins a message whatever became of the one before."""
    scanner, sender = Scanner(), ""
    for line in lines:
        mark = MARK.match(line.text)
        if mark:
            scanner.drop()
            sender = SENDERS[mark["who"]]
            line = Line(line.origin, line.text[mark.end() :])
        for text in scanner.feed(line) if sender else ():
            yield readable(text, sender)
            sender = ""
