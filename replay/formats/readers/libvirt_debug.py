"""libvirtd's debug log, which holds the QMP traffic of several machines.

What is sent is told when it is queued (SEND_MSG) and again when it is written (IO_WRITE); what
comes in as it was received (IO_PROCESS, all that old logs have) and again message by message.
The finer telling is taken where a conversation has it.
"""

import quopri
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from replay.formats.json_scanner import Scanner
from replay.formats.message import readable
from replay.formats.reader import ConversationReader
from replay.formats.recording import InputLine, Message, weight, within_memory

QUOTED = re.compile(rb"^[> ]*> ?")
START = re.compile(
    rb"^(?P<date>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\+0000: (?P<thread>\d+): \w+ : "
)
TALK = re.compile(
    rb"QEMU_MONITOR_(?P<what>SEND_MSG|IO_WRITE|IO_PROCESS|RECV_REPLY|RECV_EVENT): "
    rb"mon=(?P<mon>0x\w+) (?:msg|buf|reply|event)="
)
NEW = re.compile(rb"QEMU_MONITOR_NEW: mon=(?P<mon>0x\w+)")
DOMAIN = re.compile(rb"\bvm=0x\w+.{0,40}?\bname='?(?P<name>[^\s',]+)")
LONGEST = 100_000
"""How long a line may become that a mail program cut into pieces, in bytes."""

SENDERS = {"SEND_MSG": "C", "IO_WRITE": "C"}
COARSE = {"IO_WRITE": ("SEND_MSG",), "IO_PROCESS": ("RECV_REPLY", "RECV_EVENT")}
"""The tellings that are left out of a conversation that has one of the finer ones."""


class LoggedText(NamedTuple):
    """A JSON text in the log: how it was told, in which conversation, when."""

    what: str
    channel: str
    time: float | None
    text: InputLine


def why_not(head: Sequence[InputLine]) -> str:
    """Why the first lines are not of this format; "" means that they are."""
    matches = any(TALK.search(line.text) or start_of(line) for line in head)
    return "" if matches else "no line begins as DATE+0000: THREAD: debug : or has QEMU_MONITOR_"


def start_of(line: InputLine) -> re.Match[bytes] | None:
    """The beginning that all entries of the log have."""
    return START.match(QUOTED.sub(b"", line.text))


def messages(lines: Iterable[InputLine]) -> Iterator[Message]:
    """The messages of all conversations, each told once."""
    everything = list(
        within_memory(logged_texts(unwrapped(lines)), lambda logged: weight(logged.text.text))
    )
    kinds = {(logged.channel, logged.what) for logged in everything}
    for logged in everything:
        finer = COARSE.get(logged.what, ())
        if not any((logged.channel, what) in kinds for what in finer):
            yield readable(logged.text, SENDERS.get(logged.what, "S"), logged.time, logged.channel)


def unwrapped(lines: Iterable[InputLine]) -> Iterator[InputLine]:
    """The lines as they were before a mail program quoted and wrapped them."""
    begun: InputLine | None = None
    printable = False
    for line in lines:
        text = QUOTED.sub(b"", line.text).removesuffix(b"^M")
        printable = printable or b"mon=3D0x" in text
        begun = (
            InputLine(begun.origin, begun.text + text) if begun else InputLine(line.origin, text)
        )
        if printable and text.endswith(b"=") and len(begun.text) < LONGEST:
            begun = InputLine(begun.origin, begun.text[:-1])
            continue
        yield InputLine(begun.origin, quopri.decodestring(begun.text)) if printable else begun
        begun = None
    if begun:
        yield begun


def logged_texts(lines: Iterable[InputLine]) -> Iterator[LoggedText]:
    """Every JSON text that a monitor sent or got; one may go on for several lines."""
    names = Names()
    scanner, going_on = Scanner(), LoggedText("", "", None, InputLine(None, b""))  # type: ignore[arg-type]
    for line in lines:
        names.learn(line)
        talk = TALK.search(line.text)
        start = START.match(line.text)
        if talk or start:
            scanner.drop()
            going_on = LoggedText("", "", None, line)
        if talk:
            time = seconds(start["date"]) if start else None
            going_on = LoggedText(talk["what"].decode(), names.of(talk["mon"]), time, line)
            line = InputLine(line.origin, line.text[talk.end() :])
        for text in scanner.feed(line) if going_on.what else ():
            yield going_on._replace(text=text)


class Names:
    """Which conversation an address means: a domain's name, or the address; one can come again."""

    def __init__(self) -> None:
        self._started: dict[bytes, bytes] = {}
        self._names: dict[bytes, str] = {}
        self._uses: dict[str, int] = {}

    def learn(self, line: InputLine) -> None:
        """Takes from a line which domain a thread works on, and that a conversation begins."""
        start = START.match(line.text)
        if start is None or b"QEMU_MONITOR_IO" in line.text:
            return
        if domain := DOMAIN.search(line.text):
            self._started[start["thread"]] = domain["name"]
        elif new := NEW.search(line.text):
            self._names.pop(new["mon"], None)
            self.of(new["mon"], self._started.get(start["thread"]))

    def of(self, address: bytes, domain: bytes | None = None) -> str:
        """The name of the conversation that this address means now."""
        if address not in self._names:
            name = (domain or address).decode(errors="replace")
            self._uses[name] = self._uses.get(name, 0) + 1
            again = self._uses[name]
            self._names[address] = name if again == 1 else f"{name}-{again}"
        return self._names[address]


def seconds(text: bytes) -> float | None:
    """The time of an entry; None for no real date."""
    try:
        return (
            datetime.strptime(text.decode(), "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()
        )
    except ValueError:
        return None


READER = ConversationReader("libvirtd", True, why_not, messages)
