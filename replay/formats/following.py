"""Following a recording while it grows: each message once, as soon as it is whole."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BufferedReader, BytesIO
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import msgspec

from replay.errors import BadInput
from replay.formats.packing import Source, readable
from replay.formats.read import open_input
from replay.formats.reader import ImportOptions, NoMessages
from replay.formats.recording import InputLine, Message, display_name
from replay.formats.replies import pair
from replay.formats.secrets import Cleaner
from replay.formats.start.command_line import given
from replay.formats.start.events import GIVEN
from replay.formats.text_lines import text_lines

SECONDS = 0.5
"""How long it waits between two looks at the file, at least."""

SHARE = 4
"""A look takes longer the larger the file is; so many times as long it waits."""

HELD = 8
"""So many of the last messages wait for the next look, for a finer telling may still come."""

SENDERS = {"command": "C", "option": "O"}


def follow(
    path: Path, options: ImportOptions, keep: Callable[[Sequence[bytes]], None]
) -> Iterator[int]:
    """Gives the messages of a file to `keep` as lines of QMP traffic, for as long as it is read on.

    Yields after each look how many messages were kept. Raises BadInput for a file that cannot be
    read, that has several conversations, or whose beginning changes.
    """
    earlier: list[bytes] = []
    size, waited = -1, False
    while True:
        began = monotonic()
        with readable(display_name(path)):
            now = path.stat().st_size
        if now != size or not waited:
            waited = now == size
            size = now
            lines = list(traffic(path, options))
            if lines[: len(earlier)] != earlier:
                do = "import it by itself; what came before can be finished as it is"
                raise BadInput("its beginning has changed", where=display_name(path), do=do)
            new = lines[
                len(earlier) : len(lines) if waited else max(len(lines) - HELD, len(earlier))
            ]
            if new:
                keep(new)
                earlier += new
        yield len(earlier)
        sleep(max(SECONDS, SHARE * (monotonic() - began)))


def traffic(path: Path, options: ImportOptions) -> Iterator[bytes]:
    """The messages in a file so far, as lines of QMP traffic without secrets."""
    name = display_name(path)
    try:
        reader, input, _ = open_input(Source(name, whole_lines(path, name)), options.format)
        messages = reader.part(input, options)
    except (NoMessages, EmptyFile):
        return
    cleaner = Cleaner()
    for message in answered(messages):
        yield traffic_line(cleaner.clean(message))


class EmptyFile(BadInput):
    """A file has no whole line yet."""


def whole_lines(path: Path, name: str) -> Iterator[InputLine]:
    """The lines of a file that have ended. Raises EmptyFile if there is none."""
    with readable(name):
        data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    if not data[:end].strip():
        raise EmptyFile("the file is empty", where=name)
    return text_lines(name, BufferedReader(BytesIO(data[:end])))


def answered(messages: Sequence[Message]) -> Iterable[Message]:
    """The messages, but for replies to commands that came before the file began."""
    replies = {id(reply) for reply in pair(messages, True, Counter()).values()}
    return [m for m in messages if m.role != "reply" or id(m) in replies]


def drive_lines(drives: Iterable[str]) -> Iterator[bytes]:
    """The drives of the start that the user tells, as lines of QMP traffic.

    Raises BadInput for one that cannot be understood.
    """
    for drive in drives:
        given(drive)
        option = {"name": GIVEN, "value": drive}
        yield msgspec.json.encode({"t": None, "dir": "O", "msg": option})


def traffic_line(message: Message) -> bytes:
    """A message as a line of QMP traffic; what is lost as the reason why."""
    msg: Any = message.msg
    if message.role in ("lost", "sight"):
        msg = {"lost": str(message.msg.get("error", message.role))}
    if message.role == "connection":
        msg = {"client": "connected"}
    sender = SENDERS.get(message.role, message.msg.get("sender", "S"))
    return msgspec.json.encode({"t": message.time, "dir": sender, "msg": msg})
