"""How long a message takes longer for passing through the recorder."""

import socket
import statistics
import time

from tests.record.peers import GREETING, Machine, command, connected, received, recorder

ROUNDS = 1000
MOST_SECONDS = 0.001
ASKED = command("query-block")
ANSWERED = b'{"return": {}}\r\n'


def median(client: socket.socket) -> float:
    """The median time of a command and its reply, in seconds."""
    received(client, len(GREETING))
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        client.sendall(ASKED)
        received(client, len(ANSWERED))
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def test_recording_adds_less_than_a_millisecond_at_the_median(tmp_path):
    Machine(tmp_path / "machine").start()
    with connected(tmp_path / "machine") as client:
        direct = median(client)
    words = ("--qmp", str(tmp_path / "machine"), "--listen", str(tmp_path / "here"))
    with recorder(tmp_path, *words), connected(tmp_path / "here") as client:
        recorded = median(client)
    print(f"direct {direct * 1e6:.0f} us, recorded {recorded * 1e6:.0f} us")
    assert recorded - direct < MOST_SECONDS
