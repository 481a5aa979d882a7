"""Transcripts with -> and <-, or C: and S:, before each message."""

import re
from collections.abc import Iterable, Iterator, Sequence

from replay.formats.json_scanner import Scanner
from replay.formats.message import readable
from replay.formats.reader import ConversationReader
from replay.formats.recording import InputLine, Message

MARK = re.compile(rb"^[\s>*#]*(?P<who>->|<-|C:|S:)\s*(?=\{)")
SENDERS = {b"->": "C", b"C:": "C", b"<-": "S", b"S:": "S"}


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(MARK.match(line.text) for line in head)
    return "" if matches else "no line begins with -> { or <- {, C: { or S: {"


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The messages of the file. A mark begins a message whatever became of the one before."""
    scanner, sender = Scanner(), ""
    for line in lines:
        mark = MARK.match(line.text)
        if mark:
            scanner.drop()
            sender = SENDERS[mark["who"]]
            line = InputLine(line.origin, line.text[mark.end() :])
        for text in scanner.feed(line) if sender else ():
            yield readable(text, sender)
            sender = ""


READER = ConversationReader("transcript", False, why_not, messages)
