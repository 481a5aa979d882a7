"""Recording: what passes is unchanged, and is in the store at once."""

import json
import os
import random
import signal
import socket
import sqlite3
import time
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from replay.cli.app import app
from replay.errors import ReplayError
from replay.formats import read as ingest
from replay.qemu.recorder.journal import CLIENT, SERVER, Journal
from replay.qemu.recorder.start import diverted, options
from replay.store import unfinished as recordings
from replay.store.event_store import open_store
from replay.store.verify import verify
from tests.qemu.peers import GREETING, Machine, command, connected, received, recorder

SNAPSHOT = command("blockdev-snapshot-sync", device="drive0", **{"snapshot-file": "/images/s1"})


@pytest.fixture
def machine(tmp_path):
    found = Machine(tmp_path / "machine")
    found.start()
    yield found


def beside(tmp_path, *more):
    return recorder(
        tmp_path, "--qmp", str(tmp_path / "machine"), "--listen", str(tmp_path / "here"), *more
    )


def replay(tmp_path, *words):
    """What a command of the command line says."""
    return CliRunner().invoke(app, ["--db", str(tmp_path / "db"), *map(str, words)])


def stored(db):
    """The lines of the messages that are in the database now."""
    with closing(sqlite3.connect(db)) as connection:
        query = "SELECT line FROM messages ORDER BY recording, number"
        return [json.loads(line) for (line,) in connection.execute(query)]


def in_store(db, count, seconds):
    """The messages of a database once there are so many; fails if that takes longer."""
    until = time.monotonic() + seconds
    while len(found := stored(db)) < count:
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


@pytest.fixture
def journal():
    """What is noted in a journal, once it is closed."""
    lines = []

    def run(*noted, keep=lines.extend, warn=None):
        with Journal(keep, warn) as opened:
            for sender, data in noted:
                opened.note(sender, data)
        return [json.loads(line) for line in lines]

    return run


def test_what_passes_is_unchanged_stored_and_told(tmp_path, machine):
    with beside(tmp_path, "--log", "talk") as process:
        with connected(tmp_path / "here") as client:
            assert received(client, len(GREETING)) == GREETING
            client.sendall(command("qmp_capabilities") + SNAPSHOT)
            assert received(client, 32) == b'{"return": {}}\r\n' * 2
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert machine.heard == command("qmp_capabilities") + SNAPSHOT
    assert "stored talk: 1 event" in out
    with open_store(tmp_path / "db") as store:
        (event,) = store.load("talk").events
    assert event.payload.name == "blockdev-snapshot-sync"
    assert event.payload.reply == {"return": {}}


def test_every_byte_passes_both_ways_whatever_it_is(tmp_path):
    chance = random.Random(7)
    noise = [chance.randbytes(chance.randrange(1, 5000)) for _ in range(100)]
    echo = Machine(tmp_path / "machine", answer=lambda line: line + b"\n")
    echo.start()
    sent = b"\n".join([*noise, b""])
    with beside(tmp_path) as process:
        with connected(tmp_path / "here") as client:
            received(client, len(GREETING))
            for start in range(0, len(sent), 3000):
                client.sendall(sent[start : start + 3000])
            assert received(client, len(sent)) == sent
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert echo.heard == sent
    assert "Traceback" not in err


def test_open_files_pass_too(tmp_path, machine):
    with beside(tmp_path), connected(tmp_path / "here") as client:
        received(client, len(GREETING))
        with (tmp_path / "sent").open("wb+") as file:
            file.write(b"through the socket")
            file.flush()
            socket.send_fds(client, [command("getfd", fdname="x")], [file.fileno()])
            received(client, 16)
        (got,) = machine.files
        assert os.pread(got, 100, 0) == b"through the socket"
        os.close(got)


def test_what_was_said_is_in_the_store_within_a_second_and_outlives_a_kill(tmp_path, machine):
    with beside(tmp_path) as process, connected(tmp_path / "here") as client:
        received(client, len(GREETING))
        client.sendall(SNAPSHOT)
        received(client, 16)
        found = in_store(tmp_path / "db", 4, seconds=1.0)
        process.kill()
        process.communicate()
    assert [line["dir"] for line in found] == ["C", "S", "C", "S"]
    hint = "the recording recording of 4 messages goes on, or was broken off"
    assert hint in replay(tmp_path, "logs").stderr
    refused = replay(tmp_path, "run", "recording")
    assert "replay record --finish recording makes a log of it" in str(refused.exception)
    assert "stored recording: 1 event" in replay(tmp_path, "record", "--finish", "recording").stdout
    assert stored(tmp_path / "db") == []
    with open_store(tmp_path / "db") as store:
        (event,) = store.load("recording").events
        assert list(verify(store.database)) == []
    assert event.payload.name == "blockdev-snapshot-sync"
    assert replay(tmp_path, "logs").stderr == ""


