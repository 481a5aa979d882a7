"""How fast everything is, as ratios against baselines that are measured in the same run.

    python -m tests.bench.speed [--quick] [--json FILE] [--only WORD] [--rounds N]

prints a table, and writes the same as JSON. Seconds are those of the processor, of a process and
its children, so that other work on the machine counts little; each ratio is the median of rounds
in which all rows are measured one after another. `--quick` takes fewer and smaller logs.
"""

import argparse
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from compileall import compile_dir
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from replay.engine.corpus import Corpus
from replay.engine.replay import advance, replay
from replay.engine.transitions.request import request
from replay.events import pages
from replay.events.event import Log
from replay.events.json_form import event_line, header_line
from replay.formats.read import read
from replay.garbage import look_for_garbage_seldom
from replay.qemu.conformance.compare import compare
from replay.qemu.conformance.expected import open_recordings
from replay.store.event_store import open_store
from replay.variants.variant import Subject, Variant, load_subject, resolve
from tests import traces
from tests.bench.corpus import Kind, corpus, log

ROOT = Path(__file__).parents[2]
PATCHES = ROOT / "patches"
EXAMPLE = PATCHES / "examples" / "deleted-overlay.jsonl"
LONG = 1000
"""Events of a log that is long for a user."""


class Sizes(NamedTuple):
    """How many logs and scripts each kind of corpus has, and how long the longest log is.

    `revised` are those that are compared in many revisions.
    """

    rich: tuple[int, int]
    odd: tuple[int, int]
    unique: tuple[int, int]
    imported: int
    events: int
    revised: int


FULL = Sizes((10_000, 200), (1_000, 200), (200, 200), 10_000, 1_000_000, 1000)
QUICK = Sizes((300, 10), (60, 20), (20, 20), 300, 12_000, 20)


class Sample(NamedTuple):
    """What one round took, ours and the baseline, in seconds of the processor or in megabytes."""

    ours: float
    base: float


class Row(NamedTuple):
    """What is measured. `is_speed`: the ratio says how much of the baseline's speed is reached;

    else how many times the baseline's cost it takes.
    """

    what: str
    baseline: str
    at_least: float
    aim: float
    is_speed: bool
    measure: Callable[[], Sample]

    def ratio(self, sample: Sample) -> float:
        """The ratio that the table shows."""
        return sample.base / sample.ours if self.is_speed else sample.ours / sample.base

    def reaches(self, ratio: float, wanted: float) -> bool:
        """Whether a ratio is as good as wanted."""
        return ratio >= wanted if self.is_speed else ratio <= wanted


# Whole commands


def seconds(*words: str | Path) -> float:
    """Seconds of the processor that a program takes; its exit status may be 0 or 1."""
    return measured(*words).ours


