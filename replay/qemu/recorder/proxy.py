"""Passing bytes between clients and a machine unchanged."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from replay.errors import ReplayError
from replay.qemu.recorder.journal import CLIENT, SERVER, Journal

AT_ONCE = 65536
MOST_FILES = 16
"""How many file descriptors may come with a piece of the traffic."""

GLANCE = 0.2
"""How often it is checked whether all is over, in seconds."""

PATIENCE = 10.0
"""How long a machine may take to listen, and to end when its client has, in seconds."""


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A socket for clients, which is is_gone afterwards. Raises ReplayError if it can't be made."""
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(str(path))
        except OSError as error:
            do = "name another with --listen, or remove it if it is not in use"
            reason = error.strerror or str(error)
            raise ReplayError(f"cannot listen there: {reason}", where=str(path), do=do) from None
        try:
            listener.listen()
            listener.settimeout(GLANCE)
            yield listener
        finally:
            path.unlink(missing_ok=True)


def relay(
    listener: socket.socket, machine: Path, journal: Journal, over: Callable[[], bool]
) -> None:
    """Serves one client after another until the machine is gone or `over` says so."""
    while not over():
        with suppress(TimeoutError):
            client, _ = listener.accept()
            with client:
                server = connect(machine, over)
                if server is None:
                    return
                with server:
                    ended = converse(client, server, journal)
                if ended and is_gone(machine):
                    return


def connect(machine: Path, over: Callable[[], bool]) -> socket.socket | None:
    """A connection to the machine, which may still be starting; None if it is gone."""
    until = time.monotonic() + PATIENCE
    while not over() and time.monotonic() < until:
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(str(machine))
        except ConnectionRefusedError:
            server.close()
            return None
        except OSError:
            server.close()
            time.sleep(GLANCE / 10)
        else:
            return server
    return None


def is_gone(machine: Path) -> bool:
    """Whether nothing greets there any more, as after a kill that left the socket behind.

    A machine that is just ending may still accept connections.
    """
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(PATIENCE)
        try:
            server.connect(str(machine))
            return not server.recv(1)
        except TimeoutError:
            return False
        except OSError:
            return True


def converse(client: socket.socket, server: socket.socket, journal: Journal) -> bool:
    """Passes everything on in both directions until the machine ends the conversation.

    A machine that does not, although its client has, is left after a while. Returns whether the
    machine was the first to end it.
    """
    for sender in (CLIENT, SERVER):
        journal.note(sender, b"")
    ended: list[str] = []
    asking = threading.Thread(target=pass_on, args=(client, server, journal, CLIENT, ended))
    answering = threading.Thread(target=pass_on, args=(server, client, journal, SERVER, ended))
    asking.start()
    answering.start()
    try:
        last = time.monotonic()
        while answering.is_alive() and time.monotonic() < last + PATIENCE:
            answering.join(GLANCE)
            last = time.monotonic() if asking.is_alive() else last
        return ended[:1] == [SERVER]
    finally:
        for side in (client, server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        asking.join()
        answering.join()


def pass_on(
    source: socket.socket, target: socket.socket, journal: Journal, sender: str, ended: list[str]
) -> None:
    """Passes on all that a side sends, open files included, and at last that it has ended."""
    with suppress(OSError):
        while True:
            data, files = receive(source)
            if not data:
                ended.append(sender)
                break
            # Put down first, so that no reply can be there before its command.
            journal.note(sender, data)
            hand_on(target, data, files)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def receive(source: socket.socket) -> tuple[bytes, list[int]]:
    """The next piece of the traffic with the files that come with it; b"" if there is no more."""
    try:
        data, files, _, _ = socket.recv_fds(source, AT_ONCE, MOST_FILES)
    except OSError:
        return b"", []
    return data, files


def hand_on(target: socket.socket, data: bytes, files: list[int]) -> None:
    """Sends a piece of the traffic with the files that came with it."""
    sent = 0
    if files:
        sent = socket.send_fds(target, [data], files)
        for file in files:
            os.close(file)
    target.sendall(data[sent:])
