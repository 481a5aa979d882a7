"""The command line as a user has it, with real files and a real database."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from replay.cli import main
from replay.cli.app import COMMANDS, ORDER, app

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "toy"
YARD = """\
{"replay_log": 1, "name": "yard", "description": "a train"}
{"kind": "command", "channel": "cli", "name": "train", "arguments": "7,lit"}
{"kind": "command", "channel": "qmp", "name": "couple", "arguments": {"train": "7", "load": 3}}
"""
SAME = """\
{"replay_log": 1, "name": "same"}
{"kind": "command", "channel": "cli", "name": "train", "arguments": "8"}
"""
DIFFERS = (
    "Only state differs, from #2: BRAKE in marks is set on no node in before and with; "
    "cleared on 7 and set on 7.behind in after.\n"
)


class Done(NamedTuple):
    """A command's exit status and what it printed."""

    status: int
    out: str
    err: str


Replay = Callable[..., Done]


@pytest.fixture
def replay(tmp_path, monkeypatch, capfd) -> Replay:
    """replay(WORD...): runs the command line in a directory with two recordings."""
    (tmp_path / "yard.jsonl").write_text(YARD)
    (tmp_path / "same.jsonl").write_text(SAME)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLAY_PATCHES", str(TOY))
    monkeypatch.delenv("REPLAY_DB", raising=False)

    def run(*words: str | bytes) -> Done:
        monkeypatch.setattr(sys, "argv", ["replay", *map(os.fsdecode, words)])
        with pytest.raises(SystemExit) as exit:
            main()
        return Done(int(exit.value.code or 0), *capfd.readouterr())

    return run


def succeeds(done: Done, status: int = 0) -> str:
    """What the command printed; it said nothing else and ended with this status."""
    assert (done.status, done.err) == (status, "")
    return done.out


def fails(done: Done) -> str:
    """What the command said was wrong, in one line."""
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("replay: ")
    assert done.err.count("\n") == 1
    return done.err


# The store


def test_what_is_imported_is_listed_shown_and_exported(replay, tmp_path):
    assert succeeds(replay("import", "yard.jsonl", "same.jsonl")) == (
        "stored yard: 2 events, da74d323503d\nstored same: 1 event, 5de1deffcce7\n"
    )
    assert [line.split()[0] for line in succeeds(replay("logs")).splitlines()] == ["same", "yard"]
    assert succeeds(replay("log", "yard")).splitlines()[2:] == [
        "#1 cli train 7,lit",
        "#2 qmp couple load=3 train=7",
    ]
    assert succeeds(replay("export", "yard")).count("\n") == 3
    assert succeeds(replay("export", "-o", "all.jsonl")) == ""
    assert (tmp_path / "all.jsonl").read_text().count("replay_log") == 2


def test_importing_the_same_again_says_that_there_is_nothing_to_do(replay):
    replay("import", "yard.jsonl")
    assert "nothing to do" in succeeds(replay("import", "yard.jsonl"))


def test_a_name_that_is_taken_refuses_an_import_and_renames_on_the_way(replay, tmp_path):
    replay("import", "yard.jsonl")
    (tmp_path / "yard.jsonl").write_text(SAME.replace('"same"', '"yard"'))
    assert "stored already with other content" in fails(replay("import", "yard.jsonl"))
    done = replay("diff", "--quiet", "yard.jsonl")
    assert done.status == 0
    assert done.err.startswith("replay: stored as yard@5de1deff")
    assert "yard@5de1deff" in succeeds(replay("logs"))


def test_an_import_takes_a_name(replay):
    replay("import", "yard.jsonl", "--log", "other")
    assert succeeds(replay("logs")).startswith("other ")
    told = fails(replay("import", "yard.jsonl", "same.jsonl", "--log", "x"))
    assert "import it by itself" in told


def test_of_several_files_all_or_none_are_stored(replay, tmp_path):
    (tmp_path / "bad.jsonl").write_text(YARD.replace('"yard"', '"bad"') + "{\n")
    told = fails(replay("import", "--all-or-nothing", "same.jsonl", "bad.jsonl"))
    assert "bad.jsonl:4" in told
    assert succeeds(replay("logs")) == ""


def test_of_several_files_those_that_can_be_read_are_stored(replay, tmp_path):
    (tmp_path / "bad.jsonl").write_text(YARD.replace('"yard"', '"bad"') + "{\n")
    done = replay("import", "bad.jsonl", "same.jsonl")
    assert (done.status, done.out.startswith("stored same")) == (2, True)
    assert "bad.jsonl:4" in done.err
    assert "1 of 2 could not be read" in done.err


def test_the_database_is_named_by_option_or_environment(replay, tmp_path, monkeypatch):
    replay("--db", "a.db", "import", "yard.jsonl")
    monkeypatch.setenv("REPLAY_DB", "a.db")
    assert succeeds(replay("logs")).startswith("yard ")
    assert not (tmp_path / "replay.db").exists()
    assert "a.db is up to date" in succeeds(replay("--db", "a.db", "migrate"))


