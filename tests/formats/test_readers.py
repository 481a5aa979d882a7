"""The formats that conversations come in: each is recognised, and tells the same story."""

import gzip
import lzma
import time
from pathlib import Path
from typing import Any

import pytest

from replay.errors import ReplayError
from replay.events.event import Await, Command, Event, Guest, Image, LogEntry, Notice, Observation
from replay.formats import read as ingest
from replay.formats.read import ImportOptions
from replay.formats.readers.recognition import FORMATS
from replay.formats.recording import Recording

DATA = Path(__file__).parents[1] / "data/recordings"
GIB = 1 << 30
LIBVIRTD = DATA / "01-libvirtd-debug-qmp.log.xz"
DOMAIN = DATA / "02-libvirt-qemu-domain.log"
SHELL = DATA / "11-qmp-shell-v-p.txt"
SOCAT = DATA / "13-socat-v.txt"
TRACE = DATA / "15-qemu-trace-log-backend.log.xz"
SIGHTS = DATA / "05-snapshot-on-none.trace.log"
IMAGE = "/var/lib/images/base.qcow2"


def entries(path: Path, **options: Any) -> list[LogEntry]:
    (recording,) = ingest.read(path, options=ImportOptions(**options))
    return list(recording.entries)


def names(found: list[LogEntry]) -> list[str]:
    """The operations and notices, without the steps of jobs."""
    payloads = [entry.payload for entry in found if isinstance(entry, Event)]
    told = [p.name for p in payloads if not isinstance(p, Await) and p.name != "JOB_STATUS_CHANGE"]
    return [name for name in told if name is not None]


def seen(found: list[LogEntry]) -> list[str]:
    return [entry.name for entry in found if isinstance(entry, Observation)]


def written(tmp_path: Path, text: str | bytes, name: str = "log") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def told(tmp_path: Path, text: str | bytes, **options: Any) -> list[LogEntry]:
    return entries(written(tmp_path, text), **options)


def logs(path: Path, **options: Any) -> dict[str, list[str]]:
    return {
        recording.header.name: names(list(recording.entries))
        for recording in ingest.read(path, options=ImportOptions(**options))
    }


# Recordings


def test_a_libvirtd_log_tells_every_message_once() -> None:
    found = entries(LIBVIRTD)
    assert names(found)[:7] == [
        "blockdev-add",
        "blockdev-create",
        "job-dismiss",
        "blockdev-add",
        "transaction",
        "blockdev-add",
        "blockdev-create",
    ]
    assert names(found).count("BLOCK_JOB_READY") == 1
    assert len(names(found)) == 22
    commands = [e.payload for e in found if isinstance(e, Event)]
    assert all(c.reply == {"return": {}} for c in commands if isinstance(c, Command))
    assert seen(found) == ["query-jobs", "query-jobs", "query-block-jobs", "query-jobs"]
    first = found[0]
    assert isinstance(first, Event)
    assert (first.origin and first.origin.line, first.recorded) == (1, 1795399155.309)


def test_a_domain_log_tells_images_and_the_options_about_drives() -> None:
    (recording,) = ingest.read(DOMAIN)
    found = [entry.payload for entry in recording.entries if isinstance(entry, Event)]
    assert found[:2] == [Image(IMAGE, "qcow2", GIB), Image("/var/lib/images/cd.iso", "raw", GIB)]
    assert [p.name for p in found[2:] if isinstance(p, Command)] == [
        "blockdev",
        "blockdev",
        "device",
        "blockdev",
        "blockdev",
        "device",
    ]
    assert recording.left_out == {
        "options of the command line that are about no drive": 22,
        "sizes of images that nothing tells, taken from their neighbours or as 1 GiB": 2,
    }


def test_a_domain_log_and_a_libvirtd_log_make_one_log() -> None:
    (recording,) = ingest.read_joined([DOMAIN, LIBVIRTD], ImportOptions(name="demo"))
    found = list(recording.entries)
    assert recording.header.name == "demo"
    # nothing but what is created upon it tells the size of the first image
    assert isinstance(found[0], Event)
    assert found[0].payload == Image(IMAGE, "qcow2", 64 << 20)
    assert names(found)[2:8] == ["blockdev", "blockdev", "device"] * 2
    assert names(found)[8:10] == ["blockdev-add", "blockdev-create"]


