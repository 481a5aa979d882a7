"""What stands before a message in a log: who sent it, on which monitor, when, how it was logged."""

import re
from datetime import datetime
from typing import NamedTuple

from replay.formats.recording import InputLine

MONITOR = re.compile(
    r"QEMU_MONITOR_(?P<how>SEND_MSG|IO_WRITE|IO_PROCESS|RECV_REPLY|RECV_EVENT):\s*"
    r"mon=(?P<mon>0x[0-9a-f]+)\s*(?:msg|buf|reply|event)=\s*$"
)
LINE = re.compile(r"qemuMonitorJSONIOProcessLine:\s*\d+\s*:\s*Line\s*\[\s*$")
ENTRY = re.compile(
    rb"^\s*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000: ?(?P<thread>\d+): ?(?:\w+ ?:|$)"
)
"""How an entry of libvirt's debug log begins."""

TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ](?P<clock>\d\d:\d\d:\d\d)"
    r"(?P<part>[.,]\d{1,9})?(?P<zone>Z|[+-]\d\d:?\d\d)"
)
MOST_BEFORE = 1000
"""How far before a message its time is looked for, in characters."""

NEW = re.compile(rb"QEMU_MONITOR_NEW: mon=(?P<mon>0x\w+)")
DOMAIN = re.compile(rb"\bvm=0x\w+.{0,40}?\bname='?(?P<name>[^\s',]+)")

SENDERS = {"SEND_MSG": "C", "IO_WRITE": "C"}
RANKS = {"SEND_MSG": 0, "RECV_REPLY": 0, "RECV_EVENT": 0, "IO_WRITE": 1, "LINE": 1, "IO_PROCESS": 2}
"""How finely libvirt tells a message in each of its ways; one may be told in several."""


class LogMark(NamedTuple):
    """How a log tells a message: its way of telling, the sender if known, the monitor, the time.

    `sender` is "C" or "S", "" if the mark does not tell it; `monitor` is an address, "" likewise.
    """

    how: str = ""
    sender: str = ""
    monitor: str = ""
    time: float | None = None

    @property
    def rank(self) -> int:
        """How finely the message is told, the finest 0."""
        return RANKS.get(self.how, 0)


def mark_in(before: str, last: LogMark | None) -> LogMark | None:
    """The mark at the end of the text before an object; None if the object is no message.

    `last` is the mark of the object before, which goes on where nothing stands between.
    """
    # Marks are wrapped like all else, so that they may stand in several lines.
    joined = before[-MOST_BEFORE:].replace("\n", "")
    if monitor := MONITOR.search(joined):
        how = monitor["how"]
        return LogMark(how, SENDERS.get(how, "S"), monitor["mon"], time_in(before))
    if LINE.search(joined):
        return LogMark("LINE", "S", last.monitor if last else "", time_in(before))
    lines = before.rsplit("\n", 1)
    if last and last.how == "IO_PROCESS" and not before.replace("^M", "").strip():
        # What came in is logged as it came, several messages together.
        return last
    if lines[-1].strip() and ENTRY.search(entry_line(before)):
        # Other lines of libvirt show the same messages again, and those of the guest's agent.
        return None
    return LogMark(time=time_in(lines[-1]))


def entry_line(before: str) -> bytes:
    """The last line in which an entry of libvirt's log begins, b"" without one."""
    lines = [line.encode() for line in before.split("\n")]
    return next((line for line in reversed(lines) if ENTRY.match(line)), b"")


def time_in(text: str) -> float | None:
    """The last time in a text that says its zone, in seconds since 1970; None without one."""
    moments = list(TIME.finditer(text[-MOST_BEFORE:]))
    if not moments:
        return None
    moment = moments[-1]
    part = (moment["part"] or ".0").replace(",", ".")[:7]
    zone = moment["zone"].replace("Z", "+00:00")
    try:
        return datetime.fromisoformat(
            f"{moment['date']} {moment['clock']}{part:0<7}{zone}"
        ).timestamp()
    except (ValueError, OverflowError):
        return None


class MonitorNames:
    """Which conversation an address means: a domain's name, or the address; one can come again."""

    def __init__(self) -> None:
        self._started: dict[bytes, bytes] = {}
        self._names: dict[str, str] = {}
        self._uses: dict[str, int] = {}

    def learn(self, line: InputLine) -> None:
        """Takes from a line which domain a thread works on, and that a conversation begins."""
        start = ENTRY.match(line.text)
        if start is None or b"QEMU_MONITOR_IO" in line.text:
            return
        if domain := DOMAIN.search(line.text):
            self._started[start["thread"]] = domain["name"]
        elif new := NEW.search(line.text):
            address = new["mon"].decode()
            self._names.pop(address, None)
            self.name_of(address, self._started.get(start["thread"]))

    def name_of(self, address: str, domain: bytes | None = None) -> str:
        """The name of the conversation that this address means now."""
        if address not in self._names:
            name = domain.decode(errors="replace") if domain else address
            self._uses[name] = self._uses.get(name, 0) + 1
            again = self._uses[name]
            self._names[address] = name if again == 1 else f"{name}-{again}"
        return self._names[address]
