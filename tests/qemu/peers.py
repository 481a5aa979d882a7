"""A machine's end of a monitor, and a command line that records it, in processes of their own."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
GREETING = b'{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 9}}}}\r\n'


class Machine(threading.Thread):
    """Answers every line with what `answer` makes of it, one client after another."""

    def __init__(self, path: Path, answer=lambda line: b'{"return": {}}\r\n') -> None:
        super().__init__(daemon=True)
        self.heard = b""
        self.files: list[int] = []
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._client: socket.socket | None = None
        self._path = path

    def run(self) -> None:
        while True:
            try:
                self._client, _ = self._listener.accept()
            except OSError:
                return
            self._client.sendall(GREETING)
            waiting = b""
            while True:
                try:
                    data, files, _, _ = socket.recv_fds(self._client, 65536, 8)
                except OSError:
                    break
                if not data:
                    break
                self.heard += data
                self.files += files
                waiting += data
                *lines, waiting = waiting.split(b"\n")
                for line in lines:
                    self._client.sendall(self._answer(line))
            self._client.close()

    def end(self, cleanly: bool = True) -> None:
        """The machine is gone, and its socket with it if it could remove that."""
        if cleanly:
            self._path.unlink()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._client is not None:
            try:
                self._client.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._client.close()


@contextmanager
def recorder(directory: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command line `replay record`, which is killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "replay", "--db", str(directory / "db"), "record", *words],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def connected(path: Path, seconds: float = 30) -> socket.socket:
    """A connection, once somebody listens."""
    until = time.monotonic() + seconds
    while True:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(str(path))
        except OSError:
            client.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            client.settimeout(seconds)
            return client


def received(client: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer if the other side ends."""
    found = b""
    while len(found) < size and (part := client.recv(65536)):
        found += part
    return found


def command(name: str, **arguments: object) -> bytes:
    """A command as clients send it."""
    return json.dumps({"execute": name, "arguments": arguments}).encode() + b"\r\n"