def test_a_session_of_qmp_shell_is_read_from_its_requests() -> None:
    found = entries(SHELL)
    assert names(found) == ["blockdev-snapshot-sync", "transaction", "block-commit"]
    assert seen(found) == ["query-block-jobs"]


def test_socat_shows_both_ways_of_a_connection() -> None:
    found = entries(SOCAT)
    assert names(found) == [
        "blockdev-snapshot-sync",
        "block-stream",
        "BLOCK_JOB_COMPLETED",
        "SHUTDOWN",
    ]
    first = found[0]
    assert isinstance(first, Event)
    assert first.recorded == 1795399221.115145


def test_a_trace_log_keeps_what_was_opened_as_observations() -> None:
    found = entries(TRACE)
    assert names(found)[:5] == [
        "blockdev-snapshot-sync",
        "transaction",
        "block-commit",
        "BLOCK_JOB_READY",
        "block-job-complete",
    ]
    sights = [e for e in found if isinstance(e, Observation) and "flags" in str(e.answer)]
    assert len(sights) == 17
    assert sights[0].answer == {
        "name": sights[0].name,
        "filename": "/var/lib/images/a.qcow2",
        "flags": 0x2A002,
        "driver": "file",
    }


def test_a_trace_that_only_saw_files_opened_goes_beside_another_recording() -> None:
    with pytest.raises(ReplayError, match=r"nothing happens .*--log NAME beside"):
        entries(SIGHTS)
    beside = DATA / "05-snapshot-on-none.qmp.jsonl.xz"
    (recording,) = ingest.read_joined([beside, SIGHTS], ImportOptions(name="both"))
    found = [entry for entry in recording.entries if isinstance(entry, Observation)]
    opened = [seen for seen in found if isinstance(seen.answer, dict) and "flags" in seen.answer]
    assert len(opened) == 14
    # the random name is the same in both files
    assert opened[4].answer["filename"] == "<tmp0>"


def test_a_recording_is_read_whether_compressed_or_not(tmp_path: Path) -> None:
    plain = lzma.decompress(LIBVIRTD.read_bytes())
    packed = written(tmp_path, gzip.compress(plain), "01-libvirtd-debug-qmp.log.gz")
    bare = written(tmp_path, plain, "01-libvirtd-debug-qmp.log")
    assert logs(packed) == logs(bare) == logs(LIBVIRTD)
    assert list(logs(packed)) == ["01-libvirtd-debug-qmp"]


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"\xfd7zXZ\x00"])
def test_a_damaged_compressed_file_is_an_error_with_its_name(tmp_path: Path, magic: bytes) -> None:
    with pytest.raises(ReplayError, match="log: cannot be read"):
        told(tmp_path, magic + b"no more of it")


# Formats without a recording

SNAPSHOT = '{"execute": "blockdev-snapshot-sync", "arguments": {"device": "d0"}}'
NOTICE = (
    '{"timestamp": {"seconds": 5, "microseconds": 250000}, "event": "STOP", "data": {"x": "}{"}}'
)


@pytest.mark.parametrize(
    "text",
    [
        f'{SNAPSHOT}\n{{"return": {{}}}}\n{NOTICE}\n',
        f'-> {SNAPSHOT}\n<- {{ "return": {{}} }}\n<- {NOTICE}\n',
        f'# Example:\n#\n#   C: {SNAPSHOT}\n#   S: {{ "return": {{}} }}\n#   S: {NOTICE}\n',
        f"[2024-05-01T10:00:00Z] QUERY: {SNAPSHOT}\n"
        '[2024-05-01T10:00:00Z] REPLY: {"return": {}}\n'
        f"[2024-05-01T10:00:01Z] EVENT: {NOTICE}\n",
        f'(QEMU) {SNAPSHOT}\n{{"return": {{}}}}\n{NOTICE}\n(QEMU) \n',
        f"handle_qmp_command mon 0x5 req: {SNAPSHOT}\n"
        'monitor_qmp_respond mon 0x5 resp: {"return": {}}\n'
        f"monitor_qmp_respond mon 0x5 resp: {NOTICE}\n",
    ],
    ids=["plain", "arrows", "letters", "incus", "shell", "trace"],
)
def test_the_same_conversation_is_read_from_every_form(tmp_path: Path, text: str) -> None:
    payloads = [e.payload for e in told(tmp_path, text) if isinstance(e, Event)]
    assert payloads == [
        Command("qmp", "blockdev-snapshot-sync", {"device": "d0"}, {"return": {}}),
        Notice("STOP", {"x": "}{"}),
    ]


