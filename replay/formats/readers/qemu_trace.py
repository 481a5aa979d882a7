"""QEMU's trace log: commands, replies and the flags of opened nodes."""

import re
from collections.abc import Iterable, Iterator, Sequence

from replay.formats.conversation_reader import ConversationReader
from replay.formats.message import readable
from replay.formats.recording import InputLine, Message, weight

PREFIX = rb"^(?:\d+@(?P<time>\d{1,12}\.\d{1,9}):)?"
TALK = re.compile(
    PREFIX + rb"(?:(?P<sent>handle_qmp_command)|monitor_qmp_respond)"
    rb" mon (?P<mon>\w+) (?:req|resp): (?P<text>\{.*)$"
)
SIGHT = re.compile(
    PREFIX + rb'(?P<name>\w+) bs \w+ filename "(?P<file>.*)" '
    rb'flags (?P<flags>0x[0-9a-f]{1,16}) format_name "(?P<format>[^"]*)"$'
)


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(TALK.match(line.text) or SIGHT.match(line.text) for line in head)
    return "" if matches else "no line tells of a command, a reply or an opened file"


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The messages of the file. What was opened is of every conversation in it."""
    for line in lines:
        if talk := TALK.match(line.text):
            sender = "C" if talk["sent"] else "S"
            text = InputLine(line.origin, talk["text"])
            yield readable(text, sender, seconds(talk["time"]), talk["mon"].decode())
        elif sight := SIGHT.match(line.text):
            yield sighted(line, sight)


def sighted(line: InputLine, sight: re.Match[bytes]) -> Message:
    """What a line tells of an opened file."""
    msg = {
        "name": sight["name"].decode(errors="replace"),
        "filename": sight["file"].decode(errors="replace"),
        "flags": int(sight["flags"], 16),
        "driver": sight["format"].decode(errors="replace"),
    }
    return Message(line.origin, "sight", msg, seconds(sight["time"]), size=weight(line.text))


def seconds(text: bytes | None) -> float | None:
    """The time of a line, if it has one."""
    return float(text) if text else None


READER = ConversationReader("qemu-trace", True, why_not, messages)
