"""Sessions of qmp-shell -v, with or without -p."""

import re
from collections.abc import Iterable, Iterator, Sequence

from replay.ingest.json_texts import objects
from replay.ingest.messages import readable
from replay.ingest.recording import Line, Message

FORMAT = "qmp-shell"
PARTIAL = False

PROMPTS = re.compile(rb"^(?:\(QEMU\) |TRANS> )+")


def lacks(head: Sequence[Line]) -> str:
    """What the first lines would have in a file of this format; "" if they have all."""
    found = any(PROMPTS.match(line.text) for line in head)
    return "" if found else "no line begins with the prompt (QEMU)"


def messages(lines: Iterable[Line]) -> Iterator[Message]:
    """The messages of the file; what was typed is told again by the request that was made."""
    shown = (Line(line.origin, PROMPTS.sub(b"", line.text)) for line in lines)
    return (readable(text) for text in objects(shown))
