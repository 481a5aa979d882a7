"""QMP traffic: recordings of real QEMU, and what they may not be."""

import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.errors import ReplayError
from replay.events.event import Command, Event, Image, Notice
from replay.formats import read as ingest
from replay.formats.recording import Recording

DATA = Path(__file__).parents[1] / "data/recordings"
SNAPSHOTS = "01-drive-snapshots-active-commit"
SNAPSHOT_ON = "05-snapshot-on-none"
TRANSACTION = "07-transaction-rollback"
DISK = {"filename": "/d/base.raw", "format": "raw", "virtual-size": 4096}


def recorded(name: str) -> bytes:
    return lzma.decompress((DATA / f"{name}.qmp.jsonl.xz").read_bytes())


def read_bytes(tmp_path: Path, content: bytes, name: str = "file") -> tuple[Recording, list[Event]]:
    path = tmp_path / f"{name}.qmp.jsonl"
    path.write_bytes(content)
    recording = next(ingest.read(path))
    return recording, list(recording.events)


def said(*messages: tuple[str, dict[str, Any]]) -> bytes:
    lines = ({"t": float(t), "dir": who, "msg": msg} for t, (who, msg) in enumerate(messages))
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def asked(*messages: tuple[str, dict[str, Any]]) -> bytes:
    return said(("S", {"QMP": {}}), *messages)


def payloads(tmp_path: Path, content: bytes) -> list[Any]:
    return [event.payload for event in read_bytes(tmp_path, content)[1]]


def drives(tmp_path: Path, *found: dict[str, Any], nodes: list[Any] | None = None) -> list[Any]:
    """The events of a recording that tells of these drives, and perhaps nodes, and no more."""
    messages = [("C", {"execute": "query-block"}), ("S", {"return": list(found)})]
    if nodes is not None:
        messages += [("C", {"execute": "query-named-block-nodes"}), ("S", {"return": nodes})]
    return payloads(tmp_path, asked(*messages))


def drive(name: str = "d0", **inserted: Any) -> dict[str, Any]:
    opened = {"file": "/d/base.raw", "drv": "raw", "image": DISK, **inserted}
    return {"device": name, "inserted": opened}


def arguments(payload: Any) -> Any:
    assert isinstance(payload, Command)
    return payload.arguments


def test_a_recording_starts_with_its_machine(tmp_path: Path) -> None:
    recording, events = read_bytes(tmp_path, recorded(SNAPSHOTS), SNAPSHOTS)
    assert recording.header.name == SNAPSHOTS
    assert recording.header.description == "QMP traffic, QEMU 7.2.22"
    base = "/var/lib/images/base.qcow2"
    assert events[0].payload == Image(base, "qcow2", 64 << 20)
    options = f"if=none,id=drive0,file={base},format=qcow2,cache=none,iops=1000"
    assert events[1].payload == Command("cli", "drive", options)
    assert events[1].recorded == 1795398855.463166
    assert events[1].origin is not None
    assert events[1].origin.line == 7


def test_operations_and_notices_keep_their_order_and_replies(tmp_path: Path) -> None:
    found = payloads(tmp_path, recorded(SNAPSHOTS))
    said = [(type(p).__name__, p.name) for p in found if p.name != "JOB_STATUS_CHANGE"]
    assert said == [
        ("Image", "/var/lib/images/base.qcow2"),
        ("Command", "drive"),
        ("Command", "blockdev-snapshot-sync"),
        ("Command", "blockdev-snapshot-sync"),
        ("Command", "block-commit"),
        ("Notice", "BLOCK_JOB_READY"),
        ("Command", "block-job-complete"),
        ("Notice", "BLOCK_JOB_COMPLETED"),
        ("Notice", "SHUTDOWN"),
    ]
    assert all(p.reply == {"return": {}} for p in found[2:] if isinstance(p, Command))
    ready = {"device": "j0", "len": 0, "offset": 0, "speed": 0, "type": "commit"}
    assert Notice("BLOCK_JOB_READY", ready) in found


def test_a_refused_command_keeps_its_error(tmp_path: Path) -> None:
    found = payloads(tmp_path, recorded(TRANSACTION))
    replies = [p.reply for p in found if isinstance(p, Command) and p.name == "transaction"]
    desc = "Cannot find device='nosuch' nor node-name=''"
    assert replies == [{"return": {}}, {"error": {"class": "GenericError", "desc": desc}}]
    assert [p.name for p in found if isinstance(p, Image)] == [
        "/var/lib/images/v0.qcow2",
        "/var/lib/images/v1.qcow2",
    ]


