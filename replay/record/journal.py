"""The journal: a file of QMP traffic that grows while the traffic passes."""

import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import msgspec

from replay.errors import ReplayError
from replay.events import Origin
from replay.ingest.cleaning import Cleaner
from replay.ingest.json_texts import Scanner
from replay.ingest.messages import message
from replay.ingest.recording import Line, Message

CLIENT, SERVER, OPTION = "C", "S", "O"
"""Who said it; an option is one of the command line that started the machine."""

SECONDS = 0.5
"""How long a message may wait before it is on the disk."""

Heard = tuple[float, str, bytes]
"""When, who, and what; b"" where a connection begins."""


class Journal:
    """An open journal; a context manager that closes it.

    What passes is only put into a queue. A thread takes it from there, cuts it into messages,
    replaces secrets, writes and flushes. If the disk fails, `failure` says so and the traffic
    goes on. `lost` counts what was no message.
    """

    def __init__(self, path: Path) -> None:
        """Makes the file. Raises ReplayError if it is there already or can't be made."""
        self.lost = 0
        self.messages = 0
        self.failure: OSError | None = None
        self._origin = Origin(str(path), 0)
        self._heard: deque[Heard] = deque()
        self._scanners = {CLIENT: Scanner(), SERVER: Scanner()}
        self._cleaner = Cleaner()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal")
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            do = "name another file with -o"
            raise ReplayError(f"cannot be made: {error.strerror}", where=str(path), do=do) from None
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
        self._heard.append((time.time(), sender, data))

    def options(self, words: Iterable[tuple[str, str]]) -> None:
        """Puts down the options that the machine is started with."""
        for name, value in words:
            self.note(OPTION, msgspec.json.encode({"name": name, "value": value}))

    def close(self) -> None:
        """Returns when everything is on the disk, or `failure` says why not."""
        if not self._closing.is_set():
            self._closing.set()
            self._thread.join()
            os.close(self._file)

    def _run(self) -> None:
        while not self._closing.wait(SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        """Writes what was heard since the last time, whole lines at once."""
        heard = [self._heard.popleft() for _ in range(len(self._heard))]
        lines = b"".join(line for one in heard for line in self._lines(*one))
        if not lines or self.failure:
            return
        try:
            while lines:
                lines = lines[os.write(self._file, lines) :]
            os.fdatasync(self._file)
        except OSError as error:
            self.failure = error

    def _lines(self, when: float, sender: str, data: bytes) -> Iterator[bytes]:
        if sender == OPTION:
            option = Message(self._origin, "option", msgspec.json.decode(data), when)
            yield self._line(option, sender)
            return
        scanner = self._scanners[sender]
        if not data:
            scanner.drop()
        try:
            for text in scanner.feed(Line(self._origin, data)):
                yield from self._message(text, when, sender)
        except ReplayError:
            self.lost += 1
            scanner.drop()

    def _message(self, text: Line, when: float, sender: str) -> Iterator[bytes]:
        try:
            said = message(text, sender, when)
        except ReplayError:
            self.lost += 1
        else:
            yield self._line(said, sender)

    def _line(self, said: Message, sender: str) -> bytes:
        self.messages += 1
        msg = self._cleaner.clean(said).msg
        return msgspec.json.encode({"t": said.time, "dir": sender, "msg": msg}) + b"\n"