def test_a_message_may_go_on_over_several_lines(tmp_path: Path) -> None:
    text = '-> { "execute": "stop",\n     "id": 7 }\n<- {\n  "return": {},\n  "id": 7 }\n'
    found = told(tmp_path, text)
    assert [e.payload for e in found if isinstance(e, Event)] == [
        Command("qmp", "stop", None, {"return": {}})
    ]


def test_what_a_document_shortens_is_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    text = '-> {"execute": "query-block"}\n<- {"return": [ ... ]}\n-> {"execute": "stop"}\n'
    (recording,) = ingest.read(written(tmp_path, text))
    assert names(list(recording.entries)) == ["stop"]
    assert recording.left_out == {
        "messages that are shortened or damaged": 1,
        "queries without an answer": 1,
    }


def test_the_output_of_a_test_of_qemu_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    text = (
        "QA output created by 085\n=== Create a snapshot ===\n\n"
        "{ 'execute': 'blockdev-snapshot-sync',\n  'arguments': { 'device': 'virtio0' } }\n"
        "Formatting 'TEST_DIR/1.qcow2', fmt=qcow2 size=134217728\n"
        '{"return": {}}\n{"return": {}}\n'
        '{"timestamp": {"seconds":  TIMESTAMP, "microseconds":  TIMESTAMP}, "event": "STOP"}\n'
    )
    (recording,) = ingest.read(written(tmp_path, text))
    assert [e.payload for e in recording.events] == [
        Command("qmp", "blockdev-snapshot-sync", {"device": "virtio0"}, {"return": {}}),
        Notice("STOP"),
    ]
    assert recording.left_out == {"replies to no command that was recorded": 1}


def test_an_object_may_be_split_over_several_pieces_of_socat(tmp_path: Path) -> None:
    head = "2026/11/23 02:00:20.000936295  length=9 from=0 to=8"
    text = (
        f'> {head}\n{{"execute":"st> {head}\nop","id":"a\\\\"b"}}\n'
        f'< {head}\n{{"return": {{}}, "id": "a\\\\"b"}}\\r\n'
    )
    assert [e.payload for e in told(tmp_path, text) if isinstance(e, Event)] == [
        Command("qmp", "stop", None, {"return": {}})
    ]


OLD = "2014-05-07 10:00:00.123+0000: 77: debug : "


def of_2014(mon: str, ids: int = 1, command: str = "stop") -> str:
    """What libvirt of 2014 wrote: whatever came in, as it came, and perhaps once more."""
    return (
        f'{OLD}qemuMonitorSend:1 : QEMU_MONITOR_SEND_MSG: mon={mon} msg={{"execute":"{command}",'
        f'"id":"libvirt-{ids}"}}\r\n fd=-1\n'
        f'{OLD}qemuMonitorIOWrite:1 : QEMU_MONITOR_IO_WRITE: mon={mon} buf={{"execute":"{command}",'
        f'"id":"libvirt-{ids}"}}\r\n len=4 ret=4 errno=11\n'
        f'{OLD}qemuMonitorIOProcess:1 : QEMU_MONITOR_IO_PROCESS: mon={mon} buf={{"retu len=5\n'
        f'{OLD}qemuMonitorIOProcess:1 : QEMU_MONITOR_IO_PROCESS: mon={mon} buf={{"return": {{}}, '
        f'"id": "libvirt-{ids}"}}\r\n{NOTICE}\r\n len=99\n'
    )