@pytest.mark.parametrize("lasts", [0.7, 1.3, 2.1])
def test_a_kill_at_any_moment_takes_no_more_than_the_last_second(tmp_path, machine, lasts):
    asked = []
    with beside(tmp_path) as process, connected(tmp_path / "here") as client:
        received(client, len(GREETING))
        until = time.monotonic() + lasts
        while time.monotonic() < until:
            client.sendall(command("blockdev-snapshot-sync", number=len(asked)))
            received(client, 16)
            asked.append(time.monotonic())
            time.sleep(0.002)
        process.kill()
        killed = time.monotonic()
        process.communicate()
    old = sum(killed - when > 1 for when in asked)
    kept = [line["msg"]["arguments"]["number"] for line in stored(tmp_path / "db")
            if "execute" in line["msg"]]  # fmt: skip
    assert kept == list(range(len(kept)))
    assert len(kept) >= old
    if kept:
        assert replay(tmp_path, "record", "--finish", "recording").exit_code == 0
        with open_store(tmp_path / "db") as store:
            assert len(store.load("recording").events) == len(kept)
            assert list(verify(store.database)) == []


def test_the_traffic_can_be_had_as_a_file_that_makes_the_same_log(tmp_path, machine):
    with beside(tmp_path, "-o", "traffic.qmp.jsonl") as process:
        with connected(tmp_path / "here") as client:
            received(client, len(GREETING))
            client.sendall(SNAPSHOT)
            received(client, 16)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    (recording,) = ingest.read(tmp_path / "traffic.qmp.jsonl")
    with open_store(tmp_path / "db") as store:
        (again,) = store.add([recording], rename=True)
        assert again.fingerprint == store.load("recording").fingerprint


def test_a_recording_without_an_event_stays_until_its_messages_are_in_a_file(tmp_path, machine):
    with beside(tmp_path) as process:
        with connected(tmp_path / "here") as client:
            received(client, len(GREETING))
            client.sendall(command("query-status"))
            received(client, 16)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "recording recording: no log can be made of it: nothing happens in this recording" in err
    assert "replay record --finish recording -o FILE" in err
    assert len(stored(tmp_path / "db")) == 4
    finished = replay(tmp_path, "record", "--finish", "recording", "-o", tmp_path / "traffic")
    assert f"its messages are in {tmp_path}/traffic" in str(finished.exception)
    assert len((tmp_path / "traffic").read_text().splitlines()) == 4
    assert stored(tmp_path / "db") == []


def test_what_can_not_begin_leaves_no_recording(tmp_path, machine):
    (tmp_path / "taken").write_text("dear")
    there, nowhere = str(tmp_path / "machine"), str(tmp_path / "nowhere")
    for words, told in (
        (["--qmp", there, "--listen", tmp_path / "taken"], "cannot listen there"),
        (["--qmp", there], "say --listen SOCKET"),
        (["--qmp", nowhere, "--listen", tmp_path / "here"], "no machine listens there"),
        (["--qmp", there, "--listen", tmp_path / "here", "--drive", "x"], "has no file"),
        (["--qmp", there, "--listen", tmp_path / "here", "--log", ""], "a log's name must be"),
        (["--listen", tmp_path / "here", "--", nowhere], "cannot be started"),
        (["--drive", "file=x", "--", "x"], "leave out --drive"),
        (["--finish", "none"], "no recording 'none' is unfinished"),
        ([], "which machine is to be recorded?"),
    ):
        failed = replay(tmp_path, "record", *words)
        assert isinstance(failed.exception, ReplayError)
        assert told in str(failed.exception)
        with open_store(tmp_path / "db") as store:
            assert recordings.unfinished(store.database) == ()
    assert (tmp_path / "taken").read_text() == "dear"


