"""Durability: what an import has reported survives a kill, and what it has not is whole or gone."""

import random
import shutil
import time
from itertools import chain, count
from pathlib import Path

import pytest

from replay.formats import read as ingest
from replay.store.event_store import open_store
from tests.whole.children import finish, imports, killed_at, killed_in_write, start
from tests.whole.soundness import answered, sound, unharmed, written

MOMENTS = 200
BATCHES = 4
EVENTS = 120
"""So many in a recording that the log of what is written but not yet in place has many pages."""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, ...]:
    """The recordings that are imported, one after another."""
    return written(tmp_path_factory.mktemp("recordings"), 4, EVENTS)


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    """A database without logs."""
    path = tmp_path_factory.mktemp("empty") / "replay.db"
    open_store(path).close()
    return path


def holds_and_completes(place: Path, files: tuple[Path, ...]) -> int:
    """Checks a database after a kill, and that importing again completes it.

    Returns how many logs had been stored.
    """
    db, names = place / "replay.db", [file.stem for file in files]
    stored = list(sound(db)) if db.exists() else []
    assert stored == names[: len(stored)]
    assert set(answered(place / "out")) <= set(stored)
    with open_store(db) as store:
        again = store.add(chain.from_iterable(map(ingest.read, files)))
    assert [log.name for log in again if log.status == "stored"] == names[len(stored) :]
    assert list(unharmed(db)) == names
    shutil.rmtree(place)
    return len(stored)


def fresh(tmp_path: Path, name: object, db: Path | None = None) -> Path:
    """A directory, with a copy of a database if there is one to start from."""
    place = tmp_path / str(name)
    place.mkdir()
    if db:
        shutil.copy(db, place / "replay.db")
    return place


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_kill_at_any_moment_loses_nothing_that_was_reported(tmp_path, files, empty, batch):
    whole = fresh(tmp_path, "whole", empty)
    began = time.monotonic()
    assert finish(imports, whole / "out", whole / "replay.db", files) == 0
    lasts = time.monotonic() - began
    moments = random.Random(batch)
    found = set()
    for number in range(MOMENTS // BATCHES):
        place = fresh(tmp_path, number, empty if number % 10 else None)
        process = start(imports, place / "out", place / "replay.db", files)
        time.sleep(moments.uniform(0, lasts))
        process.kill()
        process.join()
        found.add(holds_and_completes(place, files))
    assert len(found) > 1  # the kills came at different stages


@pytest.mark.parametrize("new", [True, False])
def test_a_kill_at_any_step_of_a_transaction_loses_nothing(tmp_path, files, empty, new):
    first = None if new else empty
    words = files[:1] if new else files[:2]
    for point in count(1):
        place = fresh(tmp_path, point, first)
        counted = place / "steps"
        status = finish(
            killed_at, point, counted, imports, place / "out", place / "replay.db", words
        )
        if counted.exists():  # the process got to its end
            assert status == 0
            assert int(counted.read_text()) < point
            break
        assert status == -9
        holds_and_completes(place, words)
    assert point > 20


def test_a_kill_within_any_write_loses_nothing(tmp_path, files, empty):
    page = 4096
    sizes = [page * pages + rest for pages in range(8, 80, 4) for rest in (0, 1000)]
    found = []
    for size in sizes:
        place = fresh(tmp_path, size, empty)
        arguments = (imports, place / "out", place / "replay.db", files[:2])
        status = finish(killed_in_write, size, *arguments)
        found.append(holds_and_completes(place, files[:2]))
        if status == 0:
            break
    assert found[0] == 0
    assert found[-1] == 2


def test_a_power_cut_leaves_a_whole_number_of_imports(tmp_path, files, empty):
    """What was written last may be cut off anywhere, as nothing says that it is on the disk."""
    killed = fresh(tmp_path, "killed", empty)
    arguments = (imports, killed / "out", killed / "replay.db", files[:2])
    with open_store(killed / "replay.db"):  # keeps the log of what is written from being put away
        assert finish(*arguments) == 0
        log = (killed / "replay.db-wal").read_bytes()
        main = (killed / "replay.db").read_bytes()
    found = []
    for size in range(0, len(log) + 1000, 1000):
        place = fresh(tmp_path, size)
        (place / "replay.db").write_bytes(main)
        (place / "replay.db-wal").write_bytes(log[:size])
        found.append(len(sound(place / "replay.db")))
        shutil.rmtree(place)
    assert found == sorted(found)
    assert set(found) == {0, 1, 2}
