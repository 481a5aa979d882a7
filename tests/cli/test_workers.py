"""Work that is spread over processes: the same bytes, whoever does it and whatever ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from replay import chunks, workers
from replay.cli import main
from replay.cli.work import pools
from replay.events.event import Log, Origin
from replay.formats.read import Recording, read
from replay.store.event_store import open_store
from tests import traces
from tests.bench.corpus import Kind, corpus
from tests.bench.speed import write_log
from tests.examples import PATCHES, example

Run = Callable[..., tuple[int, str, str]]

COMMANDS = {
    "headlines": ("diff", "--all", "--quiet"),
    "an overview": ("diff", "--all"),
    "all values": ("diff", "with", "after", "--all", "--details"),
    "interactions": (
        *("diff", "with", "after", "snapshot-*", "lost-*", "--details", "--interactions"),
        *("--format", "json"),
    ),
    "JSON": ("diff", "--all", "--format", "json"),
    "Markdown": ("diff", "with", "after", "--all", "--format", "md"),
    "a page": ("diff", "with", "after", "snapshot-*", "--format", "html"),
    "a page of many": ("diff", "with", "after", "deleted-*", "lost-*", "--format", "html"),
    "without patches": ("diff", "--all", "--no-attribution"),
    "one patch": ("diff", "--all", "--only", "7e3d98dd"),
    "checks": ("check", "--all"),
    "checks in JSON, with patches": ("check", "deleted-*", "--bisect", "--format", "json"),
    "coverage": ("cover", "--all", "--format", "json"),
    "the smallest cover": ("cover", "--all", "--at", "with..after", "--minimal"),
    "a hunt": ("hunt", "with", "after", "--depth", "2", "--start", "chain", "--no-store"),
    "a hunt for a breach": (
        *("hunt", "after", "--check", "images_stay", "--depth", "2"),
        *("--start", "snapshot=on", "--no-store"),
    ),
}

SEARCHES = {
    "interactions": (
        *("diff", "with", "after", "lost-backing", "--interactions"),
        *("--only", "7e3d98dd", "--format", "json"),
    ),
    "interactions of what is left out": (
        *("diff", "after-8bfea15d", "after", "snapshot-on", "--interactions", "--format", "md"),
    ),
    "a shorter log": ("shrink", "deleted-base", "with..after", "--format", "json"),
    "any difference": ("shrink", "late", "with..after", "--goal", "behaviour"),
    "a breach": ("shrink", "deleted-mirror", "after", "--goal", "check images_stay"),
}
"""What is done with one log. Its rounds are handed out when they last."""


def late(events: int = 800) -> Log:
    """A log of so many events, of which the first and the last ones matter."""
    *before, snapshot, _ = example("deleted-overlay").events
    [between] = corpus(Kind.ODD, 1, 1, events=events)
    return Log.of("late", [*before, *between.events, snapshot])


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A database with the examples, and logs that differ in names alone."""
    place = tmp_path_factory.mktemp("stored")
    db = place / "replay.db"
    files = sorted((PATCHES / "examples").glob("*.jsonl"))
    made = write_log(place / "made.jsonl", *corpus(Kind.RICH, 9, 3, events=12))
    with open_store(db) as store:
        for file in (*files, made, write_log(place / "late.jsonl", late())):
            store.add(read(file))
    return db


@pytest.fixture
def run(monkeypatch, capfd) -> Run:
    """run(WORD...): the exit status of replay, and what it printed."""

    def replay(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["replay", *map(str, words)])
        with pytest.raises(SystemExit) as exit:
            main()
        return int(exit.value.code or 0), *capfd.readouterr()

    return replay


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
def test_the_number_of_processes_changes_no_byte(run, stored, words):
    alone = run("--db", stored, *words, "--workers", "1")
    assert alone[0] in (0, 1)
    assert alone[1]
    assert run("--db", stored, *words, "--workers", "2") == alone
    assert run("--db", stored, *words, "--workers", "3") == alone


@pytest.mark.parametrize("words", SEARCHES.values(), ids=SEARCHES.keys())
def test_what_is_tried_at_once_changes_no_byte(run, stored, words, tmp_path, monkeypatch):
    if words[0] == "shrink":
        words = (*words, "-o", tmp_path / "shorter.jsonl")
    alone = run("--db", stored, *words, "--workers", "1")
    assert alone[0] in (0, 1)
    monkeypatch.setattr(workers, "ENOUGH", 0)
    assert run("--db", stored, *words, "--workers", "2") == alone
    assert run("--db", stored, *words, "--workers", "3") == alone