def test_drives_that_nobody_else_tells_of_are_those_that_the_user_told(tmp_path, machine):
    drive = "id=drive0,file=/images/base.qcow2,format=qcow2,size=4M"
    with beside(tmp_path, "--drive", drive) as process:
        with connected(tmp_path / "here") as client:
            received(client, len(GREETING))
            client.sendall(SNAPSHOT)
            received(client, 16)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    with open_store(tmp_path / "db") as store:
        image, opened, _ = (event.payload for event in store.load("recording").events)
    assert (image.name, image.size, opened.name) == ("/images/base.qcow2", 4 << 20, "drive")


def test_clients_may_come_and_go_and_the_end_of_the_machine_ends_the_recording(tmp_path, machine):
    with beside(tmp_path, "--log", "two") as process:
        for _ in range(2):
            with connected(tmp_path / "here") as client:
                received(client, len(GREETING))
                client.sendall(SNAPSHOT)
                received(client, 16)
        with connected(tmp_path / "here") as client:
            received(client, len(GREETING))
            machine.end()
            assert client.recv(1) == b""
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "stored two: 2 events" in out
    assert not (tmp_path / "here").exists()


def test_a_machine_that_is_killed_ends_the_recording_although_its_socket_stays(tmp_path, machine):
    with beside(tmp_path) as process:
        with connected(tmp_path / "here") as client:
            received(client, len(GREETING))
            client.sendall(SNAPSHOT)
            received(client, 16)
            machine.end(cleanly=False)
            assert client.recv(1) == b""
        out, _ = process.communicate(timeout=30)
    assert (tmp_path / "machine").exists()
    assert "stored recording: 1 event" in out


def test_secrets_are_never_written(journal):
    told = journal(
        (CLIENT, command("block_passwd", device="d", password="xyzzy")),
        (CLIENT, b'{"password": "xyzzy", }'),
    )
    assert [line["dir"] for line in told] == ["C", "C"]
    assert "xyzzy" not in str(told)


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_no_traffic_stops_the_journal(pieces):
    lines = []
    with Journal(lines.extend, None) as journal:
        for number, piece in enumerate(pieces):
            journal.note((CLIENT, SERVER)[number % 2], piece)
        journal.note(CLIENT, b"")
        journal.note(CLIENT, SNAPSHOT[:9])
        journal.note(CLIENT, SNAPSHOT[9:])
    assert json.loads(lines[-1])["msg"]["execute"] == "blockdev-snapshot-sync"


def test_what_could_not_be_kept_is_kept_later_and_told_once():
    lines, told, fails = [], [], [True, True, False]

    def keep(new):
        if fails.pop(0):
            raise ReplayError("disk full")
        lines.extend(new)

    journal = Journal(keep, told.append)
    journal.note(CLIENT, SNAPSHOT)
    until = time.monotonic() + 30
    while fails:
        assert time.monotonic() < until
        time.sleep(0.05)
    journal.close()
    assert [str(error) for error in told] == ["disk full"]
    assert len(lines) == 1
    assert journal.failure is None


def test_a_command_in_single_quotes_is_one(journal):
    """As QEMU reads it."""
    (said,) = journal(
        (CLIENT, b"{'execute': 'x', 'arguments': {'a': 'it\\'s {\"b', \"c\": \"'\"}}")
    )
    assert said["msg"] == {"execute": "x", "arguments": {"a": "it's {\"b", "c": "'"}}


def test_a_client_need_not_wait_for_the_greeting_and_may_go_before_its_reply(journal):
    hasty = command("qmp_capabilities") + SNAPSHOT
    reply = b'{"return": {}}\r\n'
    told = journal(
        *[(CLIENT, b""), (SERVER, b""), (CLIENT, hasty), (SERVER, GREETING + reply)],
        *[(CLIENT, b""), (SERVER, b""), (CLIENT, hasty), (SERVER, GREETING + reply + reply)],
    )
    recording = ingest.read_traffic("talk", (json.dumps(line).encode() for line in told))
    assert [event.payload.reply for event in recording.events] == [None, {"return": {}}]


def test_what_was_no_command_is_told_and_does_not_take_the_reply_of_one(journal):
    """QEMU answers nonsense with one or more errors; here between two commands."""
    error = b'{"error": {"class": "GenericError", "desc": "JSON parse error"}}\r\n'
    nonsense = b'{"execute": 5}\n{"a" }\nfoo\n'
    told = journal(
        (CLIENT, SNAPSHOT + nonsense + command("eject", device="drive0")),
        (SERVER, b'{"return": {}}\r\n' + error * 4 + b'{"return": {}, "id": 7}\r\n'),
    )
    recording = ingest.read_traffic("talk", (json.dumps(line).encode() for line in told))
    first, second = recording.events
    assert first.payload.reply == {"return": {}}
    assert second.payload.name == "eject"
    assert recording.left_out["messages that are shortened or damaged"] == 2


