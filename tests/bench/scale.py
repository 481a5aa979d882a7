"""What more processes, a cluster and another database bring, and what they take.

    python -m tests.bench.scale [--quick] [--logs N] [--rounds N] [--only WORD]

makes a corpus in a scratch directory and prints what commands take with one process, with two, and
with the two workers of a Dask cluster on this machine; then what both databases take. --quick is
done in five minutes, --only takes the rows that have a word. Each row has the least time of its
rounds, which take turns.

A machine may have other work. So beside the time stands that of the processors: of the process
that hands out, and of all who work. `two idle` is how many times as fast two idle processors would
be by that: the time of one process over that of the one that hands out and half of the workers'.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from replay.events.event import Log, Origin
from replay.formats.recording import Recording
from replay.store.event_store import open_store
from tests import postgresql
from tests.bench.corpus import Kind, corpus
from tests.random_logs import THEMES
from tests.random_logs import log as random_log

REVISIONS = 24


class Taken(NamedTuple):
    """Seconds on the clock, and of processors: of the command's process, and of all workers."""

    clock: float
    own: float
    workers: float = 0.0
    peak: int = 0

    @property
    def idle(self) -> float:
        """Seconds that it would take where two workers have a processor each."""
        return self.own + self.workers / 2


class Row(NamedTuple):
    """What is measured: how, and what it takes by how it is done."""

    name: str
    ways: dict[str, Callable[[], Taken]]
    items: int


