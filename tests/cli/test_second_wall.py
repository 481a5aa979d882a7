"""Should code of a stranger's ever escape the language, the kernel lets it do nothing."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from replay.cli.app import app
from replay.cli.wall.kernel import CREATE_RULESET
from replay.cli.wall.second_wall import has_stranger, starts_program
from replay.files import shipped
from replay.language import Program
from tests.whole.children import command, finish

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "toy"
LOG = """{"replay_log": 1, "name": "trains"}
{"kind": "command", "channel": "cli", "name": "train", "arguments": "T"}
{"kind": "command", "channel": "qmp", "name": "couple", "arguments": {"train": "T"}}
"""
GROW = "--- /dev/null\n+++ b/more.py\n@@ -0,0 +1,1 @@\n+MORE = 1\n"


def has_landlock() -> bool:
    system = ctypes.CDLL(None)
    return int(system.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)) > 0


needs_landlock = pytest.mark.skipif(not has_landlock(), reason="the kernel has no Landlock")


class Planted:
    """What code that has escaped would try; each attempt gives a word if it went through."""

    def __init__(self, place: Path, port: int) -> None:
        self.place, self.port = place, port

    def attempts(self) -> dict[str, Callable[[], object]]:
        place = self.place
        return {
            "a file written beside the store": lambda: (place / "escaped").write_text("x"),
            "a file written in /tmp": lambda: Path("/tmp/replay-escaped").write_text("x"),
            "a file removed": (place / "dear").unlink,
            "a file changed": lambda: (place / "dear").write_text("x"),
            "a file renamed": lambda: (place / "dear").rename(place / "other"),
            "a link made": lambda: (place / "link").symlink_to("dear"),
            "a file read that nobody named": (place / "dear").read_text,
            "the passwords": Path("/etc/passwd").read_text,
            "a connection": lambda: socket.create_connection(("127.0.0.1", self.port), 1),
            "a local connection": lambda: socket.socket(socket.AF_UNIX),
            "a program": lambda: subprocess.run(["/bin/true"], check=True),
            "a program in place": lambda: os.execv("/bin/true", ["true"]),
            "a mode changed": lambda: (place / "dear").chmod(0o777),
            "the parent told": lambda: os.kill(os.getppid(), 0),
            "its own memory": lambda: Path("/proc/self/mem").open("r+b"),
        }

    def strike(self) -> None:
        for name, attempt in self.attempts().items():
            try:
                attempt()
            except OSError:
                continue
            print(f"ESCAPED {name}", flush=True)
        print("STRUCK", flush=True)


def escaping(planted: Planted, out: Path, *words: str | Path) -> None:
    """Runs a command in which the first event of the model escapes."""
    run, struck = Program.call, []

    def call(self: Program, *arguments: object) -> object:
        if not struck:
            struck.append(True)
            planted.strike()
        return run(self, *arguments)

    Program.call = call
    command(out, *words)


@pytest.fixture
def place(tmp_path) -> Path:
    """A directory with a log, a stranger's subject, and something dear."""
    (tmp_path / "trains.jsonl").write_text(LOG)
    (tmp_path / "dear").write_text("something dear")
    (tmp_path / "more.patch").write_text(GROW)
    shutil.copytree(TOY, tmp_path / "toy")
    return tmp_path


@needs_landlock
@pytest.mark.parametrize(
    "before",
    [["--patches", "TOY"], ["--isolate", "--patches", "TOY"]],
    ids=["by default", "asked for"],
)
@pytest.mark.parametrize(
    "words",
    [
        ["diff", "LOG"],
        ["run", "LOG", "--at", "after"],
        ["explain", "LOG", "T.load"],
        ["shrink", "LOG", "before", "after"],
        ["hunt", "before", "after", "--depth", "1", "--workers", "2"],
        ["diff", "before", "before+PATCH", "LOG"],
    ],
    ids=" ".join,
)
def test_a_planted_escape_can_do_nothing(place, before, words):
    given = {"TOY": place / "toy", "LOG": place / "trains.jsonl"}
    chosen = [given.get(word, word.replace("PATCH", str(place / "more.patch"))) for word in words]
    options = [given.get(word, word) for word in before]
    with socket.create_server(("127.0.0.1", 0)) as server:
        planted = Planted(place, server.getsockname()[1])
        db = place / "replay.db"
        status = finish(escaping, planted, place / "out", "--db", db, *options, *chosen)
    told = (place / "out").read_text()
    assert "STRUCK" in told
    assert "ESCAPED" not in told
    assert status in (0, 1), told
    assert (place / "dear").read_text() == "something dear"
    names = {path.name for path in place.iterdir()}
    assert names == {"trains.jsonl", "dear", "more.patch", "toy", "out", "replay.db"}


