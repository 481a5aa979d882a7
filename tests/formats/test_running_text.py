"""Messages in running text: tickets, consoles, outputs of QEMU's tests, logs that were pasted."""

import base64
import html
import json
import quopri
import shlex
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.errors import ReplayError
from replay.events.event import Command, Event, Notice, Observation, Payload
from replay.formats.read import ImportOptions, read
from replay.formats.recording import Recording
from replay.formats.text.options import split

DATA = Path(__file__).parents[1] / "data/texts"
OK = {"return": {}}


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "text.log"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def only(path: Path, **options: Any) -> tuple[Recording, list[Payload]]:
    (recording,) = read(path, options=ImportOptions(**options))
    entries = list(recording.entries)
    return recording, [entry.payload for entry in entries if isinstance(entry, Event)]


def commands(tmp_path: Path, text: str | bytes) -> list[Payload]:
    return [p for p in only(written(tmp_path, text))[1] if isinstance(p, Command)]


def names(payloads: list[Payload]) -> list[str]:
    return [p.name for p in payloads if isinstance(p, Command | Notice)]


# Texts as people have them


def test_a_ticket_gives_its_commands_and_says_that_it_was_a_guess() -> None:
    recording, payloads = only(DATA / "ticket.txt")
    drive = "file=/srv/vm7/base.qcow2,if=none,id=drive0,format=qcow2,cache=none"
    reason = {"class": "GenericError", "desc": "Parameter 'top' expects a string"}
    snapshot = {"device": "drive0", "snapshot-file": "/srv/vm7/monday.qcow2", "format": "qcow2"}
    error = "'commit' error for 'drive0': No medium found"
    assert [p for p in payloads if isinstance(p, Command)] == [
        Command("cli", "drive", drive),
        Command("cli", "device", "virtio-blk-pci,drive=drive0,id=disk0"),
        Command("qmp", "blockdev-snapshot-sync", snapshot, OK),
        Command(
            "qmp",
            "block-commit",
            {"device": "drive0", "top": None, "speed": 0},
            {"error": reason},
        ),
        Command("qmp", "block-stream", {"device": "drive0"}),
        Command("hmp", "commit", "drive0", {"return": error}),
    ]
    assert "a guess" in recording.remarks[0]
    (lost,) = recording.lost
    assert lost == f"{DATA}/ticket.txt:29: cut in the middle"


def test_what_was_typed_into_qmp_shell_is_what_it_sent() -> None:
    _, payloads = only(DATA / "shell.txt")
    file = {"driver": "file", "filename": "/srv/vm7/sn1.qcow2"}
    bitmap = {"node": "sn1", "name": "b0", "granularity": 65536}
    assert [(p.name, p.arguments, p.reply) for p in payloads if isinstance(p, Command)] == [
        (
            "blockdev-add",
            {"driver": "qcow2", "node-name": "sn1", "file": file, "read-only": False},
            OK,
        ),
        (
            "transaction",
            {
                "actions": [
                    {"type": "blockdev-snapshot", "data": {"node": "drive0", "overlay": "sn1"}},
                    {"type": "block-dirty-bitmap-add", "data": bitmap},
                ]
            },
            OK,
        ),
        (
            "block-commit",
            {"device": "drive0", "top-node": "sn1"},
            {"error": {"class": "GenericError", "desc": "busy"}},
        ),
        (
            "object-add",
            {"qom-type": "throttle-group", "id": "tg0", "limits": {"iops-total": 100}},
            OK,
        ),
    ]


def test_consoles_of_qemu_proxmox_and_virsh_give_their_lines() -> None:
    recording, payloads = only(DATA / "console.txt")
    assert [(p.channel, p.name, p.arguments) for p in payloads if isinstance(p, Command)] == [
        ("hmp", "drive_add", "0 file=/srv/x.qcow2,if=none,id=d9,format=qcow2"),
        ("hmp", "snapshot_blkdev", "drive-scsi0 /srv/sn.qcow2 qcow2"),
        ("hmp", "block_stream", "drive0"),
        ("qmp", "block-job-cancel", {"device": "drive0"}),
    ]
    formatted = {"return": "Formatting '/srv/sn.qcow2', fmt=qcow2 size=34359738368"}
    assert [p.reply for p in payloads if isinstance(p, Command)][:2] == [
        {"return": "OK"},
        formatted,
    ]
    assert recording.remarks[-1].startswith("commands use drive-scsi0, drive0: give libvirt's")