# Starting the machine


def test_the_monitor_of_a_command_line_is_diverted(tmp_path):
    here = tmp_path / "private"
    found = diverted(["qemu", "-qmp", "unix:/run/m,server=on,wait=off", "-S"], here, None)
    assert found.words == ("qemu", "-qmp", f"unix:{here},server=on,wait=off", "-S")
    assert str(found.clients) == "/run/m"
    found = diverted(["qemu", "-S"], here, tmp_path / "there")
    assert found.words == ("qemu", "-S", "-qmp", f"unix:{here},server=on,wait=off")
    assert found.clients == tmp_path / "there"


@pytest.mark.parametrize("mon", ["chardev=c,mode=control", "c,mode=control,pretty=off"])
def test_a_monitor_on_a_socket_of_its_own_is_diverted_too(tmp_path, mon):
    here = tmp_path / "private"
    socket = "socket,id=c,path=/run/a,,b,server=on,wait=off"
    others = ["-chardev", "socket,id=d,path=/run/x,server=on", "-mon", "chardev=d,mode=readline"]
    found = diverted(["qemu", *others, "-chardev", socket, "-mon", mon], here, None)
    moved = f"socket,id=c,path={here},server=on,wait=off"
    assert found.words == ("qemu", *others, "-chardev", moved, "-mon", mon)
    assert str(found.clients) == "/run/a,b"


@pytest.mark.parametrize(
    "words",
    [
        ["qemu"],
        ["qemu", "-qmp"],
        ["qemu", "-qmp", "stdio"],
        ["qemu", "-qmp", "unix:/run/m"],
        ["qemu", "-qmp", "unix:/run/m,server=off"],
        ["qemu", "-mon", "chardev=c,mode=control"],
        ["qemu", "-chardev", "stdio,id=c", "-mon", "chardev=c,mode=control"],
    ],
)
def test_a_monitor_that_nobody_can_divert_is_refused(words, tmp_path):
    with pytest.raises(ReplayError, match="-qmp unix:PATH,server=on"):
        diverted(words, tmp_path, None)


def test_what_can_not_be_diverted_is_refused_although_clients_are_given_a_place(tmp_path):
    """For who talks to the machine elsewhere would not be recorded."""
    words = ["qemu", "-chardev", "stdio,id=c", "-mon", "chardev=c,mode=control"]
    with pytest.raises(ReplayError, match="'stdio,id=c' can't be recorded"):
        diverted(words, tmp_path, tmp_path / "there")


def test_options_have_a_value_or_none():
    words = ["qemu", "-S", "-drive", "if=none,id=d", "--nodefaults"]
    assert [*options(words)] == [("S", ""), ("drive", "if=none,id=d"), ("nodefaults", "")]


def test_a_started_machine_is_recorded_with_its_command_line(tmp_path, need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")
    os.system(f"qemu-img create -q -f qcow2 {tmp_path}/base.qcow2 4M")
    words = ["qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none"]
    drive = f"if=none,id=drive0,file={tmp_path}/base.qcow2,format=qcow2"
    monitor = f"unix:{tmp_path}/here,server=on,wait=off"
    with recorder(tmp_path, "--log", "mine", "--", *words, "-drive", drive, "-qmp", monitor) as it:
        with connected(tmp_path / "here") as client:
            talk = client.makefile("rwb")
            assert b"QMP" in talk.readline()
            for asked in (
                command("qmp_capabilities"),
                command(
                    "blockdev-snapshot-sync",
                    device="drive0",
                    **{"snapshot-file": f"{tmp_path}/s1.qcow2"},
                ),
            ):
                talk.write(asked)
                talk.flush()
                assert b"return" in talk.readline()
            talk.write(command("quit"))
            talk.flush()
        out, err = it.communicate(timeout=30)
    assert it.returncode == 0, err
    assert "stored mine" in out
    with open_store(tmp_path / "db") as store:
        payloads = [event.payload for event in store.load("mine").events]
    assert [(p.channel, p.name) for p in payloads if hasattr(p, "channel")] == [
        ("cli", "drive"),
        ("qmp", "blockdev-snapshot-sync"),
    ]
