"""Cutting traffic into messages and storing them, without delaying the traffic."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any

import msgspec

from replay.errors import ReplayError
from replay.events.event import Origin
from replay.events.json_form import parse_payload
from replay.formats.conversation import meaning
from replay.formats.json_scanner import Scanner
from replay.formats.message import message
from replay.formats.recording import InputLine, Message
from replay.formats.secrets import Cleaner
from replay.formats.start.events import GIVEN

CLIENT, SERVER, OPTION = "C", "S", "O"
"""The sender; an option is of the command line that started the machine."""

SECONDS = 0.5
"""How long a message may wait before it is kept."""

ORIGIN = Origin("traffic", 0)

Sent = tuple[float, str, bytes]
"""The time, the sender and the bytes; b"" where a connection begins."""


class Journal:
    """An open journal; a context manager that closes it.

    What passes is only put into a queue. A thread takes it from there, cuts it into messages,
    replaces secrets, and gives them as lines of traffic to `keep`, which returns when they are
    on the disk. If it raises ReplayError, `failure` and a call of `warn` say so; the traffic goes
    on, and the lines are given to `keep` again.
    """

    def __init__(
        self, keep: Callable[[Sequence[bytes]], None], warn: Callable[[ReplayError], None]
    ) -> None:
        self.failure: ReplayError | None = None
        self._keep = keep
        self._warn = warn
        self._lines: list[bytes] = []
        self._sent: deque[Sent] = deque()
        self._scanners = {CLIENT: Scanner(), SERVER: Scanner()}
        self._cleaner = Cleaner()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal")
        self._thread.start()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def note(self, sender: str, data: bytes) -> None:
        """Puts down what was sent now. Never waits and never fails."""
        self._sent.append((time.time(), sender, data))

    def options(self, words: Iterable[tuple[str, str]]) -> None:
        """Puts down the options that the machine is started with."""
        for name, value in words:
            self.note(OPTION, msgspec.json.encode({"name": name, "value": value}))

    def drives(self, words: Iterable[str]) -> None:
        """Puts down what the user says of drives."""
        self.options((GIVEN, word) for word in words)

    def close(self) -> None:
        """Returns when everything is on the disk, or `failure` says why not."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        """Gives away what was sent since the last time, and what could not be kept then."""
        pieces = [self._sent.popleft() for _ in range(len(self._sent))]
        self._lines += [line for piece in pieces for line in self._lines_of(*piece)]
        try:
            if self._lines:
                self._keep(self._lines)
        except ReplayError as error:
            if self.failure is None:
                self._warn(error)
            self.failure = error
        else:
            self.failure = None
            self._lines = []

    def _lines_of(self, when: float, sender: str, data: bytes) -> Iterator[bytes]:
        if sender == OPTION:
            option = Message(ORIGIN, "option", msgspec.json.decode(data), when)
            yield line(when, sender, self._cleaner.clean(option).msg)
            return
        scanner = self._scanners[sender]
        if not data:
            scanner.drop()
            if sender == CLIENT:
                yield line(when, sender, {"client": "connected"})
        try:
            for text in scanner.feed(InputLine(ORIGIN, data)):
                yield self._message(text, when, sender)
        except ReplayError as error:
            scanner.drop()
            yield line(when, sender, {"lost": error.what})

    def _message(self, text: InputLine, when: float, sender: str) -> bytes:
        """The line of a message; for other bytes only the reason, since they may hold secrets."""
        try:
            cleaned = self._cleaner.clean(message(text, sender, when))
            if (raw := meaning(cleaned)) is not None:
                parse_payload(raw)
        except ReplayError as error:
            return line(when, sender, {"lost": error.what})
        return line(when, sender, cleaned.msg)


def line(when: float, sender: str, msg: Any) -> bytes:
    """A line of traffic, without its newline."""
    return msgspec.json.encode({"t": when, "dir": sender, "msg": msg})