def test_each_machine_of_a_shell_test_is_a_log() -> None:
    first, second = read(DATA / "shell-test.out")
    assert names([e.payload for e in first.events]) == [
        "drive", "blockdev-snapshot-sync", "BLOCK_JOB_CANCELLED",
    ]  # fmt: skip
    entries = list(second.entries)
    assert names([e.payload for e in entries if isinstance(e, Event)]) == ["drive", "eject"]
    # what was typed letter by letter is the line that stood there in the end
    assert [e.name for e in entries if isinstance(e, Observation)] == ["info block"]
    assert (first.header.name, second.header.name) == ("shell-test-1", "shell-test-2")


def test_the_output_of_a_python_test_is_read_unaided() -> None:
    recording, payloads = only(DATA / "python-test.out")
    assert names(payloads) == ["object-add", "transaction", "block-commit", "BLOCK_JOB_READY"]
    assert all(p.reply == OK for p in payloads if isinstance(p, Command))
    assert recording.left_out == {"replies to no command that was recorded": 1}
    assert not any("guess" in remark for remark in recording.remarks)


# What becomes of a log on its way into a ticket

MON = "mon=0x7f9c00006740"
ENTRY = "2026-11-23 01:59:15.{:03}+0000: {}: {} : {} : "
DESC = "Device 'libvirt-9-format' has no medium, and the name of this error is a long text too"