STOPPED = [Command("qmp", "stop", None, {"return": {}}), Notice("STOP", {"x": "}{"})]


def test_libvirt_of_2014_told_only_what_came_in(tmp_path: Path) -> None:
    found = told(tmp_path, of_2014("0x7f01"))
    assert [e.payload for e in found if isinstance(e, Event)] == STOPPED


def test_a_log_that_was_sent_by_mail_is_read(tmp_path: Path) -> None:
    lines = of_2014("0x7f01").replace("\r", "^M").splitlines()
    text = "".join(f"> > {line}\n" for line in lines)
    assert [e.payload for e in told(tmp_path, text) if isinstance(e, Event)] == STOPPED


def test_a_log_that_a_mail_program_encoded_is_read(tmp_path: Path) -> None:
    text = ""
    for line in of_2014("0x7f01").replace("\r", "").splitlines():
        encoded = line.replace("=", "=3D")
        text += "".join(f"{encoded[i : i + 70]}=\n" for i in range(0, len(encoded) - 70, 70))
        text += encoded[(len(encoded) - 1) // 70 * 70 if len(encoded) > 70 else 0 :] + "\n"
    assert "mon=3D0x" in text
    assert [e.payload for e in told(tmp_path, text) if isinstance(e, Event)] == STOPPED


def test_each_monitor_of_a_libvirtd_log_is_a_log_named_by_its_domain(tmp_path: Path) -> None:
    named = (
        f"{OLD}qemuProcessWaitForMonitor:1 : Connect monitor to vm=0x7fab name='web1' asyncJob=6\n"
        f"{OLD}qemuMonitorOpenInternal:1 : QEMU_MONITOR_NEW: mon=0x7f01 refs=2 fd=23\n"
    )
    again = f"{OLD}qemuMonitorOpenInternal:1 : QEMU_MONITOR_NEW: mon=0x7f02 refs=2 fd=23\n"
    probe = of_2014("0x7f02", command="query-version").replace(NOTICE, "")
    text = named + of_2014("0x7f01") + probe + again + of_2014("0x7f02", command="cont")
    path = written(tmp_path, text, "libvirtd.log")
    assert logs(path) == {"web1": ["stop", "STOP"], "web1-2": ["cont", "STOP"]}
    assert logs(path, monitor="web1-2") == {"web1-2": ["cont", "STOP"]}
    with pytest.raises(ReplayError, match="no monitor 'web9'; there are 0x7f02, web1, web1-2"):
        logs(path, monitor="web9")
    with pytest.raises(ReplayError, match="several conversations; pick one with --monitor: web1"):
        list(ingest.read_joined([path, SHELL], ImportOptions(name="x")))


def test_a_domain_log_of_2014_has_its_command_line_in_one_line(tmp_path: Path) -> None:
    text = (
        "2014-05-07 10:00:00.123+0000: starting up\n"
        "LC_ALL=C PATH=/bin /usr/bin/kvm -name web1 -S -M pc-1.0 -m 512 -drive "
        "file=/d/a,,b.qcow2,if=none,id=drive-virtio-disk0,format=qcow2,cache=none -device "
        "virtio-blk-pci,bus=pci.0,drive=drive-virtio-disk0,id=virtio-disk0 -device usb-tablet\n"
        "qemu: terminating on signal 15 from pid 1\n"
        "2014-05-07 11:00:00.123+0000: starting up\n"
        "/usr/bin/kvm -drive file=/d/c.raw -snapshot -S\n"
    )
    first, second = ingest.read(written(tmp_path, text, "web1.log"))
    assert (first.header.name, second.header.name) == ("web1-1", "web1-2")
    drive = "file=/d/a,,b.qcow2,if=none,id=drive-virtio-disk0,format=qcow2,cache=none"
    device = "virtio-blk-pci,bus=pci.0,drive=drive-virtio-disk0,id=virtio-disk0"
    assert [e.payload for e in first.events] == [
        Image("/d/a,b.qcow2", "qcow2", GIB),
        Command("cli", "drive", drive),
        Command("cli", "device", device),
    ]
    assert [e.payload for e in second.events] == [
        Image("/d/c.raw", "raw", GIB),
        Command("cli", "drive", "file=/d/c.raw"),
        Command("cli", "snapshot", ""),
    ]


def test_a_chain_of_blockdevs_is_a_chain_of_images(tmp_path: Path) -> None:
    text = "2024-05-07 10:00:00.123+0000: starting up libvirt version: 9\n/usr/bin/qemu \\\n" + (
        "-blockdev driver=qcow2,node-name=b,file.driver=file,file.filename=/d/b.img \\\n"
        """-blockdev '{"driver":"qcow2","node-name":"t","file":{"driver":"file",\
"filename":"/d/t.img"},"backing":"b"}' \\\n"""
        "-device virtio-blk-pci,drive=t\n"
    )
    found = [e.payload for e in told(tmp_path, text) if isinstance(e, Event)]
    assert found[:2] == [
        Image("/d/b.img", "qcow2", GIB),
        Image("/d/t.img", "qcow2", GIB, "/d/b.img", "qcow2"),
    ]


# The start, guests, and the user's wishes


def test_the_user_can_tell_the_drives_of_the_start() -> None:
    drive = "id=drive0,file=/var/lib/images/a,,1.qcow2,format=qcow2,size=64M,backing=b.qcow2"
    found = entries(SHELL, drives=(drive, "file=/d/x.raw"))
    assert [e.payload for e in found[:5] if isinstance(e, Event)] == [
        Image("/var/lib/images/b.qcow2", "qcow2", 64 << 20),
        Image("/var/lib/images/a,1.qcow2", "qcow2", 64 << 20, "b.qcow2"),
        Image("/d/x.raw", "raw", GIB),
        Command("cli", "drive", "if=none,id=drive0,file=/var/lib/images/a,,1.qcow2,format=qcow2"),
        Command("cli", "drive", "if=none,file=/d/x.raw"),
    ]
    with pytest.raises(ReplayError, match="tells of its drives itself; leave out --drive"):
        entries(DOMAIN, drives=(drive,))
    with pytest.raises(ReplayError, match="has no file, or an odd size"):
        entries(SHELL, drives=("id=x,file=/d/a,size=big",))


@pytest.mark.parametrize(
    ("line", "payload"),
    [
        ('qemu-io d0 \\"write -P 0x44 3M 64k\\"', Guest("write", "d0", 6144, 128, 0x44)),
        ('qemu-io d0 \\"write 0 512\\"', Guest("write", "d0", 0, 1, 0xCD)),
        ('qemu-io d0 \\"read -P 1 512 1k\\"', Guest("read", "d0", 1, 2)),
        ('qemu-io d0 \\"write 1 512\\"', Command("hmp", "qemu-io", 'd0 "write 1 512"')),
        ('qemu-io d0 \\"flush\\"', Command("hmp", "qemu-io", 'd0 "flush"')),
    ],
)
def test_qemu_io_on_a_drive_is_a_request_of_the_guest(
    tmp_path: Path, line: str, payload: Any
) -> None:
    text = f'{{"execute":"human-monitor-command","arguments":{{"command-line":"{line}"}}}}\n'
    (found,) = told(tmp_path, text)
    assert isinstance(found, Event)
    assert found.payload == payload


def test_a_drive_without_a_name_is_known_by_its_device(tmp_path: Path) -> None:
    picture = '{"filename": "/d/a.raw", "format": "raw", "virtual-size": 512}'
    drive = (
        '{"device": "", "qdev": "/machine/peripheral/virtio-disk0/virtio-backend", "inserted":'
        f'{{"file": "/d/a.raw", "drv": "raw", "node-name": "n", "image": {picture}}}}}'
    )
    text = f'{{"execute":"query-block"}}\n{{"return":[{drive}]}}\n{{"execute":"stop"}}\n'
    found = told(tmp_path, text)[1]
    assert isinstance(found, Event)
    assert found.payload == Command(
        "cli", "drive", "if=none,id=drive-virtio-disk0,file=/d/a.raw,format=raw,node-name=n"
    )


def test_a_text_without_a_message_is_refused_in_three_lines(tmp_path: Path) -> None:
    with pytest.raises(ReplayError) as error:
        told(tmp_path, "Dear list,\nmy disk is gone.\n")
    assert str(error.value).endswith("log: no message in 2 lines of text")
    nearest, advice = error.value.details
    assert nearest == "the nearest format is qmp: the first line is not a JSON object"
    assert advice.endswith(f"--format {'|'.join(FORMATS)}")


def test_a_format_can_be_forced(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="no message in this file"):
        told(tmp_path, "nothing of the kind", format="libvirtd")
    with pytest.raises(ReplayError, match="unknown format 'csv'; known are native, qmp, "):
        told(tmp_path, "x", format="csv")


def test_replies_without_their_commands_are_refused_or_left_out(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="a reply to no command before it"):
        told(tmp_path, '{"return": {}}\n{"execute": "stop"}\n')
    text = 'monitor_qmp_respond mon 0x5 resp: {"return": {}}\nhandle_qmp_command mon 0x5 req: '
    (recording,) = ingest.read(written(tmp_path, text + '{"execute": "stop"}\n'))
    assert isinstance(recording, Recording)
    assert recording.left_out == {"replies to no command that was recorded": 1}


def test_files_with_times_make_one_log_in_the_order_of_these(tmp_path: Path) -> None:
    trace, traffic = tmp_path / "a.log", tmp_path / "b.log"
    opened = 'bdrv_open_common bs 0x1 filename "/d/a" flags 0x2 format_name "raw"\n'
    trace.write_text(f"1@1.5:{opened}1@3.5:{opened}")
    traffic.write_text(
        "".join(f'{{"t":{t},"dir":"C","msg":{{"execute":"stop"}}}}\n' for t in (1.0, 2.0, 3.0))
    )
    (timed,) = ingest.read_joined([trace, traffic], ImportOptions(name="x"))
    assert [type(entry).__name__ for entry in timed.entries] == [
        *("Event", "Observation", "Event", "Event", "Observation"),
    ]
    trace.write_text(opened)
    (untimed,) = ingest.read_joined([traffic, trace], ImportOptions(name="x"))
    assert [entry.recorded for entry in untimed.entries] == [1.0, 2.0, 3.0, None]


def test_a_clock_that_goes_back_reorders_nothing_inside_a_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"

    def line(time: float, name: str) -> str:
        return f'{{"t":{time},"dir":"C","msg":{{"execute":"{name}"}}}}\n'

    first.write_text(line(10, "a1") + line(20, "a2") + line(12, "a3") + line(30, "a4"))
    second.write_text(line(11, "b1") + line(19, "b2") + line(25, "b3"))
    (recording,) = ingest.read_joined([first, second], ImportOptions(name="x"))
    assert names(list(recording.entries)) == ["a1", "b1", "b2", "a2", "a3", "b3", "a4"]
    assert recording.remarks[-1] == (
        f"the clock goes back 8 s at {first}:3: the file's order is kept"
    )
    (alone,) = ingest.read(first)
    assert names(list(alone.entries)) == ["a1", "a2", "a3", "a4"]


def timed(time: float | None, message: str, sender: str = "C") -> str:
    told = "null" if time is None else str(time)
    return f'{{"t":{told},"dir":"{sender}","msg":{message}}}\n'


def joined(tmp_path: Path, *texts: str) -> Recording:
    paths = [written(tmp_path, text, f"{number}.log") for number, text in enumerate(texts)]
    (recording,) = ingest.read_joined(paths, ImportOptions(name="x"))
    return recording


def replies(recording: Recording) -> dict[str, Any]:
    payloads = [event.payload for event in recording.events]
    return {it.name: it.reply for it in payloads if isinstance(it, Command)}


def test_a_reply_belongs_to_a_command_of_its_own_file(tmp_path: Path) -> None:
    one = timed(1, '{"execute":"a"}') + timed(4, '{"return":{"to":"a"}}', "S")
    other = (
        timed(2, '{"execute":"b"}')
        + timed(2.5, '{"QMP":{}}', "S")
        + timed(2.6, '{"execute":"c"}')
        + timed(3, '{"return":{"to":"c"}}', "S")
    )
    assert replies(joined(tmp_path, one, other)) == {
        "a": {"return": {"to": "a"}},
        "b": None,
        "c": {"return": {"to": "c"}},
    }


def test_a_reply_may_stand_in_the_file_that_goes_on_or_in_one_of_replies(tmp_path: Path) -> None:
    command, reply = '{"execute":"a"}', '{"return":{"to":"a"}}'
    answered = {"a": {"return": {"to": "a"}}}
    next_one = timed(2, reply, "S") + timed(3, '{"execute":"b"}')
    assert replies(joined(tmp_path, timed(1, command), next_one)) == {**answered, "b": None}
    asked = timed(1, command) + timed(3, '{"execute":"b"}')
    assert replies(joined(tmp_path, asked, timed(2, reply, "S"))) == {**answered, "b": None}
    midway = 'monitor_qmp_respond mon 0x5 resp: {"return": {}}\nhandle_qmp_command mon 0x5 req: '
    trace = "".join(f"1@2.5:{line}\n" for line in f"{midway}{command}".splitlines())
    assert replies(joined(tmp_path, asked.replace('"a"', '"c"'), trace))["c"] is None


def test_many_small_steps_of_a_clock_back_are_told_as_one(tmp_path: Path) -> None:
    sinking = "".join(timed(100 - 0.75 * n, '{"execute":"stop"}') for n in range(4))
    remark = joined(tmp_path, sinking, timed(1, '{"execute":"b"}')).remarks[-1]
    assert remark.startswith(f"the clock goes back 1.5 s at {tmp_path / '0.log'}:3: ")


def test_it_is_said_why_files_follow_each_other_though_some_tell_times(tmp_path: Path) -> None:
    without = timed(1, '{"execute":"a"}') + timed(None, '{"execute":"b"}')
    recording = joined(tmp_path, without, timed(0, '{"execute":"c"}'))
    assert list(replies(recording)) == ["a", "b", "c"]
    assert recording.remarks[-1] == (
        f"{tmp_path / '0.log'}:2 has no time: the files follow each other as they were given"
    )


def test_what_is_said_of_a_file_is_said_of_it_beside_others_too(tmp_path: Path) -> None:
    socat = '> 2026/11/23 02:00:20.000000000  length=9 from=0 to=8\n{"execute":"a"}\n'
    numbered = "".join(f"{n}: {line}\n" for n, line in enumerate(SHELL.read_text().splitlines(), 1))
    remarks = joined(tmp_path, socat, numbered).remarks
    assert f"{tmp_path / '0.log'}: its times tell no zone and count as UTC" in remarks
    assert f"{tmp_path / '1.log'}: undone: line numbers" in remarks


def test_days_are_no_numbers_of_lines(tmp_path: Path) -> None:
    entry = (
        '2026-11-{}+0000: 1: info : f:1 : QEMU_MONITOR_SEND_MSG: mon=0x1 msg={{"execute":"a"}}\n'
    )
    days = "".join(entry.format(f"{day} 01:02:03.000") for day in ("02", "04", "05"))
    found = told(tmp_path, days)
    assert [event.recorded for event in found] == [1793581323.0, 1793754123.0, 1793840523.0]


def test_a_time_without_a_zone_is_the_same_wherever_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        (event,) = told(tmp_path, '[2026-11-23T02:00:20] QUERY: {"execute":"a"}\n')
    finally:
        monkeypatch.undo()
        time.tzset()
    assert event.recorded == 1795399220.0


@pytest.mark.parametrize("micro", ["9" * 400, "-1", "1000000"])
def test_a_notice_whose_time_is_none_has_none(tmp_path: Path, micro: str) -> None:
    stamp = f'{{"seconds":5,"microseconds":{micro}}}'
    found = told(tmp_path, f'{{"execute":"a"}}\n{{"event":"X","timestamp":{stamp}}}\n')
    assert [event.recorded for event in found] == [None, None]
