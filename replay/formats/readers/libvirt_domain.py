"""libvirt's per-domain log: the command line of each start."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from replay.formats.reader import ConversationReader
from replay.formats.readers.libvirt_debug import seconds
from replay.formats.recording import InputLine, Message, weight

START = re.compile(rb"^(?P<date>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\+0000: starting up\b")
MOST = 10_000
"""More lines than any command line has."""

OPTION = re.compile(r"--?[A-Za-z][\w.-]*")


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
            start, time, going_on, words = start + 1, seconds(header["date"]), True, []
        elif going_on:
            going_on = line.text.endswith(b"\\") and len(words) < MOST
            words.append(InputLine(line.origin, line.text.removesuffix(b"\\").strip()))
            if not going_on:
                yield from options(words, time, str(start))


def options(words: Iterable[InputLine], time: float | None, channel: str) -> Iterator[Message]:
    """The options of a command line that stands an argument, or an option with it, a line."""
    parts = [(word.origin, part) for word in words for part in split(word.text)]
    for (origin, name), (_, value) in zip(parts, [*parts[1:], (None, "-")], strict=True):
        if OPTION.fullmatch(name):
            text = "" if OPTION.fullmatch(value) or value == "-" else value
            msg = {"name": name.removeprefix("-").removeprefix("-"), "value": text}
            yield Message(origin, "option", msg, time, channel, weight(text.encode()))


def split(text: bytes) -> list[str]:
    """The words of a line, without the shell's quotes; old logs have none, and odd ones."""
    line = text.decode(errors="replace")
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


READER = ConversationReader("domain", True, why_not, messages, last_is_meant=True)
