"""What two processes and a cluster bring, on a machine whose speed changes from minute to minute.

    python -m tests.bench.turns [--logs N] [--turn SECONDS] [-- COMMAND...]

runs a command, by default `diff --all`, over the logs of `scale.py` with one process, with two, and
with the two workers of a Dask cluster, all at once and in turns: one way goes on for so many
seconds while the others are stopped. What else the machine does is so met by all alike, and until
the end: a turn is the shorter the faster its way is meant to be. Prints the seconds in which each
way went on.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.bench.scale import cluster, fill, mixed

MEANT = {"one": 1.0, "two": 1.8, "dask": 1.6}
"""How many times as fast as one process each way is meant to be."""

WAITS = 0.2
"""Seconds between two looks whether a cluster is there."""


class Way:
    """A command with all processes that work for it, which are stopped but in its turns."""

    def __init__(self, command: Sequence[str], *others: "subprocess.Popen[bytes]") -> None:
        self.seconds = 0.0
        self._command = group(command)
        self._groups = (*others, self._command)
        self._send(signal.SIGSTOP)

    @property
    def is_over(self) -> bool:
        """Whether the command has ended."""
        return self._command.poll() is not None

    def go_on(self, seconds: float) -> None:
        """Lets it go on for so long, or to its end."""
        self._send(signal.SIGCONT)
        began = time.monotonic()
        with suppress(subprocess.TimeoutExpired):
            self._command.wait(seconds)
        self.seconds += time.monotonic() - began
        self._send(signal.SIGSTOP)

    def end(self) -> None:
        """Ends all that is left of it."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        for each in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(each.pid, number)


def group(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """A process of Python that leads a group of its own."""
    words = [sys.executable, "-m", *command]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, start_new_session=True)


@contextmanager
def ways(place: Path, db: Path, words: Sequence[str]) -> Iterator[dict[str, Way]]:
    """The ways of running a replay command, none of which has begun."""
    file = place / "address"
    of_cluster = group(["tests.bench.turns", "--cluster", str(file)])
    while not file.exists():
        if of_cluster.poll() is not None:
            raise SystemExit("there is no cluster: pip install '.[dask]'")
        time.sleep(WAITS)
    command = ["replay", "--db", str(db), *words]
    made = {
        "one": Way([*command, "--workers", "1"]),
        "two": Way([*command, "--workers", "2"]),
        "dask": Way([*command, "--scheduler", file.read_text()], of_cluster),
    }
    try:
        yield made
    finally:
        for way in made.values():
            way.end()


def serve(file: Path) -> None:
    """Begins a cluster, writes where it is, and waits to be ended."""
    with cluster(file.parent) as client:
        beside = file.with_suffix(".part")
        beside.write_text(client.scheduler.address)
        beside.rename(file)
        signal.pause()


def main() -> None:
    """Makes the corpus, measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--logs", type=int, default=20_000)
    parser.add_argument("--turn", type=float, default=30.0)
    parser.add_argument("--cluster", type=Path)
    parser.add_argument("words", nargs="*", default=["diff", "--all"])
    options = parser.parse_args()
    if options.cluster:
        serve(options.cluster)
        return
    with tempfile.TemporaryDirectory() as place:
        db = Path(place) / "replay.db"
        fill(str(db), mixed(options.logs))
        with ways(Path(place), db, options.words) as made:
            while any(not way.is_over for way in made.values()):
                for name, way in made.items():
                    if not way.is_over:
                        way.go_on(options.turn / MEANT[name])
                print({name: round(way.seconds) for name, way in made.items()}, file=sys.stderr)
    one = made["one"].seconds
    print(f"{' '.join(options.words)} of {options.logs} logs, turns of {options.turn:g} s at most")
    for name, way in made.items():
        print(f"  {name}: {way.seconds:.1f} s ({one / way.seconds:.2f} times as fast)")


if __name__ == "__main__":
    main()
