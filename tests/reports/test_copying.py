"""What is taken along from a page: commands that exist, and the log as it was."""

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from replay.cli.app import app
from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.events.event import Event, Guest, Log
from replay.formats.read import read
from replay.reports.documents.diff import DiffReport, diff_report
from replay.reports.html.copying import copies
from replay.reports.html.packing import Room
from replay.variants.variant import load_subject
from tests.examples import PATCHES, example, traced

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def report() -> DiffReport:
    """The report of an example in the three variants that the subject names."""
    subject = load_subject(PATCHES)
    return diff_report(
        diff(*traced(subject, example("deleted-overlay"), *subject.config.default_variants))
    )


def told(place: Path, command: str) -> tuple[int, str]:
    """The exit status of a command in a database that has the example, and what it prints."""
    program, *words = shlex.split(command)
    assert program == "replay"
    done = CliRunner().invoke(app, ["--db", str(place), "--patches", str(PATCHES), *words])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def db(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("copying") / "db"
    log = ROOT / "patches" / "examples" / "deleted-overlay.jsonl"
    assert told(place, f"replay import {shlex.quote(str(log))}")[0] == 0
    return place


def test_each_divergence_has_a_command_that_explains_both_of_its_values(report, db):
    made = copies(report, Room().log)
    assert len(made.explaining) == len(report.divergences) > 0
    for one, command in zip(report.divergences, made.explaining, strict=True):
        status, text = told(db, command)
        assert (status, "explain" in command) == (0, True), (command, text)
        assert one.divergence.place.path.rpartition("/")[2] in text


def test_the_commands_about_the_log_exist(report, db):
    made = copies(report, Room().log)
    status, text = told(db, made.compare)
    assert (status, str(report.headline) in " ".join(text.split())) == (1, True)
    status, text = told(db, made.script)
    assert (status, text.startswith("#!")) == (0, True)


def test_the_log_is_that_which_was_compared(report, tmp_path):
    (tmp_path / "copied.jsonl").write_text(copies(report, Room().log).log)
    recording = next(iter(read(tmp_path / "copied.jsonl")))
    events = [event for event in recording.events if isinstance(event, Event)]
    assert Log.of(recording.header, events).fingerprint == report.log.fingerprint


def test_a_log_that_has_no_room_is_exported(report, db):
    made = copies(report, 100)
    assert made.log == ""
    status, text = told(db, made.export)
    assert (status, "blockdev-snapshot-sync" in text) == (0, True)


def test_no_line_of_a_log_can_end_its_element_or_hide_what_it_is():
    subject = load_subject(PATCHES)
    event = Event(Guest("read", "</script><b>\u202e\U0001f600", 0, 1))
    log = Log.of("odd", [event])
    made = diff_report(diff(*(replay(log, subject.variant(n)) for n in ("before", "after"))))
    text = copies(made, Room().log).log
    assert "<" not in text
    assert text.replace("\n", "").isascii() and text.replace("\n", "").isprintable()
    assert "\\u003c/script>\\u003cb>\\u202e\\ud83d\\ude00" in text