def test_a_temporary_overlay_is_told_as_snapshot_on(tmp_path: Path) -> None:
    found = payloads(tmp_path, recorded(SNAPSHOT_ON))
    base, top = "/var/lib/images/base.qcow2", "/var/lib/images/top.qcow2"
    options = f"if=none,id=drive0,file={top},format=qcow2,cache=none,snapshot=on"
    assert found[:3] == [
        Image(base, "qcow2", 64 << 20),
        Image(top, "qcow2", 64 << 20, "base.qcow2", "qcow2"),
        Command("cli", "drive", options),
    ]


def test_a_line_for_the_human_monitor_is_an_hmp_command(tmp_path: Path) -> None:
    found = [p for p in payloads(tmp_path, recorded(SNAPSHOT_ON)) if isinstance(p, Command)]
    assert [(p.name, p.arguments, p.reply) for p in found if p.channel == "hmp"] == [
        ("commit", "drive0", {"return": {}}),
        ("commit", "all", {"return": {}}),
    ]


def test_what_the_human_monitor_printed_is_kept(tmp_path: Path) -> None:
    line = {"execute": "human-monitor-command", "arguments": {"command-line": " commit  d0 "}}
    found = payloads(tmp_path, asked(("C", line), ("S", {"return": "Device 'd0' not found\r\n"})))
    assert found == [Command("hmp", "commit", "d0", {"return": "Device 'd0' not found\r\n"})]


def test_replies_find_their_commands_by_id(tmp_path: Path) -> None:
    found = payloads(
        tmp_path,
        asked(
            ("C", {"execute": "first", "id": {"a": 1}}),
            ("C", {"exec-oob": "second", "id": "b", "arguments": {"x": 1}}),
            ("C", {"execute": "third"}),
            ("C", {"execute": "fourth"}),
            ("S", {"return": 2, "id": "b"}),
            ("S", {"return": 3}),
            ("S", {"return": 1, "id": {"a": 1}}),
        ),
    )
    assert found == [
        Command("qmp", "first", {}, {"return": 1}),
        Command("qmp", "second", {"x": 1}, {"return": 2}),
        Command("qmp", "third", {}, {"return": 3}),
        Command("qmp", "fourth", {}),
    ]


@pytest.mark.parametrize(
    "name", ["query-block", "qmp_capabilities", "quit", "x-debug-query-block-graph", "qom-get"]
)
def test_queries_are_no_events(tmp_path: Path, name: str) -> None:
    found = payloads(tmp_path, asked(("C", {"execute": "stop"}), ("C", {"execute": name})))
    assert found == [Command("qmp", "stop", {})]


@pytest.mark.parametrize("line", ["", "info block -v", "quit"])
def test_queries_of_the_human_monitor_are_no_events(tmp_path: Path, line: str) -> None:
    query = {"execute": "human-monitor-command", "arguments": {"command-line": line}}
    found = payloads(tmp_path, asked(("C", {"execute": "stop"}), ("C", query)))
    assert found == [Command("qmp", "stop", {})]


def test_drives_seen_after_an_operation_are_not_those_of_the_start(tmp_path: Path) -> None:
    recording, events = read_bytes(
        tmp_path,
        asked(
            ("C", {"execute": "blockdev-add"}),
            ("S", {"return": {}}),
            ("C", {"execute": "query-block"}),
            ("S", {"return": [drive()]}),
        ),
    )
    assert [event.payload.name for event in events] == ["blockdev-add"]  # type: ignore[union-attr]
    assert "does not tell the drives" in recording.header.description


@pytest.mark.parametrize(
    ("writeback", "direct", "no_flush", "option"),
    [
        (True, False, False, "cache=writeback"),
        (True, True, False, "cache=none"),
        (True, False, True, "cache=unsafe"),
        (False, False, False, "cache=writethrough"),
        (False, True, False, "cache=directsync"),
        (True, True, True, "cache.writeback=on,cache.direct=on,cache.no-flush=on"),
    ],
)
def test_the_cache_mode_is_told(
    tmp_path: Path, writeback: bool, direct: bool, no_flush: bool, option: str
) -> None:
    cache = {"writeback": writeback, "direct": direct, "no-flush": no_flush}
    found = drives(tmp_path, drive(cache=cache))
    assert arguments(found[1]) == f"if=none,id=d0,file=/d/base.raw,format=raw,{option}"


def test_commas_in_names_are_doubled(tmp_path: Path) -> None:
    name = "/d/a,b=c.raw"
    found = drives(tmp_path, drive("x,y", file=name, image={**DISK, "filename": name}))
    assert found[0] == Image(name, "raw", 4096)
    assert arguments(found[1]) == "if=none,id=x,,y,file=/d/a,,b=c.raw,format=raw"


def test_a_drive_tells_readonly_its_name_and_its_limits(tmp_path: Path) -> None:
    found = drives(tmp_path, drive(ro=True, bps_rd=7, iops=9, **{"node-name": "top"}))
    assert arguments(found[1]).endswith(",node-name=top,readonly=on,bps_rd=7,iops=9")


