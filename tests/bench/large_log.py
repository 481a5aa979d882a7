"""What it takes to import, list and export a native log of a gigabyte.

    python tests/bench/large_log.py [MEGABYTES [BYTES_PER_EVENT]]

makes it in a scratch directory and prints the seconds and the most memory that each command took,
and how many times longer that is than the baseline: the same lines as text into a table of
sqlite3's, in one transaction.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

HEADER = '{"replay_log":1,"name":"large"}\n'


def lines(megabytes: int, size: int) -> Iterator[str]:
    """The lines of a log of so many events of this size that it has so many megabytes."""
    yield HEADER
    text = "x" * (size - 80)
    for number in range(megabytes * 1_000_000 // size):
        yield (
            f'{{"kind":"command","channel":"qmp","name":"x","arguments":{{"at":{number:9},'
            f'"text":"{text}"}}}}\n'
        )


def baseline(log: Path, db: Path) -> float:
    """Seconds that sqlite3 takes for the lines alone."""
    began = time.perf_counter()
    connection = sqlite3.connect(db, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE lines (number INTEGER PRIMARY KEY, text TEXT)")
    connection.execute("BEGIN IMMEDIATE")
    with log.open() as file:
        rows = ((line,) for line in file)
        while chunk := list(islice(rows, 1000)):
            connection.executemany("INSERT INTO lines (text) VALUES (?)", chunk)
    connection.execute("COMMIT")
    connection.close()
    return time.perf_counter() - began


def run(*words: str | Path) -> tuple[float, int]:
    """Seconds that a replay command took, and KiB of memory at most."""
    began = time.perf_counter()
    started = subprocess.Popen([sys.executable, "-m", "replay", *map(str, words)])
    _, status, used = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode:
        raise SystemExit(started.returncode)
    return time.perf_counter() - began, used.ru_maxrss


def main() -> None:
    """Makes the log and measures."""
    given = [int(word) for word in sys.argv[1:]]
    megabytes, size = [*given, *(1000, 10_000)[len(given) :]]
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        log, db = place / "large.jsonl", place / "replay.db"
        with log.open("w") as file:
            file.writelines(lines(megabytes, size))
        base = baseline(log, place / "baseline.db")
        print(f"{log.stat().st_size / 1e9:.2f} GB; baseline {base:.1f} s")
        commands = {
            "import": ("import", log),
            "import again": ("import", log),
            "verify": ("verify", "large"),
            "export": ("export", "large", "-o", place / "exported"),
        }
        for what, words in commands.items():
            seconds, memory = run("--db", db, *words)
            print(f"{what:13}{seconds:7.1f} s  {seconds / base:5.1f} x  {memory / 1024:5.0f} MiB")


if __name__ == "__main__":
    main()
