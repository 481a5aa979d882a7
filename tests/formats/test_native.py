"""The native form, and how a file's format is recognised."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.errors import ReplayError
from replay.events.event import Event, Image, Internal, LogEntry
from replay.events.json_form import event_line, observation_line
from replay.formats import read as ingest
from replay.formats.recording import MAX_LINE, Recording

DATA = Path(__file__).parents[1] / "data/native"
LOG = DATA / "40a_reopen_after_snap.jsonl"
EVENT = b'{"kind":"await","until":"settled"}\n'
HEADER = b'{"replay_log":1,"name":"%b"}\n'


def everything(path: Path, format: str | None = None) -> list[tuple[str, list[Event]]]:
    return [(r.header.name, list(r.events)) for r in ingest.read(path, format)]


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "file.jsonl"
    path.write_bytes(content)
    return path


def test_a_log_is_read_with_its_header_and_origins() -> None:
    recording = next(ingest.read(LOG))
    assert recording.header.name == "40a_reopen_after_snap"
    assert "steps" in recording.header.extra
    events = list(recording.events)
    assert isinstance(events[0].payload, Image)
    assert events[0].origin is not None
    assert str(events[0].origin) == f"{LOG}:2"
    assert any(isinstance(event.payload, Internal) for event in events)
    assert len(events) == len(LOG.read_bytes().splitlines()) - 1


def test_one_file_holds_several_logs(tmp_path: Path) -> None:
    files = sorted(DATA.glob("*.jsonl"))
    path = written(tmp_path, b"".join(file.read_bytes() for file in files))
    together = everything(path)
    assert [name for name, _ in together] == [file.stem for file in files]
    for file, (_, events) in zip(files, together, strict=True):
        alone = everything(file)[0][1]
        assert [event.payload for event in events] == [event.payload for event in alone]


def test_a_log_whose_events_nobody_took_is_checked_all_the_same(tmp_path: Path) -> None:
    good = HEADER % b"a" + EVENT + HEADER % b"b" + EVENT
    assert [r.header.name for r in ingest.read(written(tmp_path, good))] == ["a", "b"]
    bad = good.replace(EVENT, b"{}\n", 1)
    with pytest.raises(ReplayError, match=":2: "):
        list(ingest.read(written(tmp_path, bad)))


def test_blank_lines_and_foreign_line_ends_are_no_events(tmp_path: Path) -> None:
    path = written(tmp_path, b"\n" + (HEADER % b"a").replace(b"\n", b"\r\n") + b"  \n" + EVENT[:-1])
    ((name, events),) = everything(path)
    assert (name, len(events)) == ("a", 1)
    assert events[0].origin is not None
    assert events[0].origin.line == 4


def test_an_event_that_speaks_of_replay_log_starts_no_log(tmp_path: Path) -> None:
    event = b'{"kind":"command","channel":"hmp","name":"x","arguments":"\\"replay_log\\""}\n'
    nested = b'{"kind":"command","channel":"qmp","name":"x","arguments":{"replay_log":1}}\n'
    ((_, events),) = everything(written(tmp_path, HEADER % b"a" + event + nested))
    assert len(events) == 2


def test_a_log_is_read_under_another_name(tmp_path: Path) -> None:
    (recording,) = ingest.read(LOG, name="mine")
    assert recording.header.name == "mine"
    path = written(tmp_path, HEADER % b"a" + EVENT + HEADER % b"b" + EVENT)
    with pytest.raises(ReplayError, match="more than one log"):
        list(ingest.read(path, name="mine"))
    with pytest.raises(ReplayError, match="printable"):
        list(ingest.read(LOG, name="a\nb"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "no message in"),
        (b"\xff\xfe{\x00", "no message in"),
        (b"just text\n", "no message in 1 line of text"),
        (b'{"t": 1, "dir": "C"}\n', "no message in 1 line of text with braces"),
        (HEADER % b"a" + b"\xff\xfe\n", ":2: not UTF-8"),
        (HEADER % b"a" + EVENT + b'{"kind":"\xff"}\n', ":3: not UTF-8"),
        (HEADER % b"a" + EVENT + EVENT[:-9], ":3: not a JSON object: Input data was truncated"),
        (HEADER % b"a" + b"\x00" * 4096, ":2: not a JSON object"),
        (b'{"replay_log":7,"name":"a"}\n' + EVENT, ":1: version 7 .*newer"),
        (HEADER % b"" + EVENT, ":1: not a log's header"),
    ],
)
def test_a_bad_file_is_refused_with_place_and_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ReplayError, match=reason) as refusal:
        everything(path)
    assert str(refusal.value).startswith(str(path))


def test_a_format_can_be_given_and_must_be_known() -> None:
    assert everything(LOG, "native") == everything(LOG)
    with pytest.raises(ReplayError, match="not a line of QMP traffic"):
        everything(LOG, "qmp")
    with pytest.raises(ReplayError, match="known are native, qmp"):
        everything(LOG, "netive")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / "nul\0", LOG / "below"):
        with pytest.raises(ReplayError):
            everything(path)


def test_a_file_of_any_name_is_read(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jsonl"))
    path.write_bytes(LOG.read_bytes())
    ((_, events),) = everything(path)
    assert events[0].origin is not None
    events[0].origin.file.encode()


def test_an_endless_line_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "endless"
    with path.open("wb") as file:
        file.truncate(MAX_LINE * 50)
    with pytest.raises(ReplayError, match=":1: a line longer than"):
        everything(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_mangled_files_raise_nothing_but_replay_errors(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(LOG.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(start + 30, len(content))))
        content[start:end] = data.draw(st.binary(max_size=10) | st.sampled_from(PIECES))
    try:
        everything(written(tmp_path, bytes(content)))
    except ReplayError as error:
        assert error.where


PIECES = [b"{", b"}", b"[" * 2000, b"null", b"-1", b"1e400", b'"', b"\n", b"9" * 5000, b'"kind":']


def secrets(tmp_path: Path, *events: dict[str, object]) -> tuple[Recording, list[bytes]]:
    """A log of these events, read, and its lines as they would be exported."""
    lines = [json.dumps(event).encode() + b"\n" for event in events]
    (recording,) = list_of(written(tmp_path, HEADER % b"x" + b"".join(lines)))
    return recording, [line_of(entry) for entry in recording.entries]


def list_of(path: Path) -> list[Recording]:
    """The recordings of a file, whose entries can still be consumed."""
    found = [(recording, list(recording.entries)) for recording in ingest.read(path)]
    return [replace(recording, entries=iter(entries)) for recording, entries in found]


def line_of(entry: LogEntry) -> bytes:
    return event_line(entry) if isinstance(entry, Event) else observation_line(entry)


def command(channel: str, name: str, arguments: object) -> dict[str, object]:
    return {"kind": "command", "channel": channel, "name": name, "arguments": arguments}


@pytest.mark.parametrize(
    "event",
    [
        command("qmp", "block_passwd", {"device": "d0", "password": "hunter2"}),
        command("hmp", "set_password", "vnc hunter2"),
        command("hmp", "change", "vnc password hunter2"),
        command("cli", "object", "secret,id=s0,data=hunter2"),
        command("cli", "drive", "if=none,id=d0,file=rbd:p/i:key=hunter2"),
        {"kind": "notice", "name": "X", "data": {"url": "https://me:hunter2@host/"}},
        {"kind": "observation", "name": "q", "answer": [{"secret": "hunter2"}]},
        {"kind": "image", "name": "https://me:hunter2@host/a", "format": "raw", "size": 0},
    ],
)
def test_a_native_log_is_kept_without_its_secrets(tmp_path: Path, event: dict[str, object]) -> None:
    recording, lines = secrets(tmp_path, event)
    assert recording.secrets == 1
    assert b"hunter2" not in lines[0]
    assert b"(secret)" in lines[0]
    again, same = secrets(tmp_path, json.loads(lines[0]))
    assert again.secrets == 0
    assert same == lines


@pytest.mark.parametrize(
    "arguments", [rb'{"p\u0061ssword":"hunter2"}', rb'{"file":"https:\/\/me:hunter2@host\/"}']
)
def test_a_secret_is_found_however_it_is_written(tmp_path: Path, arguments: bytes) -> None:
    line = b'{"kind":"command","channel":"qmp","name":"x","arguments":%b}\n' % arguments
    (recording,) = list_of(written(tmp_path, HEADER % b"x" + line))
    assert recording.secrets == 1


def test_a_native_log_keeps_its_names_of_temporary_files(tmp_path: Path) -> None:
    path = "/var/tmp/vl.aaaaaa"
    event = command("qmp", "x", {"key-secret": "s0", "file": path})
    recording, (line,) = secrets(tmp_path, event)
    assert json.loads(line)["arguments"] == {"file": path, "key-secret": "s0"}
    assert recording.secrets == 0


@pytest.mark.parametrize("depth", [70, 900, 5000])
def test_a_secret_deep_below_is_refused_as_all_that_is_too_deep(tmp_path: Path, depth: int) -> None:
    deep = b"[" * depth + b'{"key":"x"}' + b"]" * depth
    line = b'{"kind":"observation","name":"q","answer":%b}\n' % deep
    with pytest.raises(ReplayError, match=r"file\.jsonl:2: "):
        everything(written(tmp_path, HEADER % b"x" + line))