# The subject


def test_variants_are_listed_with_the_series_if_wanted(replay):
    assert [line.split()[:2] for line in succeeds(replay("variants")).splitlines()] == [
        ["before", "aaaa1111^"],
        ["with", "aaaa1111"],
        ["after", "bbbb2222"],
    ]
    assert succeeds(replay("variants", "--long")).splitlines()[-1] == (
        "bbbb222200  6 May 2013  yard: give wagons brakes"
    )


def test_a_variant_of_ones_own_has_a_name(replay):
    told = succeeds(replay("--variant", "mine=after-aaaa1111", "variants"))
    assert told.splitlines()[-1].split()[:2] == ["mine", "after-aaaa1111"]
    assert "defines no variant" in fails(replay("--variant", "mine", "variants"))


def test_source_is_shown_with_the_patch_behind_each_line(replay):
    assert succeeds(replay("show", "after:qmp_couple")).startswith("def qmp_couple(arguments):\n")
    assert "# yard.py\n" in succeeds(replay("show", "after"))
    [brake] = [
        line
        for line in succeeds(replay("annotate", "yard.py@after")).splitlines()
        if line.endswith('    brake: "int" = 0')
    ]
    assert brake.startswith("bbbb222200 ")


# Run and diff


def test_a_run_goes_up_to_an_event(replay):
    told = json.loads(succeeds(replay("run", "yard.jsonl", "--until", "1", "--format", "json")))
    assert [step["seq"] for step in told["steps"]] == [1]
    assert told["revision"] == "bbbb2222"
    assert "brake=1" not in succeeds(replay("run", "yard", "--at", "before"))
    assert "there is no event 3; the last is 2" in fails(replay("run", "yard", "--until", "3"))


@pytest.mark.parametrize(
    "words",
    [
        ["yard.jsonl"],
        ["before", "with", "after", "yard.jsonl"],
        ["./yard.jsonl"],
        ["before", "with", "after", "--", "yard.jsonl"],
        ["--", "yard.jsonl"],
    ],
    ids=" ".join,
)
def test_a_diff_compares_the_variants_of_the_subject_or_those_named(replay, words):
    assert succeeds(replay("diff", "--quiet", *words), status=1) == DIFFERS


def test_a_range_is_two_variants(replay):
    told = json.loads(succeeds(replay("diff", "with..after", "yard.jsonl", "--format", "json"), 1))
    assert [variant["name"] for variant in told["variants"]] == ["with", "after"]


def test_a_diff_without_a_difference_exits_with_0(replay):
    told = succeeds(replay("diff", "before..with", "yard.jsonl"))
    assert "No difference: 2 events, the same in before and with; it did not reach" in told


def test_the_same_variant_twice_does_not_differ(replay):
    assert "No difference" in succeeds(replay("diff", "after..after", "yard.jsonl"))


def test_all_logs_are_compared_by_name(replay):
    replay("import", "yard.jsonl", "same.jsonl")
    assert succeeds(replay("diff", "--all", "--quiet"), status=1) == (
        f"same: No difference: 1 event, the same in before, with and after.\nyard: {DIFFERS}"
    )


def test_a_log_that_is_called_like_a_variant_stands_behind_dashes(replay):
    replay("import", "yard.jsonl", "--log", "after")
    assert succeeds(replay("diff", "--quiet", "--", "after"), status=1) == DIFFERS


def test_a_patch_of_ones_own_is_a_variant(replay, tmp_path):
    (tmp_path / "my.patch").write_text(
        "--- a/yard.py\n+++ b/yard.py\n@@ -3,3 +3,3 @@\n"
        " BRAKE = 0x1\n-LIGHT = 0x2\n+LIGHT = 0x4\n ENOENT = 2\n"
    )
    told = succeeds(replay("diff", "--quiet", "after", "after+my.patch", "same.jsonl"))
    assert "the same in after and after+my.patch" in told
    told = succeeds(replay("diff", "--quiet", "after", "after+my.patch", "yard.jsonl"), status=1)
    assert "LIGHT in marks is set on 7 in after; set on no node in after+my.patch" in told


def test_a_report_is_written_whole_or_not_at_all(replay, tmp_path):
    assert succeeds(replay("diff", "yard.jsonl", "-o", "out.txt"), status=1) == ""
    assert (tmp_path / "out.txt").read_text().startswith("log      yard")
    fails(replay("diff", "nix", "-o", "out.txt"))
    assert (tmp_path / "out.txt").read_text().startswith("log      yard")
    assert "cannot be written" in fails(replay("diff", "yard.jsonl", "-o", "no/out.txt"))
    assert {path.name for path in tmp_path.iterdir()} == {
        "yard.jsonl",
        "same.jsonl",
        "out.txt",
        "replay.db",
    }