def measured(*words: str | Path) -> Sample:
    """Seconds of the processor and megabytes at most that a program takes."""
    command = [sys.executable, *map(str, words)]
    with tempfile.TemporaryFile() as errors:
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, cwd=ROOT)
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode()
    if started.returncode not in (0, 1) or "Traceback" in said:
        raise SystemExit(f"{command} ended with {started.returncode}: {said}")
    return Sample(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


class Commands:
    """Commands on a database of its own, into which the logs that they name are imported."""

    def __init__(self, place: Path) -> None:
        compile_dir(ROOT / "replay", quiet=1)  # else the first round would do it
        self._db = place / "commands.db"
        self.long = write_log(place / "long.jsonl", log(Kind.RICH, 1, 1, LONG))
        for file in (self.long, EXAMPLE):
            seconds("-m", "replay", "--db", self._db, "import", file)

    def sample(self, ours: Iterable[str | Path], base: Iterable[str | Path]) -> Sample:
        """Our command against another of ours."""
        return Sample(self.seconds(ours), self.seconds(base))

    def against(self, libraries: str, *ours: str | Path) -> Sample:
        """Our command against the import of these libraries."""
        return Sample(self.seconds(ours), seconds("-c", f"import {libraries}"))

    def seconds(self, words: Iterable[str | Path]) -> float:
        """Seconds of the processor that our command takes."""
        return seconds("-m", "replay", "--db", self._db, *words)


def write_log(path: Path, *logs: Log) -> Path:
    """The file with these logs in the native form."""
    with path.open("wb") as file:
        for one in logs:
            file.write(header_line(one.header))
            file.writelines(map(event_line, one.events))
    return path


# Parts of the program, each in a process of its own, so that nothing is remembered


def part(name: str, *words: str | Path | int) -> Sample:
    """What a part measures in a new process."""
    command = [sys.executable, "-m", "tests.bench.speed", "--part", name, *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)
    return Sample(*json.loads(done.stdout))


def clock(work: Callable[[], object]) -> float:
    """Seconds of the processor that something takes in this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def subject_variants(*expressions: str) -> tuple[Subject, tuple[Variant, ...]]:
    """The bundled subject, and some of its variants."""
    subject = load_subject(PATCHES)
    return subject, tuple(resolve(subject, word, {}) for word in expressions)


def scan(db: str) -> None:
    """The baseline of corpora: all rows of the events as sqlite3 gives them."""
    for _ in sqlite3.connect(db).execute("SELECT * FROM events"):
        pass


def compare_all(corpus: Corpus, db: str, most: int | None = None) -> None:
    """The divergences of every log in a database, or of so many."""
    with open_store(db) as store:
        for stored in islice(store.texts(), most):
            if stored.text is None or corpus.shared_divergences(stored.text) is None:
                corpus.divergences(store.load(stored.name))


def measure_corpus(db: str) -> Sample:
    """Three variants, with the divergences of every log."""
    _, variants = subject_variants("before", "with", "after")
    ours = clock(lambda: compare_all(Corpus(variants), db))
    return Sample(ours, clock(lambda: scan(db)))


def measure_revisions(db: str, warm: str, logs: str) -> Sample:
    """24 revisions against one."""
    subject, _ = subject_variants()
    points = [patch.sha[:10] for patch in subject.series.patches[-24:]]
    many, one = ([resolve(subject, word, {}) for word in words] for words in (points, points[-1:]))
    taken = []
    for variants in (one, many):  # in this order, since the first leaves its transitions behind
        corpus = Corpus(variants)
        if warm == "warm":
            compare_all(corpus, db, int(logs))
        taken.append(clock(lambda corpus=corpus: compare_all(corpus, db, int(logs))))
    return Sample(*reversed(taken))


def measure_import(file: str, place: str) -> Sample:
    """A file of logs to committed rows, against the same rows by sqlite3 alone."""
    ours, base = Path(place) / "ours.db", Path(place) / "base.db"
    for db in (ours, base):
        db.unlink(missing_ok=True)

    def add() -> None:
        with open_store(ours) as store:
            store.add(read(file))

    with open_store(ours):
        pass
    taken = clock(add)
    connection = sqlite3.connect(ours)
    (table,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone()
    rows = connection.execute("SELECT * FROM events").fetchall()

    def insert() -> None:
        bare = sqlite3.connect(base, isolation_level=None)
        bare.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
        bare.execute(table)
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany(f"INSERT INTO events VALUES ({','.join('?' * len(rows[0]))})", rows)
        bare.execute("COMMIT")

    return Sample(taken, clock(insert))


def measure_conform(place: str) -> Sample:
    """Replaying the recorded logs in a tree and comparing every step, against replaying alone."""
    recordings = open_recordings(Path(place))
    _, (variant,) = subject_variants(traces.TREE)
    recorded = recordings.lines(traces.TREE)
    logs = {name: recordings.log(name, line.where) for name, line in recorded.items()}
    done: dict[str, object] = {}

    def run() -> None:
        for name, one in logs.items():
            done[name] = replay(one, variant)

    def hold() -> None:
        for name, line in recorded.items():
            compare(done[name], line.parsed())

    alone = clock(run)
    return Sample(alone + clock(hold), alone)


def measure_transitions(events: str) -> Sample:
    """Transitions of two variants, of which none was done before, for a second of the processor."""
    subject, variants = subject_variants("before", "after")
    logs = list(corpus(Kind.UNIQUE, int(events) // 100, 200))
    asked = [[request(event.payload, subject.config) for event in one.events] for one in logs]
    count = 0

    def run() -> None:
        nonlocal count
        for requests in asked:
            for variant in variants:
                state = variant.program.initial()
                for one in requests:
                    state, _ = advance(variant.program, state, one)
                    count += 1

    taken = clock(run)
    return Sample(1.0, count / taken)


PARTS: Mapping[str, Callable[..., Sample]] = {
    "corpus": measure_corpus,
    "revisions": measure_revisions,
    "import": measure_import,
    "conform": measure_conform,
    "transitions": measure_transitions,
}


# The table


def rows(place: Path, sizes: Sizes) -> list[Row]:
    """All rows, with what they need made in a directory."""
    commands = Commands(place)
    dbs = {}
    for kind, (logs, scripts) in zip(Kind, sizes[:3], strict=True):
        dbs[kind] = place / f"{kind.value}.db"
        with open_store(dbs[kind]) as store:
            file = write_log(place / "corpus.jsonl", *corpus(kind, logs, scripts))
            store.add(read(file))
    imported = write_log(place / "import.jsonl", *corpus(Kind.RICH, sizes.imported, 200))
    recordings = place / "recordings"
    recordings.mkdir()
    traces.unpack(recordings)
    field = f"{log(Kind.RICH, 1, 1).events[4].payload.arguments.split('id=')[1].split(',')[0]}"
    long, libraries = "log0000001", "typer, sqlalchemy, msgspec"
    run = ("run", long)
    found = [
        Row("replay --help", "import typer", 1.5, 1.2, False,
            lambda: commands.against("typer", "--help")),
        Row("replay --version", "import typer", 1.5, 1.2, False,
            lambda: commands.against("typer", "--version")),
        Row("diff of an example, two variants, --quiet", f"import {libraries}", 2, 1.5, False,
            lambda: commands.against(libraries, "diff", "before", "after", "--quiet", EXAMPLE)),
        Row(f"import of {sizes.imported} logs of 100 events", "sqlite3 executemany of the rows",
            0.3, 0.6, True, lambda: part("import", imported, place)),
        Row("three variants, diff per event, every name different", "sqlite3 SELECT * of the rows",
            0.2, 0.5, True, lambda: part("corpus", dbs[Kind.RICH])),
        Row("the same, one odd event a log", "the same", 0.08, 0.13, True,
            lambda: part("corpus", dbs[Kind.ODD])),
        Row("the same, every number unique", "the same", 0.025, 0.034, True,
            lambda: part("corpus", dbs[Kind.UNIQUE])),
        Row("24 revisions instead of one, cold", "one revision", 8, 6, False,
            lambda: part("revisions", dbs[Kind.RICH], "cold", sizes.revised)),
        Row("24 revisions instead of one, warm", "one revision", 3, 2.5, False,
            lambda: part("revisions", dbs[Kind.RICH], "warm", sizes.revised)),
        Row(f"diff with attribution, {LONG} events", "without", 2, 1.3, False,
            lambda: commands.sample(
                ("diff", "before..after", long),
                ("diff", "--no-attribution", "before..after", long))),
        Row(f"check of {LONG} events", "run", 2, 1.3, False,
            lambda: commands.sample(("check", long), run)),
        Row(f"explain in {LONG} events", "run", 2, 1.3, False,
            lambda: commands.sample(("explain", long, f"{field}.open_flags"), run)),
        Row(f"bisect of {LONG} events", "run", 2, 1.3, False,
            lambda: commands.sample(("bisect", long, "before..after"), run)),
        Row("interactions of an example", "its diff", 2, 1.3, False,
            lambda: commands.sample(("diff", "--interactions", EXAMPLE), ("diff", EXAMPLE))),
        Row("conform, steps a second", "replay alone", 0.5, 0.8, True,
            lambda: part("conform", recordings)),
        Row("transitions a second, two variants, new states", "-", 30_000, 100_000, True,
            lambda: part("transitions", 4000)),
    ]  # fmt: skip
    return [*found, *memory_rows(place, sizes.events)]


def memory_rows(place: Path, events: int) -> Iterable[Row]:
    """The memory that commands take for a log of so many events, and that over a tenth of it.

    The second says something only where the tenth is a long log too: a short one is held whole.
    """
    db = place / "memory.db"
    names = {}
    tenth = [events // 10] if events // 10 > pages.LONG else []
    for count in (events, *tenth):
        file = place / f"of{count}.jsonl"
        with file.open("wb") as lines:
            lines.write(header_line(Log.of(f"of{count}", ()).header))
            done = 0
            while done < count:
                payloads = log(Kind.RICH, 1, 1, min(count, 10_000)).events[6 if done else 0 :]
                lines.writelines(map(event_line, payloads[: count - done]))
                done += len(payloads)
        names[count] = file

    def peak(words: Iterable[str | Path]) -> float:
        return measured("-m", "replay", "--db", db, *words).base

    for verb in (("import",), ("diff", "--quiet"), ("check",)):
        what = f"megabytes: {' '.join(verb)} of {events} events"

        def taken(verb: Iterable[str] = verb) -> Sample:
            return Sample(peak((*verb, names[events])), 1.0)

        def both(verb: Iterable[str] = verb) -> Sample:
            return Sample(*(peak((*verb, file)) for file in names.values()))

        yield Row(what, "-", 300, 200, False, taken)
        if tenth:
            yield Row(what, f"{tenth[0]} events", 1.1, 1.05, False, both)


class Result(NamedTuple):
    """A row with the ratios of its rounds."""

    row: Row
    ratios: list[float]
    samples: list[Sample]

    @property
    def ratio(self) -> float:
        """The median."""
        return statistics.median(self.ratios)

    def document(self) -> dict[str, object]:
        """The result as JSON has it."""
        row = self.row
        return {
            "what": row.what,
            "baseline": row.baseline,
            "ratio": self.ratio,
            "at_least": row.at_least,
            "aim": row.aim,
            "green": row.reaches(self.ratio, row.at_least),
            "rounds": self.ratios,
            "samples": self.samples,
        }

    def line(self) -> str:
        """The result as a line of a table in Markdown."""
        row = self.row
        marks = [row.reaches(self.ratio, wanted) for wanted in (row.at_least, row.aim)]
        verdict = "aim" if all(marks) else "yes" if marks[0] else "no"
        figures = [f"{figure:,.4g}" for figure in (self.ratio, row.at_least, row.aim)]
        return f"| {row.what} | {row.baseline} | {' | '.join(figures)} | {verdict} |"


def measure(found: list[Row], rounds: int) -> list[Result]:
    """The rows, measured in so many interleaved rounds."""
    results = [Result(row, [], []) for row in found]
    for _ in range(rounds):
        for result in results:
            sample = result.row.measure()
            result.samples.append(sample)
            result.ratios.append(result.row.ratio(sample))
            print(f"{result.row.what}: {result.ratios[-1]:.4g} {sample}", file=sys.stderr)
    return results


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", nargs="+")
    options = parser.parse_args()
    if options.part:
        look_for_garbage_seldom()
        name, *words = options.part
        print(json.dumps(PARTS[name](*words)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        found = rows(Path(scratch), QUICK if options.quick else FULL)
        found = [row for row in found if options.only in row.what]
        results = measure(found, options.rounds or (1 if options.quick else 5))
    print(
        f"Measured on {date.today()}, {os.cpu_count()} processors, Python {sys.version.split()[0]}"
    )
    print("| what | baseline | ratio | at least | aim | reached |\n|---|---|---|---|---|---|")
    print("\n".join(result.line() for result in results))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"\nNo process took more than {peak} MB.")
    if options.json:
        documents = [result.document() for result in results]
        options.json.write_text(json.dumps(documents, indent=1))


if __name__ == "__main__":
    main()
