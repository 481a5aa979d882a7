"""Recording: what was kept outlives a kill at any step, and is in a recording or in its log."""

import json
from itertools import count, takewhile
from pathlib import Path

from replay.formats import read as ingest
from replay.store import unfinished as recordings
from replay.store.event_store import open_store
from tests.whole.children import finish, killed_at, tell
from tests.whole.soundness import sound, unharmed, whole_lines

BATCHES = 3
BATCH = 40
"""So many messages are kept at a time."""


def batch(number: int) -> list[bytes]:
    """Messages that are told apart by their numbers."""
    said = [{"execute": "x", "id": number * BATCH + place} for place in range(BATCH)]
    return [json.dumps({"t": 1.0, "dir": "C", "msg": msg}).encode() for msg in said]


def records(out: Path, db: Path) -> None:
    """Keeps batch after batch and makes a log of them, and says what is done."""
    tell(out)
    with open_store(db) as store:
        one = recordings.begin(store.database, "talk")
        for number in range(BATCHES):
            recordings.append(store.database, one.id, batch(number))
            print("kept", flush=True)
        finishes(db)
        print("finished", flush=True)


def finishes(db: Path) -> None:
    """Makes a log of a recording that was broken off."""
    with open_store(db) as store:
        (one,) = recordings.unfinished(store.database)
        log = ingest.read_traffic("talk", recordings.traffic(store.database, one))
        recordings.finish(store.database, one, log)


def kept(db: Path) -> int:
    """How many messages are in a recording or in its log; fails unless whole batches are."""
    logs = unharmed(db)
    with open_store(db) as store:
        unfinished = recordings.unfinished(store.database)
        assert not (logs and unfinished)
        log = store.load("talk").events if logs else ()
    messages = len(log) or sum(one.messages for one in unfinished)
    assert messages % BATCH == 0
    return messages


def test_a_kill_at_any_step_loses_no_message_that_was_kept(tmp_path):
    found = set()
    for point in count(1):
        place = tmp_path / str(point)
        place.mkdir()
        db, out, steps = place / "db", place / "out", place / "steps"
        status = finish(killed_at, point, steps, records, out, db)
        said = list(whole_lines(out))
        before = kept(db)
        assert before >= BATCH * len(list(takewhile("kept\n".__eq__, said)))
        assert sound(db) or "finished\n" not in said
        found.add(before)
        if steps.exists():
            assert status == 0
            break
        assert status == -9
        if before and not sound(db):
            finishes(db)
            assert kept(db) == before
            assert sound(db)
    assert found == {BATCH * number for number in range(BATCHES + 1)}
