"""Recordings in the store: what comes is kept at once, and becomes a log in one piece."""

import json

import pytest

from replay.errors import ReplayError
from replay.formats import read as ingest
from replay.store import unfinished as recordings
from replay.store.event_store import open_store
from replay.store.verify import verify


def message(number: int) -> bytes:
    arguments = {"device": "drive0", "snapshot-file": f"/images/s{number}"}
    msg = {"execute": "blockdev-snapshot-sync", "arguments": arguments, "id": number}
    return json.dumps({"t": float(number), "dir": "C", "msg": msg}).encode()


MESSAGES = [message(number) for number in range(3)]


@pytest.fixture
def store(where):
    with open_store(where) as opened:
        yield opened


def made(store, one, name="talk"):
    return ingest.read_traffic(name, recordings.traffic(store.database, one))


def begun(store, *batches, name="talk"):
    one = recordings.begin(store.database, name)
    for batch in batches:
        recordings.append(store.database, one.id, batch)
    (one,) = recordings.unfinished(store.database, name)
    return one


def test_messages_come_back_in_their_order_whatever_turns_they_came_in(store):
    one = begun(store, MESSAGES[:1], MESSAGES[1:])
    assert one.messages == 3
    assert list(recordings.traffic(store.database, one)) == [m + b"\n" for m in MESSAGES]


def test_a_finished_recording_is_a_log_and_no_recording(store):
    one = begun(store, MESSAGES)
    stored = recordings.finish(store.database, one, made(store, one))
    assert stored[0::3] == ("talk", "stored")
    assert recordings.unfinished(store.database) == ()
    log = store.load("talk")
    assert [event.origin.line for event in log.events] == [1, 2, 3]
    assert {event.origin.file for event in log.events} == {"talk"}
    with store.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM messages").scalar() == 0
    assert list(verify(store.database)) == []


def test_a_taken_name_gives_way_and_the_same_content_is_there_once(store):
    for messages in (MESSAGES, MESSAGES[:2], MESSAGES):
        one = begun(store, messages)
        stored = recordings.finish(store.database, one, made(store, one))
    assert stored.status == "present"
    assert [log.name.partition("@")[0] for log in store.logs()] == ["talk", "talk"]
    assert recordings.unfinished(store.database) == ()


def test_two_recordings_of_a_name_do_not_go_on_at_a_time(store):
    begun(store, MESSAGES)
    with pytest.raises(ReplayError, match=r"talk.*replay record --finish talk.*--log NAME"):
        recordings.begin(store.database, "talk")
    assert recordings.begin(store.database, "other").messages == 0


@pytest.mark.parametrize("name", ["", "two\nlines", "x" * 201])
def test_a_name_that_no_log_can_have_is_refused_before_anything_is_recorded(store, name):
    with pytest.raises(ReplayError):
        recordings.begin(store.database, name)
    assert recordings.unfinished(store.database) == ()


def test_what_comes_after_the_end_is_refused_and_takes_no_other_recordings_place(store):
    one = begun(store, MESSAGES)
    recordings.finish(store.database, one, made(store, one))
    two = begun(store, name="two")
    assert two.id != one.id
    with pytest.raises(ReplayError, match="finished meanwhile"):
        recordings.append(store.database, one.id, MESSAGES)


def test_a_recording_that_went_on_meanwhile_is_not_cut_off(store):
    one = begun(store, MESSAGES[:2])
    log = made(store, one)
    recordings.append(store.database, one.id, MESSAGES[2:])
    for call in (
        lambda: recordings.finish(store.database, one, log),
        lambda: recordings.drop(store.database, one),
    ):
        with pytest.raises(ReplayError, match="the recording talk goes on"):
            call()
    assert store.logs() == ()
    (one,) = recordings.unfinished(store.database)
    assert one.messages == 3


def test_no_statement_takes_or_changes_a_message(store):
    begun(store, MESSAGES)
    for statement in (
        "DELETE FROM messages",
        "DELETE FROM messages WHERE number = 2",
        "UPDATE messages SET line = ''",
        "UPDATE recordings SET name = 'x'",
    ):
        with (
            pytest.raises(Exception, match=r"never changed|only with their recording"),
            store.database.engine.begin() as connection,
        ):
            connection.exec_driver_sql(statement)


def test_a_lost_database_is_told_of(tmp_path):
    with open_store(tmp_path / "db") as store:
        one = begun(store)
        (tmp_path / "db").unlink()
        with pytest.raises(ReplayError, match="removed or replaced"):
            recordings.append(store.database, one.id, MESSAGES)