def test_all_processors_are_taken_for_what_lasts(run, stored, monkeypatch):
    alone = run("--db", stored, "check", "--all", "--workers", "1")
    monkeypatch.setattr(pools, "PATIENCE", 0.1)
    assert run("--db", stored, "check", "--all") == alone


def test_workers_that_forget_print_the_same(run, stored, monkeypatch):
    alone = run("--db", stored, "diff", "--all", "--workers", "1")
    monkeypatch.setattr(chunks, "MEMORY", 1)
    assert run("--db", stored, "diff", "--all", "--workers", "2") == alone


def test_a_number_of_workers_is_one(run, stored):
    status, _, error = run("--db", stored, "check", "--all", "--workers", "0")
    assert status == 2
    assert "neither a number from 1 on nor auto" in error


def test_conform_prints_the_same_in_several_processes(run, tmp_path):
    traces.unpack(tmp_path)
    alone = run("conform", tmp_path, "--at", traces.TREE, "--workers", "1")
    assert run("conform", tmp_path, "--at", traces.TREE, "--workers", "2") == alone


def test_processes_read_a_database_at_a_server(run, stored, postgresql):
    url = postgresql.database()
    with open_store(stored) as file, open_store(url) as server:
        logs = [file.load(info.name) for info in file.logs()]
        server.add(Recording(log.header, iter(log.entries()), Origin("a", 1)) for log in logs)
    words = ("check", "--all", "--format", "json", "--workers")
    alone = run("--db", stored, *words, "1")
    assert run("--db", url, *words, "1") == alone
    assert run("--db", url, *words, "2") == alone


# What ends


def children(process: int) -> list[int]:
    """The processes that a process has begun and that are there still."""
    try:
        words = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [int(word) for word in words]


def is_there(process: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def within(seconds: float, holds: Callable[[], object]) -> bool:
    """Whether something comes to hold in so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def many(tmp_path) -> Path:
    """A database that two processes compare for some seconds."""
    db = tmp_path / "many.db"
    with open_store(db) as store:
        store.add(read(write_log(tmp_path / "many.jsonl", *corpus(Kind.ODD, 40, 40, events=30))))
        store.add(read(write_log(tmp_path / "late.jsonl", late(4000))))
        store.add(read(PATCHES / "examples" / "lost-backing.jsonl"))
    return db


LONG = {
    "many logs": ("diff", "with", "after", "log*", "--details", "--format", "json"),
    "interactions": ("diff", "with", "after", "lost-backing", "--interactions"),
    "a shorter log": ("shrink", "late", "with..after", "--goal", "gone"),
}


def start(db: Path, *words: str) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "replay", "--db", str(db), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("words", LONG.values(), ids=LONG.keys())
def test_a_killed_worker_loses_nothing(many, tmp_path, words):
    if words[0] == "shrink":
        words = (*words, "-o", str(tmp_path / "shorter.jsonl"))
    alone = start(many, *words, "--workers", "1")
    printed_alone, _ = alone.communicate()
    process = start(many, *words, "--workers", "2")
    assert within(60, lambda: len(children(process.pid)) == 2)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    printed, errors = process.communicate()
    assert (printed, errors, process.returncode) == (printed_alone, b"", alone.returncode)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [("diff", "--all"), LONG["interactions"]])
def test_an_interrupt_ends_all_processes(many, number, words):
    process = start(many, *words, "--workers", "2")
    assert within(60, lambda: len(children(process.pid)) == 2)
    workers = children(process.pid)
    process.send_signal(number)
    printed, errors = process.communicate()
    assert (printed, process.returncode) == (b"", 2)
    assert f"ended by {number.name}".encode() in errors
    assert within(10, lambda: not any(map(is_there, workers)))


def test_an_interrupt_ends_all_that_shrink_and_the_shortest_log_is_kept(many):
    process = start(many, *LONG["a shorter log"], "--workers", "2")
    assert within(60, lambda: len(children(process.pid)) == 2)
    workers = children(process.pid)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate()
    assert b"stored as late-shrunk" in printed
    assert b"ended by SIGINT; this is the shortest log so far" in errors
    assert within(10, lambda: not any(map(is_there, workers)))


def test_workers_end_with_a_killed_parent(many):
    process = start(many, "diff", "--all", "--workers", "2")
    assert within(60, lambda: len(children(process.pid)) == 2)
    workers = children(process.pid)
    process.kill()
    process.communicate()
    assert within(10, lambda: not any(map(is_there, workers)))
