"""The command line's import of recordings: what it says, and what it stores."""

import gzip
import json
import lzma
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from replay.cli.app import app
from replay.cli.interrupts import Interrupted
from replay.errors import ReplayError

DATA = Path(__file__).parents[1] / "data/recordings"
DOMAIN = DATA / "02-libvirt-qemu-domain.log"
NAME = re.findall(rb"guest=([^,]+)", DOMAIN.read_bytes())[0]
"""The domain of the log."""

LIBVIRTD = DATA / "01-libvirtd-debug-qmp.log.xz"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "replay.db"


def run(db: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(app, ["--db", str(db), *map(str, words)])


def test_several_files_make_one_log_under_a_name(db: Path) -> None:
    told = run(db, "import", DOMAIN, LIBVIRTD, "--log", "demo").output
    assert told.startswith("stored demo: 51 events")
    assert "  left out: 22 options of the command line that are about no drive, 2 queries" in told
    assert run(db, "logs").output.startswith("demo  51 events")


def test_a_dry_run_tells_all_and_stores_nothing(db: Path) -> None:
    told = run(db, "import", "--dry-run", DATA / "05-snapshot-on-none.qmp.jsonl.xz").output
    assert told.splitlines() == [
        "05-snapshot-on-none: QMP traffic, QEMU 7.2.22",
        "  events: 4 command, 2 image, 1 guest, 1 notice",
        "  commands: 2 hmp commit, 1 cli drive, 1 qmp blockdev-snapshot-sync",
        "  observations: 6 query-block, 6 query-named-block-nodes, "
        "6 x-debug-query-block-graph, 1 info block -v, 1 query-version",
        "  left out: 3 greetings and commands that change nothing",
    ]
    assert not db.exists()


def test_drives_can_be_told_and_formats_forced(db: Path) -> None:
    drive = "id=drive0,file=/d/a.qcow2,format=qcow2,size=64M"
    shell = DATA / "11-qmp-shell-v-p.txt"
    told = run(db, "import", shell, "--drive", drive, "--format", "qmp-shell", "--log", "s")
    assert told.output.startswith("stored s: 5 events")
    assert "image /d/a.qcow2: qcow2, 64 MiB" in run(db, "log", "s").output


def test_the_number_of_secrets_is_told(db: Path, tmp_path: Path) -> None:
    path = tmp_path / "secret.jsonl"
    path.write_text('{"execute": "x", "arguments": {"password": "hunter2"}}\n')
    assert "  1 secret replaced" in run(db, "import", path).output
    assert "hunter2" not in db.read_bytes().decode(errors="replace")


def test_nothing_is_stored_when_one_of_several_files_fails(db: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.log"
    bad.write_text("nothing of the kind\n")
    failed = run(db, "import", "--all-or-nothing", DOMAIN, bad)
    assert isinstance(failed.exception, ReplayError)
    assert run(db, "logs").output == ""


def test_what_can_be_read_is_stored_and_the_rest_is_named(db: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    bad, good = tmp_path / "a/bad.log", tmp_path / "a/good.jsonl"
    bad.write_text("nothing of the kind\n")
    good.write_text('{"execute": "stop"}\n')
    result = run(db, "import", tmp_path / "a")
    assert result.exit_code == 2
    assert "stored good: 1 event" in result.output
    assert f"replay: {bad}: no message in 1 line of text\n  the nearest format" in result.stderr
    assert "replay: 1 of 2 could not be read" in result.stderr
    assert run(db, "import", good).exit_code == 0
    alone = run(db, "import", bad)
    assert isinstance(alone.exception, ReplayError)
    (tmp_path / "empty").mkdir()
    assert "no file in this directory" in str(run(db, "import", tmp_path / "empty").exception)


def test_standard_input_is_a_file_like_others(db: Path) -> None:
    text = gzip.compress(b'see {"execute": "stop"} here\n')
    result = CliRunner().invoke(app, ["--db", str(db), "import", "-", "--log", "x"], input=text)
    assert result.output.startswith("stored x: 1 event")


def test_a_followed_file_becomes_a_log_when_it_is_interrupted(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grows.jsonl"
    path.write_text('{"execute": "stop"}\n')
    looks: list[int] = []

    def interrupt(_: float) -> None:
        looks.append(1)
        if len(looks) == 2:
            path.write_text('{"execute": "stop"}\n{"execute": "cont"}\n')
        if len(looks) == 5:
            raise Interrupted("SIGINT")

    monkeypatch.setattr("replay.formats.following.sleep", interrupt)
    result = run(db, "import", "--follow", path, "--drive", "id=d0,file=/d/a.raw,size=1M")
    assert result.output.startswith("stored grows: 4 events")
    assert "followed until SIGINT" in result.stderr
    assert "only one file" in str(run(db, "import", "--follow", path, path).exception)
    path.write_text('{"replay_log": 1, "name": "x"}\n')
    refused = run(db, "import", "--follow", path, "--log", "y")
    assert "is a log already" in str(refused.exception)


def test_a_domains_own_log_tells_the_start_of_what_libvirt_did_with_it(
    db: Path, tmp_path: Path
) -> None:
    (tmp_path / "qemu").mkdir()
    debug = lzma.decompress(LIBVIRTD.read_bytes())
    (tmp_path / "libvirtd.log").write_bytes(debug)
    (tmp_path / "qemu/web.log").write_bytes(DOMAIN.read_bytes())
    assert run(db, "import", tmp_path).output.splitlines()[0].startswith("stored libvirtd: 51 eve")
    assert run(db, "logs").output.count("\n") == 1
    # with another domain nothing tells which of them the monitor is of
    other = DOMAIN.read_bytes().replace(b"guest=", b"guest=other-")
    (tmp_path / "qemu/other.log").write_bytes(other)
    several = db.with_name("several.db")
    assert run(several, "import", tmp_path).output.count("stored ") == 3
    new = b"2026-11-23 01:59:15.300+0000: 1: debug : f:1 : vm=0x1 name='%b'\n" % NAME
    new += b"2026-11-23 01:59:15.300+0000: 1: debug : f:1 : QEMU_MONITOR_NEW: mon=0x7f9c00006740\n"
    (tmp_path / "libvirtd.log").write_bytes(new + debug)
    named = db.with_name("named.db")
    assert f"stored {NAME.decode()}: 51 events" in run(named, "import", tmp_path).output
    assert run(named, "logs").output.count("\n") == 2


HOSTILE = "\x1b[2J<script>alert(1)</script>'; DROP TABLE logs; --/../../etc/passwd\r\n\0"


def test_a_hostile_recording_is_imported_and_shown_harmlessly(db: Path, tmp_path: Path) -> None:
    path = tmp_path / "hostile.jsonl"
    picture = {"filename": HOSTILE, "format": "raw", "virtual-size": 512}
    drive = {"device": HOSTILE, "inserted": {"file": HOSTILE, "drv": "raw", "image": picture}}
    messages = [
        {"execute": "query-block"},
        {"return": [drive]},
        {"execute": HOSTILE, "arguments": {HOSTILE: HOSTILE}},
        {"error": {"class": HOSTILE, "desc": HOSTILE}},
        {"event": HOSTILE, "data": {HOSTILE: HOSTILE}},
        {"execute": "query-" + HOSTILE},
        {"return": HOSTILE},
    ]
    path.write_text("".join(json.dumps(message) + "\n" for message in messages))
    dry = run(db, "import", "--dry-run", path)
    stored = run(db, "import", path)
    assert stored.output.startswith("stored hostile: 4 events")
    for words in (["log", "hostile"], ["logs"], ["run", "hostile"], ["diff", "hostile"]):
        shown = run(db, *words)
        assert not isinstance(shown.exception, ReplayError)
        assert all(char.isprintable() or char == "\n" for char in shown.output + dry.output)
    assert run(db, "export").output.count("\n") == 7
    assert [path.name for path in tmp_path.iterdir() if "replay.db" not in path.name] == [
        "hostile.jsonl"
    ]


def test_where_secrets_stood_is_said_when_asked(db: Path, tmp_path: Path) -> None:
    path = tmp_path / "secret.jsonl"
    path.write_text('{"execute": "x", "arguments": {"password": "hunter2"}}\n')
    for words in (["--dry-run"], []):
        result = run(db, "import", path, "--show-removed", *words)
        assert f"  removed: {path}:1: arguments.password\n" in result.output
        assert "hunter2" not in result.output
    assert "removed:" not in run(db, "import", path).output