def test_a_drive_without_a_medium_and_one_on_a_bare_file(tmp_path: Path) -> None:
    bare = drive("d1", drv="file", image={**DISK, "format": "file"})
    found = drives(tmp_path, {"device": "cd0"}, bare)
    assert found[0] == Image("/d/base.raw", "raw", 4096)
    assert [arguments(p) for p in found[1:]] == [
        "if=none,id=cd0",
        "if=none,id=d1,file=/d/base.raw,format=file",
    ]


def test_the_list_of_nodes_adds_what_the_drives_do_not_tell(tmp_path: Path) -> None:
    top = {
        "filename": "/d/top.qcow2", "format": "qcow2", "virtual-size": 8192,
        "backing-filename": "base.raw", "full-backing-filename": "/d/base.raw",
    }  # fmt: skip
    opened = {"device": "d0", "inserted": {"file": "/d/top.qcow2", "drv": "qcow2"}}
    below = [
        {"file": "/d/top.qcow2", "drv": "qcow2", "image": top},
        {"file": "/d/top.qcow2", "drv": "file", "image": {**top, "format": "file"}},
        {"file": "/d/base.raw", "drv": "raw", "image": DISK},
    ]
    found = drives(tmp_path, opened, nodes=below)
    assert found[:2] == [
        Image("/d/base.raw", "raw", 4096),
        Image("/d/top.qcow2", "qcow2", 8192, "base.raw"),
    ]
    with pytest.raises(ReplayError, match="no reply tells the size"):
        drives(tmp_path, opened)


def test_a_shared_base_and_a_circle_of_names_are_told_once(tmp_path: Path) -> None:
    circle = {**DISK, "backing-filename": "base.raw", "backing-image": DISK}
    found = drives(tmp_path, drive("d0", image=circle), drive("d1", image=circle))
    assert [p.name for p in found] == ["/d/base.raw", "drive", "drive"]


CALL = ("C", {"execute": "stop", "id": 1})


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([("S", {"return": {}})], ":2: a reply to no command"),
        ([CALL, ("S", {"return": {}})], ":3: a reply to no command"),
        ([CALL, ("S", {"return": {}, "id": 1}), ("S", {"return": {}, "id": 1})], ":4: a reply to"),
        ([("C", {"run": "stop"})], ":2: not a QMP message"),
        ([("S", {"execute": "stop"})], ":2: not a QMP message"),
        ([("X", {"execute": "stop"})], ":2: not a line of QMP traffic"),
        ([("C", {"execute": 7})], ":2: not an event"),
        ([("C", {"execute": "x", "arguments": "text"})], ":2: not an event"),
        ([("S", {"event": None})], ":2: not an event"),
        ([("C", {"execute": "query-block"}), ("S", {"return": 1})], ":3: not a reply about drives"),
        (
            [("C", {"execute": "query-block"}), ("S", {"return": [drive(image={})]})],
            ":3: not a reply about drives",
        ),
    ],
)
def test_what_is_no_conversation_is_refused(
    tmp_path: Path, messages: list[tuple[str, dict[str, Any]]], reason: str
) -> None:
    with pytest.raises(ReplayError, match=reason):
        read_bytes(tmp_path, asked(*messages))


def test_a_recording_that_breaks_off_is_refused(tmp_path: Path) -> None:
    content = recorded(TRANSACTION)
    with pytest.raises(ReplayError, match=":30: not a JSON object: Input data was truncated"):
        read_bytes(tmp_path, content[:-20])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_mangled_traffic_raises_nothing_but_replay_errors(
    tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(recorded(SNAPSHOT_ON)[:12000])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(start + 30, len(content))))
        content[start:end] = data.draw(st.binary(max_size=10) | st.sampled_from(PIECES))
    try:
        read_bytes(tmp_path, bytes(content[: content.rfind(b"\n") + 1]))
    except ReplayError as error:
        assert error.where


PIECES = [b"{", b"}", b"[" * 2000, b"null", b"-1", b"1e400", b'"', b"\n", b"9" * 5000, b'"json:']


def test_a_chain_that_is_too_deep_to_be_kept_as_an_observation_still_makes_a_log(tmp_path):
    image = DISK
    for number in range(1, 100):
        above = {**DISK, "filename": f"/d/{number}", "backing-filename": image["filename"]}
        image = {**above, "backing-image": image}
    reply = [drive(file="/d/99", image=image)]
    talk = asked(
        ("C", {"execute": "query-block"}),
        ("S", {"return": reply}),
        ("C", {"execute": "eject", "arguments": {"device": "d0"}}),
    )
    recording, events = read_bytes(tmp_path, talk)
    assert sum(isinstance(event.payload, Image) for event in events) == 100
    assert recording.left_out["answers to queries that can't be kept"] == 1
