"""The qemu.qmp.log of Incus."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from replay.formats.conversation_reader import ConversationReader
from replay.formats.message import readable
from replay.formats.recording import InputLine, Message

LINE = re.compile(rb"^\[(?P<time>[^\]]{1,40})\] (?P<what>QUERY|REPLY|EVENT): (?P<text>\{.*)$")


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(LINE.match(line.text) for line in head)
    return "" if matches else "no line begins with [TIME] QUERY: {"


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The messages of the file; their times are whole seconds."""
    for line in lines:
        match = LINE.match(line.text)
        if match:
            sender = "C" if match["what"] == b"QUERY" else "S"
            yield readable(InputLine(line.origin, match["text"]), sender, seconds(match["time"]))


def seconds(text: bytes) -> float | None:
    """The time in seconds since 1970, in UTC if it tells no zone; None if it is none."""
    try:
        moment = datetime.fromisoformat(text.decode())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


READER = ConversationReader("incus", True, why_not, messages)