@needs_landlock
def test_processes_that_share_the_work_are_behind_the_wall_too(place):
    log = place / "trains.jsonl"
    words = ("--patches", place / "toy", "cover", log, log, "--at", "after", "--workers", "2")
    with socket.create_server(("127.0.0.1", 0)) as server:
        planted = Planted(place, server.getsockname()[1])
        finish(escaping, planted, place / "out", "--db", place / "replay.db", *words)
    told = (place / "out").read_text()
    assert "STRUCK" in told
    # The parent of such a process is the command, which stands behind the wall itself.
    assert {line for line in told.splitlines() if "ESCAPED" in line} == {"ESCAPED the parent told"}
    assert (place / "dear").read_text() == "something dear"


def test_who_asks_for_no_wall_has_none(place):
    planted = Planted(place, 1)
    words = ("--no-isolate", "--patches", place / "toy", "diff", place / "trains.jsonl")
    finish(escaping, planted, place / "out", "--db", place / "replay.db", *words)
    assert "ESCAPED a file written beside the store" in (place / "out").read_text()
    Path("/tmp/replay-escaped").unlink(missing_ok=True)


@pytest.mark.parametrize("wall", ["--isolate", "--no-isolate"])
def test_a_command_ends_and_says_the_same_behind_the_wall(place, wall):
    base = ("--db", place / f"{wall}.db", "--patches", place / "toy", wall)
    out = place / "told"
    diff = (*base, "diff", place / "trains.jsonl", "-o", place / "report.txt")
    assert finish(command, place / "out", *diff) == 1
    assert "trains" in (place / "report.txt").read_text()
    assert finish(command, out, *base, "logs") == 0
    assert finish(command, out, *base, "diff", "none") == 2
    assert finish(command, out, *base, "show", "after") == 0
    assert out.read_text().startswith("trains ")
    assert not list(place.glob("*.db-*"))


def kill(self: Program, *_: object) -> object:
    os.kill(os.getpid(), signal.SIGTERM)
    return self


def ended(out: Path, *words: str | Path) -> None:
    """Runs a command whose process is asked to end at the first event of the model."""
    Program.call = kill
    command(out, *words)


def test_a_signal_ends_the_child_and_the_parent(place):
    words = ("--isolate", "--patches", place / "toy", "diff", place / "trains.jsonl")
    assert finish(ended, place / "out", "--db", place / "replay.db", *words) == 2
    assert "ended by SIGTERM" in (place / "out").read_text()


def test_a_real_program_can_t_be_asked_for_behind_the_wall(place):
    words = ["--isolate", "--db", str(place / "replay.db"), "diff", "after", "qemu"]
    result = CliRunner().invoke(app, [*words, str(place / "trains.jsonl")])
    assert "--isolate forbids" in str(result.exception)


@pytest.mark.parametrize(
    ("words", "patches", "named", "strange"),
    [
        (["diff", "log"], None, [], False),
        (["diff", "log"], shipped("patches"), [], False),
        (["diff", "log"], TOY, [], True),
        (["diff", "after", "after+PATCH", "log"], None, [], True),
        (["diff", "with..after+PATCH", "log"], None, [], True),
        (["diff", "mine", "log"], None, ["after+PATCH"], True),
        (["check", "log", "--checks", "mine.py"], None, [], True),
        (["check", "log", "--checks=mine.py"], None, [], True),
        (["touched", "PATCH", "log"], None, [], True),
        (["diff", "a+b"], None, [], False),
    ],
)
def test_code_of_others_is_known_by_the_words(place, words, patches, named, strange):
    file = str(place / "more.patch")
    words, named = ([word.replace("PATCH", file) for word in some] for some in (words, named))
    assert has_stranger(words, patches, named) == strange


@pytest.mark.parametrize(
    ("word", "starts"),
    [("qemu", True), ("after..qemu", True), ("qemu:/usr/bin/q", True), ("qemu..after", True),
     ("after", False), ("qemu-log", False), ("my-qemu", False)],
)  # fmt: skip
def test_a_real_program_is_known_by_its_word(word, starts):
    assert starts_program(["diff", word], []) == starts


def test_commands_that_ask_git_stand_in_front_of_the_wall(place):
    assert starts_program(["checkout", "after"], [])
    assert starts_program(["touched", "1a2b3c4d"], [])
    assert not starts_program(["touched", str(place / "more.patch")], [])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--db", "postgresql://u@h/d", "--isolate", "variants"), "a database server has to be"),
        (("--isolate", "diff", "after", "qemu", "LOG"), "a program has to be started"),
        (("--isolate", "diff", "LOG", "--scheduler", "tcp://h:1"), "a scheduler has to be reached"),
    ],
)
def test_what_stands_outside_of_a_wall_is_refused_where_one_is_asked_for(words, reason):
    result = CliRunner().invoke(app, list(words))
    assert str(result.exception).startswith(reason) or reason in result.output
    assert result.exit_code != 0
