"""libvirt's per-domain log: the command line of each start."""

import re
from collections.abc import Iterable, Iterator, Sequence

from replay.formats.conversation_reader import ConversationReader
from replay.formats.recording import InputLine, Message
from replay.formats.text.marks import time_in
from replay.formats.text.options import options

START = re.compile(rb"^(?P<date>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\+0000: starting up\b")
MOST = 10_000
"""More lines than any command line has."""


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(START.match(line.text) for line in head)
    return "" if matches else "no line says DATE+0000: starting up"


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The options of every start; each start is a conversation of its own."""
    start = 0
    words: list[InputLine] = []
    going_on, time = False, None
    for line in lines:
        if header := START.match(line.text):
            start, time, going_on, words = (
                start + 1,
                time_in(header["date"].decode() + "+00:00"),
                True,
                [],
            )
        elif going_on:
            going_on = line.text.endswith(b"\\") and len(words) < MOST
            words.append(InputLine(line.origin, line.text.removesuffix(b"\\").strip()))
            if not going_on:
                yield from options(words, time, str(start))


def domain_in(options: Iterable[Message]) -> str:
    """The domain's name in its options, "" if they have none."""
    for option in options:
        if option.msg["name"] == "name":
            first, _, _ = str(option.msg["value"]).partition(",")
            return first.removeprefix("guest=")
    return ""


READER = ConversationReader("domain", True, why_not, messages, last_is_meant=True)
