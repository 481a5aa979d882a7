"""How long it takes to list and to find logs when there are 100,000 of them.

    python tests/bench/many_logs.py [LOGS]

makes a database of them in a scratch directory and prints the medians of five rounds, in seconds.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from replay.events.event import Event, Guest, LogHeader, Origin
from replay.formats.read import Recording
from replay.store.event_store import open_store

ROUNDS = 5


def recordings(count: int) -> Iterator[Recording]:
    """Logs of two events, no two alike."""
    for number in range(count):
        name = f"log{number:06}"
        events = (Event(Guest("read", name, sector, 1)) for sector in range(2))
        yield Recording(LogHeader(name, "one of many"), events, Origin(f"{name}.jsonl", 1))


def median(call: Callable[[], object]) -> float:
    """Seconds that the call takes."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Makes the database and measures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "replay.db"
        with open_store(path) as store:
            store.add(recordings(count))
            print(f"{count} logs")
            print(f"list   {median(store.logs):.3f} s")
            print(f"select {median(lambda: store.load(f'log{count // 2:06}')):.3f} s")
            print(f"holds  {median(lambda: store.holds(f'log{count // 2:06}')):.3f} s")


if __name__ == "__main__":
    main()
