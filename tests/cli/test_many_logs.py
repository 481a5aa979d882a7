"""Commands over many logs share work between them, and print what they print of each by itself."""

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from replay.api import read_log
from replay.cli import log_diffs, main
from replay.cli.work import diff_run
from replay.engine import corpus as corpora
from replay.engine.corpus import Corpus
from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.formats.read import read
from replay.reports.documents.diff import DiffReports, diff_report
from replay.reports.json.common import encode
from replay.reports.rendering import OutputFormat, render
from replay.store.event_store import open_store
from replay.variants.variant import resolve
from tests import traces
from tests.bench.corpus import Kind, corpus
from tests.bench.speed import write_log
from tests.examples import PATCHES

Run = Callable[..., tuple[int, str, str]]
FORMS = {
    "headlines": ("--quiet",),
    "an overview": (),
    "all values": ("--details",),
    "JSON": ("--format", "json"),
    "without patches": ("--no-attribution", "--details"),
}


@pytest.fixture
def run(monkeypatch, capfd) -> Run:
    """run(WORD...): the exit status of `replay diff`, and what it printed."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["replay", *map(str, words)])
        with pytest.raises(SystemExit) as exit:
            main()
        return int(exit.value.code or 0), *capfd.readouterr()

    return run


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A database with all recorded logs."""
    place = tmp_path_factory.mktemp("stored")
    return imported(place, *(traces.unpack_logs(place) / "logs").iterdir())


def imported(place: Path, *files: Path) -> Path:
    """A database with the logs in these files."""
    db = place / "replay.db"
    with open_store(db) as store:
        for file in sorted(files):
            store.add(read(file))
    return db


def assert_same(run: Run, monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> None:
    """The command prints the same with and without sharing, and did share the first time."""
    made = []

    def make(*variants, **settings):
        made.append(Corpus(*variants, **settings))
        return made[-1]

    for module in (corpora, log_diffs):
        monkeypatch.setattr(module, "Corpus", make)
    shared = run(*words)
    assert len(made) == 1
    with monkeypatch.context() as patched:
        patched.setattr(diff_run, "FEWEST_SHARED", sys.maxsize)
        alone = run(*words)
    assert len(made) == 1
    assert shared == alone
    assert shared[0] in (0, 1)


def test_the_headlines_of_all_recorded_logs_are_those_of_each(run, stored, monkeypatch):
    assert_same(run, monkeypatch, "--db", stored, "diff", "--all", "--quiet")


@pytest.mark.parametrize("words", FORMS.values(), ids=FORMS)
def test_a_part_of_the_recorded_logs_in_every_form(words, run, stored, monkeypatch):
    assert_same(run, monkeypatch, "--db", stored, "diff", *words, "r1[0-4]*")


@pytest.mark.parametrize("words", [*FORMS.values(), ("--format", "html")], ids=[*FORMS, "a page"])
def test_the_examples_in_every_form(words, run, tmp_path, monkeypatch):
    db = imported(tmp_path, *(PATCHES / "examples").glob("*.jsonl"))
    assert_same(run, monkeypatch, "--db", db, "diff", "--all", *words)


@pytest.mark.parametrize("kind", Kind)
def test_random_logs_under_different_names(kind, run, tmp_path, monkeypatch):
    file = write_log(tmp_path / "logs.jsonl", *corpus(kind, 12, 4, 30))
    db = imported(tmp_path, file)
    assert_same(run, monkeypatch, "--db", db, "diff", "--all", "--format", "json")


# JSON of many logs is written log by log


def test_a_json_list_is_what_the_report_of_all_says(run, tmp_path, qemu):
    files = sorted((PATCHES / "examples").glob("*.jsonl"))
    variants = [resolve(qemu, word, {}) for word in ("before", "with", "after")]
    diffs = [diff(*(replay(log, one) for one in variants)) for log in map(read_log, files)]
    whole = DiffReports(tuple(map(diff_report, diffs)))
    db = imported(tmp_path, *files)
    names = [one.traces[0].log.name for one in diffs]
    options = ("--no-attribution", "--format", "json")
    _, printed, _ = run("--db", db, "diff", *names, *options)
    assert printed == render(whole, OutputFormat.JSON) == encode(json.loads(printed))
    run("--db", db, "diff", *names, *options, "-o", tmp_path / "list.json")
    assert (tmp_path / "list.json").read_text() == printed


def test_a_log_that_fails_leaves_no_part_of_a_json_list(run, tmp_path):
    db = imported(tmp_path, *(PATCHES / "examples").glob("*.jsonl"))
    with sqlite3.connect(db) as connection:
        connection.execute("DROP TRIGGER events_no_UPDATE")
        connection.execute("UPDATE events SET payload = '{}' WHERE log = 2 AND seq = 3")
    out = tmp_path / "list.json"
    for where in ((), ("-o", out)):
        status, printed, said = run("--db", db, "diff", "--all", "--format", "json", *where)
        assert (status, printed) == (2, "")
        assert "the database is damaged" in said
    assert not out.exists()


def test_a_log_that_has_lost_its_events_is_damage_for_several_workers_too(run, tmp_path):
    db = imported(tmp_path, *(PATCHES / "examples").glob("*.jsonl"))
    with sqlite3.connect(db) as connection:
        connection.execute("DROP TRIGGER events_no_DELETE")
        connection.execute("DELETE FROM events WHERE log = 2")
    for workers in ("1", "2"):
        status, _, said = run("--db", db, "diff", "--all", "--quiet", "--workers", workers)
        assert (status, "the database is damaged" in said) == (2, True)
