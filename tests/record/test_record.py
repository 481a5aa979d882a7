"""Recording: what passes is unchanged, what passed is on the disk, and what it was is stored."""

import json
import os
import random
import signal
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.errors import ReplayError
from replay.ingest import read
from replay.record.journal import CLIENT, SERVER, Journal
from replay.record.start import diverted, options
from replay.store import open_store
from tests.record.peers import GREETING, Machine, command, connected, received, recorder

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


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def written(path, count, seconds):
    """The lines of a file once there are so many; fails if that takes longer."""
    until = time.monotonic() + seconds
    while not path.exists() or len(path.read_text().splitlines()) < count:
        assert time.monotonic() < until
        time.sleep(0.02)
    return lines(path)


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


def test_what_was_said_is_on_the_disk_within_a_second_and_outlives_a_kill(tmp_path, machine):
    file = tmp_path / "recording.qmp.jsonl"
    with beside(tmp_path) as process, connected(tmp_path / "here") as client:
        received(client, len(GREETING))
        client.sendall(SNAPSHOT)
        received(client, 16)
        found = written(file, 3, seconds=1.0)
        process.kill()
        process.communicate()
    assert [line["dir"] for line in found] == ["S", "C", "S"]
    (recording,) = [next(read(file))]
    assert [event.payload.name for event in recording.events] == ["blockdev-snapshot-sync"]


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


def test_secrets_are_never_written(tmp_path):
    with Journal(tmp_path / "file") as journal:
        for sender in (CLIENT, SERVER):
            journal.note(sender, b"")
        journal.note(CLIENT, command("block_passwd", device="d", password="xyzzy"))
    assert b"xyzzy" not in (tmp_path / "file").read_bytes()
    assert (tmp_path / "file").stat().st_mode & 0o077 == 0


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_no_traffic_stops_the_journal(tmp_path_factory, pieces):
    file = tmp_path_factory.mktemp("journal") / "file"
    with Journal(file) as journal:
        for number, piece in enumerate(pieces):
            journal.note((CLIENT, SERVER)[number % 2], piece)
        journal.note(CLIENT, b"")
        journal.note(CLIENT, SNAPSHOT[:9])
        journal.note(CLIENT, SNAPSHOT[9:])
    assert lines(file)[-1]["msg"]["execute"] == "blockdev-snapshot-sync"


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    (tmp_path / "file").write_text("dear")
    with pytest.raises(ReplayError, match="cannot be made"):
        Journal(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "dear"


# Starting the machine


def test_the_monitor_of_a_command_line_is_diverted(tmp_path):
    here = tmp_path / "private"
    found = diverted(["qemu", "-qmp", "unix:/run/m,server=on,wait=off", "-S"], here, None)
    assert found.words == ("qemu", "-qmp", f"unix:{here},server=on,wait=off", "-S")
    assert str(found.clients) == "/run/m"
    found = diverted(["qemu", "-S"], here, tmp_path / "there")
    assert found.words == ("qemu", "-S", "-qmp", f"unix:{here},server=on,wait=off")
    assert found.clients == tmp_path / "there"


@pytest.mark.parametrize(
    "words",
    [["qemu"], ["qemu", "-qmp"], ["qemu", "-qmp", "stdio"], ["qemu", "-qmp", "unix:/run/m"]],
)
def test_a_monitor_that_nobody_can_divert_is_refused(words, tmp_path):
    with pytest.raises(ReplayError, match="-qmp unix:PATH,server=on"):
        diverted(words, tmp_path, None)


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