def entries_of(number: int, command: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """How libvirt logs a command and its answer, each in two ways."""
    sent = json.dumps({**command, "id": f"libvirt-{number}"}, separators=(",", ":"))
    got = json.dumps({**answer, "id": f"libvirt-{number}"})
    send, write = (
        ENTRY.format(number, 19, "info", "qemuMonitorSend:861"),
        ENTRY.format(number, 21, "info", "qemuMonitorIOWrite:366"),
    )
    line, reply = (
        ENTRY.format(number, 21, kind, f"qemuMonitorJSONIOProcessLine:{place}")
        for kind, place in (("debug", 189), ("info", 208))
    )
    return [
        f"{send}QEMU_MONITOR_SEND_MSG: {MON} msg={sent}", " fd=-1",
        f"{write}QEMU_MONITOR_IO_WRITE: {MON} buf={sent}", " len=231 ret=231 errno=0",
        f"{line}Line [{got}]",
        f"{reply}QEMU_MONITOR_RECV_REPLY: {MON} reply={got}",
    ]  # fmt: skip


def qmp(name: str, **arguments: Any) -> dict[str, Any]:
    return {"execute": name, "arguments": {k.replace("_", "-"): v for k, v in arguments.items()}}


SENT = [
    qmp(
        "blockdev-add", driver="file", filename="/srv/vm7/sn1.qcow2", node_name="libvirt-9-storage"
    ),
    qmp(
        "transaction",
        actions=[{"type": "blockdev-snapshot", "data": {"node": "n0", "overlay": "n1"}}],
    ),
    qmp("blockdev-change-medium", id="cd0", filename="/srv/a/rather/long/name/of/a/disc.iso"),
]
ANSWERS = [OK, OK, {"error": {"class": "GenericError", "desc": DESC}}]
LOG = [
    line
    for number, (command, answer) in enumerate(zip(SENT, ANSWERS, strict=True), 400)
    for line in entries_of(number, command, answer)
]
EXPECTED = [
    Command("qmp", c["execute"], c["arguments"], a) for c, a in zip(SENT, ANSWERS, strict=True)
]
ENTRIES = [f"{a}\n{b}" if b.startswith(" ") else a for a, b in zip(LOG, [*LOG[1:], ""], strict=True)
           if not a.startswith(" ")]  # fmt: skip
"""The log without the lines that go on."""


def joined(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def wrapped(width: int, **how: Any) -> bytes:
    return joined([part for line in LOG for part in textwrap.wrap(line, width, **how) or [""]])


def hard(width: int) -> bytes:
    cut = [line[at : at + width] for line in LOG for at in range(0, len(line), width)]
    return joined(cut)


def as_json(key: str, time: str, value: Callable[[str], Any] = str) -> bytes:
    return joined([json.dumps({time: "2026-11-23T01:59:15Z", "level": "info", key: value(line)})
                   for line in ENTRIES])  # fmt: skip


def exported() -> bytes:
    """What journalctl -o export writes: texts of several lines with their length before them."""
    parts = []
    for number, entry in enumerate(ENTRIES):
        text = entry.encode()
        message = b"MESSAGE=" + text
        if b"\n" in text:
            message = b"MESSAGE\n" + len(text).to_bytes(8, "little") + text
        parts.append(b"__CURSOR=s=%d\n_TRANSPORT=stdout\n%b\n_PID=1\n\n" % (number, message))
    return b"".join(parts)


TICKET_JSON = joined([json.dumps(command) for command in SENT])

PASTED = {
    "plain": joined(LOG),
    "indented": joined([f"    {line}" for line in LOG]),
    "quoted": joined([f"> > {line}" for line in LOG]),
    "journal": joined([f"Nov 28 23:01:02 host1 libvirtd[12]: {line}" for line in LOG]),
    "journal with iso times": joined(
        [f"2026-11-28T23:01:02+0100 host1 libvirtd[12]: {line}" for line in LOG]
    ),
    "kubectl": joined([f"2026-11-28T23:01:02.123456789Z {line}" for line in LOG]),
    "container runtime": joined([f"2026-11-28T23:01:02.1Z stdout F {line}" for line in LOG]),
    "compose": joined([f"libvirt-1  | {line}" for line in LOG]),
    "pod": joined([f"[pod/launcher-x/compute] {line}" for line in LOG]),
    "numbered": joined([f"{number}:{line}" for number, line in enumerate(LOG, 3000)]),
    "numbered with blanks": joined([f"  {number} {line}" for number, line in enumerate(LOG, 31)]),
    "named by grep": joined([f"libvirtd.log:{n}:{line}" for n, line in enumerate(LOG, 1)]),
    "html": html.escape(joined(LOG).decode()).encode(),
    "web page": f"<html><body><pre>{html.escape(joined(LOG).decode())}</pre></body>".encode(),
    "quoted-printable": quopri.encodestring(joined(LOG)),
    "wrapped at 76": wrapped(76),
    "wrapped at 72, long words whole": wrapped(72, break_long_words=False),
    "wrapped hard at 80": hard(80),
    "wrapped hard at 100": hard(100),
    "wrapped and quoted": b"".join(b"> " + line for line in wrapped(70).splitlines(True)),
    "html and quoted": joined([f"> {html.escape(line)}" for line in LOG]),
    "utf-16": joined(LOG).decode().encode("utf-16"),
    "utf-16 without a mark": joined(LOG).decode().encode("utf-16-le"),
    "utf-8 with a mark": b"\xef\xbb\xbf" + joined(LOG),
    "windows lines": joined(LOG).replace(b"\n", b"\r\n"),
    "latin-1": "# gr\u00fc\u00dfe\n".encode("latin-1") + joined(LOG),
    "launcher": as_json("msg", "timestamp"),
    "docker": as_json("log", "time", lambda line: f"{line}\n"),
    "journal as json": as_json("MESSAGE", "ts", lambda line: list(line.encode())),
    "journal's export": exported(),
    "terminal": joined([f"\x1b[32m{line}\x1b[0m" for line in LOG]),
}  # fmt: skip


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED.keys())
def test_a_log_is_the_same_however_it_was_pasted(tmp_path: Path, text: bytes) -> None:
    recording, payloads = only(written(tmp_path, text))
    assert payloads == EXPECTED
    assert not recording.lost


MESSAGES = "\n".join(map(json.dumps, SENT))
SPREAD = {
    "array": json.dumps(SENT),
    "pretty": "\n".join(json.dumps(command, indent=4) for command in SENT),
    "python": "\n".join(map(repr, SENT)),
    "python with u": "\n".join(map(repr, SENT)).replace("'execute'", "u'execute'"),
    "in a string": json.dumps({"request": MESSAGES}),
    "in a string of c": f'char *q = "{MESSAGES.replace(chr(34), chr(92) + chr(34))}";',
    "in an object": json.dumps({"log": [{"message": command} for command in SENT]}),
    "typographic": MESSAGES.replace('{"', "{\u201c").replace('"', "\u201d"),
    "shell": "\n".join(
        f"virsh qemu-monitor-command --pretty vm7 '{c}'" for c in MESSAGES.split("\n")
    ),
    "list": "\n".join(f" * {n}. {c}" for n, c in enumerate(MESSAGES.split("\n"))),
    "stray braces": f"main() {{\n if (x) {{ do }}\n{MESSAGES}\n}}",
    "a quote without end": f'he said "no {{"execute": "st\n{MESSAGES}',
    "a patch": f"@@ -1,2 +1,4 @@\n a\n-b\n{textwrap.indent(MESSAGES, '+')}\n",
}


@pytest.mark.parametrize("text", SPREAD.values(), ids=SPREAD.keys())
def test_messages_are_found_wherever_they_stand(tmp_path: Path, text: str) -> None:
    found = commands(tmp_path, f"Dear list,\n\n{text}\n\nregards\n")
    assert found == [Command("qmp", c["execute"], c["arguments"]) for c in SENT]


# Nothing is lost in silence


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"execute": "blockdev add"}', "the name of a command is none"),
        ('{"execute": "sto', "cut in the middle"),
        ('{"execute": "stop", "arguments": {"a": [1, 2}', "expected \",\" or the end, not '}'"),
        ('{"execute": "stop", "arguments": ...}', "expected a value, not ..."),
        ('{"execute": "stop" "arguments": {}}', 'expected "," or the end, not a string'),
        ('{"execute": "stop", "arguments": DEVICE}', "expected a value, not a word"),
    ],
)
def test_what_looks_like_a_message_and_is_none_is_told(tmp_path: Path, text: str, why: str) -> None:
    path = written(tmp_path, f'first {{"execute": "cont"}}\nthen\n{text}\n')
    recording, payloads = only(path)
    assert names(payloads) == ["cont"]
    assert recording.lost == (f"{path}:3: {why}",)
    with pytest.raises(ReplayError, match="no command could be read, and 1 message is") as error:
        only(written(tmp_path, f"then\n{text}\n"))
    assert error.value.details == (f"not read: {path}:2: {why}",)