def main() -> None:
    """Makes the corpus, measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--logs", type=int)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    logs = options.logs or (200 if options.quick else 20_000)
    print(f"{logs} logs, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors", flush=True)
    with tempfile.TemporaryDirectory() as place, cluster(Path(place)) as client:
        db = Path(place) / "replay.db"
        fill(str(db), mixed(logs))
        for row in rows(db, logs, client, options.depth - options.quick):
            if options.only in row.name:
                print_row(row, options.rounds)
        if options.only in "databases":
            databases(Path(place), 2_000 if options.quick else 20_000, max(options.rounds, 3))


def mixed(count: int) -> Iterator[Log]:
    """So many logs: half of them like others but for their names, half of them like none."""
    alike = corpus(Kind.RICH, count // 2, max(count // 200, 5), events=40)
    themes = [*THEMES]
    unlike = (random_log(f"{n:06}_{themes[n % len(themes)]}") for n in range(count - count // 2))
    for pair in zip(alike, unlike, strict=False):
        yield from pair


def fill(where: str, logs: Iterable[Log]) -> None:
    """Stores logs."""
    with open_store(where) as store:
        store.add(Recording(log.header, iter(log.entries()), Origin("made", 1)) for log in logs)


# Commands


def rows(db: Path, logs: int, client: Any, depth: int) -> Iterator[Row]:
    """The commands, each with one process, with two, and with the cluster."""
    series = import_module("replay.api").load_subject().series.patches
    points = [patch.sha[:10] for patch in series[-REVISIONS:]]
    commands = {
        "diff --all, three variants": (logs, ["diff", "--all"]),
        f"diff --all --quiet, {REVISIONS} revisions": (logs, ["diff", *points, "--all", "--quiet"]),
        "check --all": (logs, ["check", "--all", "--format", "json"]),
        f"hunt, depth {depth}": (
            1,
            [*("hunt", "with", "after", "--no-store", "--start", "chain"), "--depth", str(depth)],
        ),
    }
    address = client.scheduler.address
    for name, (items, words) in commands.items():
        ways = {
            "one": lambda words=words: run(db, words, "--workers", "1"),
            "two": lambda words=words: run(db, words, "--workers", "2"),
            "dask": lambda words=words: run(db, words, "--scheduler", address, client=client),
        }
        yield Row(name, ways, items)


def run(db: Path, words: Iterable[str], *who: str, client: Any = None) -> Taken:
    """What a command takes, with the workers that it begins or those of a cluster."""
    command = [
        sys.executable,
        "-m",
        "tests.bench.scale",
        "--as-replay",
        "--db",
        str(db),
        *words,
        *who,
    ]
    before = processor_time(client)
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    _, errors = process.communicate()
    clock = time.monotonic() - began
    own, children, peak = map(float, errors.splitlines()[-1].split())
    workers = children if client is None else processor_time(client) - before
    return Taken(clock, own, workers, int(peak))


def as_replay(words: list[str]) -> None:
    """The command itself, which says at the end what it took."""
    import resource  # noqa: PLC0415

    from replay.cli import main as replay  # noqa: PLC0415

    sys.argv = ["replay", *words]
    try:
        replay()
    finally:
        own, children = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        times = [usage.ru_utime + usage.ru_stime for usage in (own, children)]
        print(*times, max(own.ru_maxrss, children.ru_maxrss), file=sys.stderr)


def processor_time(client: Any) -> float:
    """Seconds of processors that the workers of a cluster have taken."""
    return sum(client.run(os_times).values()) if client is not None else 0.0


def os_times() -> float:
    """The same of this process."""
    taken = os.times()
    return taken.user + taken.system


@contextmanager
def cluster(place: Path) -> Iterator[Any]:
    """Two workers of this machine, each a process, and their scheduler."""
    distributed = import_module("distributed")
    options = {"dashboard_address": None, "local_directory": str(place / "dask")}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as local,
        distributed.Client(local) as client,
    ):
        yield client


def print_row(row: Row, rounds: int) -> None:
    """Measures a row, in turns, and prints it."""
    taken: dict[str, list[Taken]] = {way: [] for way in row.ways}
    for _ in range(rounds):
        for way, measure in row.ways.items():
            taken[way].append(measure())
    best = {way: min(found, key=lambda it: it.clock) for way, found in taken.items()}
    one = best["one"]
    print(f"{row.name}: one {one.clock:.1f} s, {one.own:.1f} s of a processor", flush=True)
    print(f"  {one.own / row.items * 1000:.1f} ms of a processor each, peak {one.peak >> 10} MiB")
    for way in [*best][1:]:
        it = best[way]
        print(
            f"  {way}: {it.clock:.1f} s ({one.clock / it.clock:.2f} times as fast);"
            f" handing out {it.own:.1f} s, workers {it.workers:.1f} s of processors:"
            f" two idle {one.own / it.idle:.2f} times; peak {it.peak >> 10} MiB",
            flush=True,
        )


# Databases


def databases(place: Path, count: int, rounds: int) -> None:
    """What storing and reading small logs takes in both databases."""
    recordings = [*corpus(Kind.RICH, count, 200, events=10)]
    with postgresql.running_server() as server:
        best: dict[tuple[str, str], float] = {}
        for number in range(rounds):
            wheres = {"sqlite": str(place / f"{number}.db"), "postgresql": server.database()}
            for kind, where in wheres.items():
                for what, seconds in database(where, recordings):
                    best[kind, what] = min(seconds, best.get((kind, what), seconds))
    for what in dict.fromkeys(what for _, what in best):
        lite, server_time = best["sqlite", what], best["postgresql", what]
        print(
            f"{what} of {count} logs of 10 events: sqlite {count / lite:.0f} logs a second,"
            f" postgresql {count / server_time:.0f}, {lite / server_time:.2f} times as fast"
        )


def database(where: str, recordings: list[Log]) -> Iterator[tuple[str, float]]:
    """The seconds of each thing that is done with one database."""
    with open_store(where):
        pass
    yield "import", clock(lambda: fill(where, recordings))
    with open_store(where) as store:
        names = [info.name for info in store.logs()]
        yield "texts", clock(lambda: [*store.texts()])
        yield "load", clock(lambda: [*map(store.load, names[:1000])]) * len(names) / 1000


def clock(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


if __name__ == "__main__":
    if sys.argv[1:2] == ["--as-replay"]:
        as_replay(sys.argv[2:])
    else:
        main()
