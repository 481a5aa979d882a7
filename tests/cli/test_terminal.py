"""What a terminal shows: the words that a pipe gets, at its width, with colours beside signs."""

import re
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from replay.cli.app import app
from tests.examples import PATCHES
from tests.hostile import hostile
from tests.terminals import STYLE, on_terminal
from tests.whole.children import command, finish

LOG = PATCHES / "examples" / "deleted-base.jsonl"
RED, GREEN = "31", "32"
REPORTS = [
    ["diff", "snapshot-on"],
    ["run", "snapshot-on"],
    ["explain", "snapshot-on", "drive0.open_flags", "with..after"],
    ["logs"],
]


@pytest.fixture(scope="module")
def db(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("terminal") / "replay.db"
    examples = sorted((PATCHES / "examples").glob("*.jsonl"))
    piped(path, "import", *examples)
    return path


@cache
def piped(db: Path, *words: object) -> str:
    out = db.with_name("out")
    out.unlink(missing_ok=True)
    finish(command, out, "--db", db, *map(str, words))
    return out.read_text()


def bare(shown: str) -> str:
    return STYLE.sub("", shown)


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("words", REPORTS, ids=" ".join)
def test_a_terminal_shows_the_words_of_the_pipe_within_its_width(db, words, columns):
    shown = bare(on_terminal("--db", db, *words, columns=columns))
    long = [line for line in shown.split("\n") if len(line) > columns]
    assert [line for line in long if " " in line.strip()] == []
    assert shown.split() == piped(db, *words).split()


def test_eighty_columns_show_what_a_pipe_gets(db):
    assert bare(on_terminal("--db", db, "diff", "snapshot-on")) == piped(db, "diff", "snapshot-on")


def test_signs_have_colours_and_the_headline_stands_out(db):
    shown = on_terminal("--db", db, "diff", "snapshot-on")
    assert f"\x1b[{GREEN}m+TEMPORARY\x1b[0m" in shown
    assert f"\x1b[{RED}m-TEMPORARY\x1b[0m" in shown
    assert "\x1b[1mOnly state differs" in shown


def test_chains_stand_where_they_differ(db):
    assert "[base.qcow2, unlinked] <-- [overlay.qcow2, unlinked]" in piped(
        db, "diff", "deleted-base"
    )


def test_who_wants_no_colours_gets_none(db):
    shown = on_terminal("--db", db, "diff", "snapshot-on", NO_COLOR="1")
    assert {code for codes in STYLE.findall(shown) for code in codes.split(";")} <= set("012")
    assert "-TEMPORARY" in shown


def test_a_dumb_terminal_gets_plain_text(db):
    words = ("diff", "snapshot-on")
    assert on_terminal("--db", db, *words, TERM="dumb") == piped(db, *words)


def test_a_file_gets_what_a_pipe_gets(db, tmp_path):
    out = tmp_path / "out.txt"
    on_terminal("--db", db, "diff", "snapshot-on", "-o", out, columns=60)
    assert out.read_text() == piped(db, "diff", "snapshot-on")


@pytest.fixture(scope="module")
def wild(tmp_path_factory) -> tuple[Path, Path]:
    """A hostile recording, and a database that holds it."""
    file = hostile(tmp_path_factory.mktemp("wild") / "hostile.jsonl")
    piped(file.with_name("replay.db"), "import", file)
    return file, file.with_name("replay.db")


@pytest.mark.parametrize(
    "words",
    [
        ["import", "--dry-run", "FILE"],
        ["diff", "FILE"],
        ["diff", "FILE", "--format", "md"],
        ["diff", "FILE", "--format", "json"],
        ["diff", "FILE", "--format", "html"],
        ["run", "FILE"],
        ["run", "FILE", "--format", "md"],
        ["run", "FILE", "--format", "json"],
        ["graph", "FILE"],
        ["graph", "FILE", "--format", "dot"],
        ["check", "FILE"],
        ["check", "FILE", "--format", "md"],
        ["bisect", "FILE", "--format", "md"],
        ["explain", "FILE", "d0.open_flags", "--format", "md"],
        ["bisect", "FILE"],
        ["explain", "FILE", "d0.open_flags"],
        ["explain", "FILE", "--seq", "4"],
        ["reproduce", "FILE"],
        ["logs"],
        ["log", "FILE"],
        ["verify"],
        ["export"],
    ],
    ids=" ".join,
)
def test_no_command_tells_control_characters_of_a_recording(wild, words):
    file, db = wild
    given = [str(file) if word == "FILE" else word for word in words]
    told = CliRunner().invoke(app, ["--db", str(db), "--patches", str(PATCHES), *given]).output
    assert told.strip()
    assert [line for line in told.split("\n") if not line.isprintable()] == []


def test_nothing_of_a_hostile_recording_comes_alive_on_a_terminal(wild):
    file, db = wild
    shown = on_terminal("--db", db, "run", file)
    assert [line for line in bare(shown).split("\n") if not line.isprintable()] == []
    assert "[red]owned[/red] [link=http://l.m]k[/link] :smile: [bold" in bare(shown)


# Progress


def test_what_takes_long_tells_how_far_it_has_come_and_leaves_no_trace(db):
    shown = on_terminal("--db", db, "diff", "deleted-*", "lost-*", patience=0)
    assert re.search(r"\d of 6 logs, \d+\.\d a second, \d+ s left", shown)
    assert shown.count("\x1b[?25h") == shown.count("\x1b[?25l") > 0
    assert shown.index("\x1b[?25h") < shown.index("6 of 6 logs differ")