def test_a_reply_belongs_to_the_command_just_before_it(tmp_path: Path) -> None:
    text = (
        '{"execute": "stop"}\nno answer is shown\n{"execute": "cont"}\n{"return": {}}\n'
        '{"execute": "system_reset"}\n{"execute": "eject"}\n{"return": 1}\n{"return": 2}\n'
        '{"return": 3}\n'
    )
    recording, _ = only(written(tmp_path, text))
    assert [p.reply for p in commands(tmp_path, text) if isinstance(p, Command)] == [
        None, OK, {"return": 1}, {"return": 2},
    ]  # fmt: skip
    assert recording.left_out == {"replies to no command that was recorded": 1}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('ha {"return": {}}\n{"return": {}}\n', "it has no command, only 2 replies"),
        ('ha {"execute": "query-block"}\n{"return": []}\n', "nothing happens in this recording"),
        ("BLOCK_JOB_COMPLETED {'error': 'Operation not permitted', 'len': 8}", "no message in 1"),
    ],
)
def test_nothing_happens_is_said_only_where_that_is_so(
    tmp_path: Path, text: str, what: str
) -> None:
    with pytest.raises(ReplayError, match=what):
        only(written(tmp_path, text))


def test_notices_without_a_command_are_told_as_such(tmp_path: Path) -> None:
    recording, payloads = only(written(tmp_path, 'x {"event": "STOP"}\n'))
    assert names(payloads) == ["STOP"]
    assert recording.remarks[-1].startswith("it has notices without a command")


def test_a_float_that_is_whole_is_an_integer(tmp_path: Path) -> None:
    text = '{"execute": "block_resize", "arguments": {"device": "d", "size": 1.073741824e+10}}'
    (command,) = commands(tmp_path, text)
    assert isinstance(command, Command)
    assert command.arguments == {"device": "d", "size": 10737418240}
    assert type(command.arguments["size"]) is int


def test_a_mail_with_much_text_and_no_message_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replay.formats.text.messages.MOST_WITHOUT", 50)
    late = "words\n" * 60 + '{"execute": "stop"}\n'
    with pytest.raises(ReplayError, match="no message in 61 lines"):
        only(written(tmp_path, late))
    assert names(commands(tmp_path, "words\n" * 40 + '{"execute": "stop"}\n')) == ["stop"]


def test_what_base64_hides_is_no_message(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="no message in"):
        only(written(tmp_path, base64.encodebytes(joined(LOG))))


@given(st.text(st.sampled_from("ab,= \t'\"\\")))
def test_the_words_of_a_line_are_those_that_a_shell_reads(line: str) -> None:
    try:
        expected = shlex.split(line)
    except ValueError:
        expected = line.split()
    assert split(line) == expected
