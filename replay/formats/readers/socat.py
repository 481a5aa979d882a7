"""The output of socat -v on a QMP socket."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from replay.formats.conversation_reader import ConversationReader
from replay.formats.json_scanner import Scanner
from replay.formats.message import readable
from replay.formats.recording import InputLine, Message

# A piece that ends within a line is followed by the next header in that line.
HEADER = re.compile(
    rb"(?P<way>[<>]) (?P<date>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)\.\d*?(?P<micro>\d{6})"
    rb"\s+length=\d+ from=\d+ to=\d+$"
)
ESCAPED = re.compile(rb"\\(.)")
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f"}


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(HEADER.search(line.text) for line in head)
    return "" if matches else "no header as > DATE length=N from=A to=B"


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The messages of both ways. A piece may hold several, and one may be in several pieces."""
    ways = {b">": Scanner(), b"<": Scanner()}
    way, time = b"", None
    for line in lines:
        header = HEADER.search(line.text)
        data = line.text[: header.start()] if header else line.text
        if way and data:
            unescaped = ESCAPED.sub(lambda escape: ESCAPES.get(escape[1], escape[1]), data)
            for text in ways[way].feed(InputLine(line.origin, unescaped)):
                yield readable(text, "C" if way == b">" else "S", time)
        if header:
            way, time = header["way"], seconds(header["date"], header["micro"])


def seconds(date: bytes, micro: bytes) -> float | None:
    """The time of a header, whose zone is not told and taken as UTC; None for no real date."""
    try:
        moment = datetime.strptime(date.decode(), "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment.timestamp() + int(micro) / 1_000_000


READER = ConversationReader(
    "socat", True, why_not, messages, clock_remark="its times tell no zone and count as UTC"
)
