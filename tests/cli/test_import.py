"""The command line's import of recordings: what it says, and what it stores."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from replay.cli.app import app
from replay.errors import ReplayError

DATA = Path(__file__).parents[1] / "data/recordings"
DOMAIN = DATA / "02-libvirt-qemu-domain.log"
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
    failed = run(db, "import", DOMAIN, bad)
    assert isinstance(failed.exception, ReplayError)
    assert run(db, "logs").output == ""


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
