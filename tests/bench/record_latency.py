"""How much longer a command and its reply take through the recorder than directly.

    python -m tests.bench.record_latency

prints the medians of a thousand rounds in microseconds, what the recorder adds, and the ratio to
the baseline, which is the same client at the same machine without a recorder.
"""

import socket
import statistics
import tempfile
import time
from pathlib import Path

from tests.qemu.peers import GREETING, Machine, command, connected, received, recorder

ROUNDS = 1000
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


def main() -> None:
    """Measures both in this run."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        Machine(place / "machine").start()
        with connected(place / "machine") as client:
            direct = median(client)
        words = ("--qmp", str(place / "machine"), "--listen", str(place / "here"))
        with recorder(place, *words), connected(place / "here") as client:
            recorded = median(client)
    added = recorded - direct
    print(f"direct   {direct * 1e6:5.0f} us")
    print(
        f"recorded {recorded * 1e6:5.0f} us, {recorded / direct:.1f} x; {added * 1e6:.0f} us more"
    )


if __name__ == "__main__":
    main()
