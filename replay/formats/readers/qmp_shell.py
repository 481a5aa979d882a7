"""Sessions of qmp-shell -v, with or without -p."""

import re
from collections.abc import Iterable, Iterator, Sequence

from replay.formats.json_scanner import objects
from replay.formats.message import readable
from replay.formats.reader import ConversationReader
from replay.formats.recording import InputLine, Message

PROMPTS = re.compile(rb"^(?:\(QEMU\) |TRANS> )+")


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(PROMPTS.match(line.text) for line in head)
    return "" if matches else "no line begins with the prompt (QEMU)"


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The messages of the file; what was typed is told again by the request that was made."""
    shown = (InputLine(line.origin, PROMPTS.sub(b"", line.text)) for line in lines)
    return (readable(text) for text in objects(shown))


READER = ConversationReader("qmp-shell", False, why_not, messages)