def test_a_report_may_go_to_a_device(replay):
    assert succeeds(replay("diff", "yard.jsonl", "-o", os.devnull), status=1) == ""
    assert Path(os.devnull).is_char_device()


def test_a_reader_that_has_seen_enough_is_no_trouble(replay, tmp_path):
    replay("import", "yard.jsonl")
    command = f"{sys.executable} -m replay export 2>error | true; cat error"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert done.stdout == b""


# Trouble


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["diff"], "no log to compare"),
        (["diff", "after", "yard.jsonl"], "only one variant, after"),
        (["diff", "after", "afte+my.patch", "yard.jsonl"], "after, and afte+my.patch is none"),
        (["diff", "befor", "after", "yard.jsonl"], "neither a stored log nor a file"),
        (["diff", "befor", "after", "yard.jsonl"], "the nearest: before"),
        (["diff", "after+no.patch", "after", "yard.jsonl"], "no.patch: no such patch file"),
        (["diff", "aaaa1112..after", "yard.jsonl"], "unknown revision aaaa1112"),
        (["diff", "./no.jsonl"], "no.jsonl: No such file"),
        (["diff", "x" * 300], "neither a stored log nor a file"),
        (["log", b"\xff\x1b"], "neither a stored log nor a file"),
        (["export", b"\xff"], "no log '\\udcff' is stored"),
        (["run", "yard.jsonl", "--at", "afte"], "nearest: after"),
        (["show", "after:qmp_coupl"], "nearest: qmp_couple"),
        (["annotate", "yard@after"], "the tree has no file yard"),
        (["annotate", "yard.py"], "names no revision"),
        (["import", "no.jsonl"], "no.jsonl: No such file"),
        (["import", "yard.jsonl", "--format", "x"], "unknown format"),
        (["--db", "yard.jsonl", "logs"], "not a database"),
        (["--db", ".", "logs"], "the database fails"),
        (["--patches", "no", "variants"], "no/subject.toml: no such file"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_trouble_is_told_in_a_line(replay, words, told):
    assert told in fails(replay(*words))


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"{", b'{"replay_log": 1, "name": "x"}\n\xff'], ids=repr
)
def test_a_file_that_is_no_recording_is_told_and_nothing_is_stored(replay, tmp_path, content):
    (tmp_path / "bad").write_bytes(content)
    for command in ("import", "run", "diff"):
        done = replay(command, "bad")
        assert (done.status, done.out) == (2, "")
        assert done.err.startswith("replay: bad")
        assert done.err.count("\n") <= 3
    assert succeeds(replay("logs")) == ""


@pytest.mark.parametrize(
    "words", [["nix"], ["run"], ["diff", "--format", "xml"], ["run", "x", "--until", "y"]]
)
def test_a_wrong_usage_ends_with_2(replay, words):
    done = replay(*words)
    assert done.status == 2
    assert "Usage: replay" in done.err


def test_the_version_is_told(replay):
    assert succeeds(replay("--version")).startswith("replay 0.")


def test_the_help_begins_with_what_a_new_user_does_first(replay):
    lines = succeeds(replay("--help")).splitlines()
    commands = lines[lines.index("Commands:") + 1 :]
    words = [line.split()[0] for line in commands if line[:3].strip()]
    assert words == list(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_the_table_says_of_a_command_what_its_own_help_begins_with(name):
    module, line = COMMANDS[name]
    commands = import_module(f"replay.cli.commands.{module}")
    callbacks = {command.name: command.callback for command in app.registered_commands}
    assert callbacks[name].__module__ == commands.__name__
    assert " ".join(callbacks[name].__doc__.split("\n\n")[0].split()) == line


def test_every_command_is_in_the_table():
    for module, _ in COMMANDS.values():
        import_module(f"replay.cli.commands.{module}")
    assert {command.name for command in app.registered_commands} == set(COMMANDS)


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_what_needs_nothing_imports_nothing(words):
    script = f"import sys; sys.argv[1:] = {words}; from replay.cli import main; main()"
    command = [sys.executable, "-X", "importtime", "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    imported = {line.rsplit("|", 1)[-1].strip() for line in said.splitlines()}
    assert not imported & {"sqlalchemy", "msgspec", "alembic", "jinja2", "replay.api"}


AT_EXIT = """\
import atexit, gc, sys
atexit.register(lambda: print(len(gc.get_objects()), gc.get_freeze_count()))  # after all others
sys.argv[1:] = ["--version"]
from replay.cli import main
main()
"""


def test_at_its_end_no_command_looks_through_all_that_it_made():
    command = [sys.executable, "-c", AT_EXIT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    left, frozen = map(int, done.stdout.split()[-2:])
    assert left < 100 < 10_000 < frozen
