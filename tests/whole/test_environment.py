"""A full disk, missing rights, signals, a wrong clock: a clear word, and nothing is damaged."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.errors import ReplayError
from replay.formats import read as ingest
from replay.store.event_store import open_store
from tests.examples import PATCHES
from tests.whole.children import command, finish, quota, start, starved, unprivileged
from tests.whole.soundness import log_text, unharmed, written


def public() -> Iterator[Path]:
    """A directory that other users can enter, unlike those of the tests."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o777)
    yield path
    path.chmod(0o777)
    shutil.rmtree(path)


place = pytest.fixture(public)
outside = pytest.fixture(public)


@pytest.fixture
def db(place) -> Path:
    """A database with one log."""
    path = place / "replay.db"
    with open_store(path) as store:
        store.add(ingest.read(written(place, 1, 20, "first")[0]))
    return path


def one_line(out: Path) -> str:
    """What a failed command has said; it is one line, and no traceback."""
    told = out.read_text()
    assert told.startswith("replay: ")
    assert told.count("\n") == 1
    return told


def works_again(db: Path, file: Path) -> None:
    """The database has what it had, and takes the log that it could not take before."""
    assert list(unharmed(db)) == ["first000"]
    with open_store(db) as store:
        assert [log.status for log in store.add(ingest.read(file))] == ["stored"]
    assert list(unharmed(db)) == ["first000", file.stem]


@pytest.mark.parametrize(
    ("limit", "amount", "told"),
    [
        (quota, 40, "database or disk is full; make room and do it again: nothing of it was"),
        (starved, 100_000, "disk I/O error; see to the disk"),
    ],
)
def test_a_full_disk_is_told_and_leaves_the_database_as_it_was(place, db, limit, amount, told):
    (file,) = written(place, 1, 3000)
    assert finish(limit, amount, command, place / "out", "--db", db, "import", file) == 2
    assert told in one_line(place / "out")
    works_again(db, file)


def test_a_full_disk_is_told_when_a_result_is_printed(place, db):
    assert finish(command, Path("/dev/full"), "--db", db, "export") == 2
    assert finish(command, place / "out", "--db", db, "export", "-o", "/dev/full") == 2
    assert "/dev/full: cannot be written: No space left" in one_line(place / "out")


def test_a_database_that_may_only_be_read_says_so(place, db):
    (file,) = written(place, 1, 20)
    db.chmod(0o444)
    words = (command, place / "out", "--db", db, "import", file)
    assert finish(unprivileged, *words) == 2
    assert "attempt to write a readonly database; it can be read" in one_line(place / "out")
    db.chmod(0o644)
    works_again(db, file)


def test_a_database_that_may_only_be_read_in_a_directory_likewise_is_read(place, outside, db):
    (file,) = written(outside, 1, 20)
    db.chmod(0o444)
    place.chmod(0o555)
    out = outside / "out"
    for words in (["logs"], ["export"], ["verify"], ["log", "first000"]):
        assert finish(unprivileged, command, out, "--db", db, *words) == 0
    out.unlink()
    assert finish(unprivileged, command, out, "--db", db, "import", file) == 2
    assert "readonly database; it can be read" in one_line(out)


@pytest.mark.parametrize("words", [["run"], ["diff"], ["diff", "--all", "--quiet"], ["check"]])
def test_what_may_only_be_read_is_replayed_and_compared(place, outside, db, words):
    with open_store(db) as store:
        store.add(ingest.read(PATCHES / "examples" / "deleted-overlay.jsonl"))
    db.chmod(0o444)
    place.chmod(0o555)
    named = words if "--all" in words else [*words, "deleted-overlay"]
    own, theirs = outside / "own", outside / "theirs"
    status = finish(command, own, "--db", db, *named)
    assert finish(unprivileged, command, theirs, "--db", db, *named) == status < 2
    assert theirs.read_text() == own.read_text()


def test_a_database_with_a_log_beside_it_is_not_read_without_it(place, outside, db):
    db.chmod(0o444)
    (place / "replay.db-wal").write_bytes(b"something that was not yet moved")
    (place / "replay.db-wal").chmod(0o000)
    place.chmod(0o555)
    assert finish(unprivileged, command, outside / "out", "--db", db, "logs") == 2
    assert "unable to open database file" in one_line(outside / "out")


@pytest.mark.parametrize("what", ["replay.db", "."])
def test_a_database_that_may_not_be_opened_says_so(place, outside, db, what):
    (file,) = written(outside, 1, 20)
    (place / what).chmod(0o000)
    words = (command, outside / "out", "--db", db, "import", file)
    assert finish(unprivileged, *words) == 2
    (place / what).chmod(0o777)
    assert "unable to open database file; see whether" in one_line(outside / "out")
    works_again(db, file)


def test_a_directory_that_is_gone_is_told(place, db):
    shutil.copytree(place, place / "gone")
    gone = place / "gone" / db.name
    (file,) = written(place, 1, 20)
    with open_store(gone) as store:
        shutil.rmtree(place / "gone")
        with pytest.raises(ReplayError, match=r"removed or replaced|the database fails"):
            store.add(ingest.read(file))
    with pytest.raises(ReplayError, match="unable to open database file; see whether"):
        open_store(gone)


def test_a_database_that_is_replaced_while_it_is_open_is_told(place, db):
    (file,) = written(place, 1, 20)
    shutil.copy(db, place / "other.db")
    with open_store(db) as store:
        (place / "other.db").replace(db)
        with pytest.raises(ReplayError, match=r"removed or replaced|the database fails"):
            store.add(ingest.read(file))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_import_in_order(place, db, number):
    """The recording comes out of a pipe that is not closed, so the import can't be over.

    What is written to it does not fit into it, so much of it has been read by then.
    """
    pipe, file = place / "pipe", place / "log.jsonl"
    os.mkfifo(pipe)
    file.write_text(log_text("log", 2500))
    process = start(command, place / "out", "--db", db, "import", file, pipe)
    with pipe.open("w") as recording:
        recording.write(log_text("piped", 2500))
        recording.flush()
        assert process.pid is not None
        os.kill(process.pid, number)
        process.join()
    assert process.exitcode == 2
    stored, ended = (place / "out").read_text().splitlines()
    assert stored.startswith("stored log: 2500 events")
    assert f"ended by {number.name}; what it had not reported" in ended
    assert list(unharmed(db)) == ["first000", file.stem]


def test_a_clock_that_goes_back_changes_no_order(place, db):
    """The store reads no clock: neither the recorded times nor those of its files matter."""
    backward = place / "backward.jsonl"
    header, *lines = log_text("backward", 50).splitlines()
    timed = [line[:-1] + f',"time":{1000.5 - n}}}' for n, line in enumerate(lines)]
    backward.write_text("\n".join([header, *timed]) + "\n")
    for when in (4_000_000_000, 1):
        for path in place.glob("replay.db*"):
            os.utime(path, (when, when))
        with open_store(db) as store:
            store.add(ingest.read(backward))
            log = store.load("backward")
        assert [event.recorded for event in log.events] == [1000.5 - n for n in range(50)]
        assert [event.payload.sector for event in log.events] == list(range(50))
    assert list(unharmed(db)) == ["first000", "backward"]
