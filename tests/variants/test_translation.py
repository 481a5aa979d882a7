"""Today's recordings in words of the trees: what becomes what, and what stays refused."""

import shutil
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.engine.replay import replay
from replay.engine.trace import ModelTrace
from replay.engine.view import view
from replay.errors import ReplayError
from replay.events.event import (
    Await,
    Command,
    Event,
    Image,
    Log,
    LogHeader,
    Notice,
    Origin,
    Payload,
    fingerprint,
)
from replay.files import shipped
from replay.formats import read as ingest
from replay.variants.translation import TranslationSummary, summarize_translation, translate
from replay.variants.variant import Subject, load_subject, resolve
from tests import block_commands

DATA = Path(__file__).parents[1] / "data"
RECORDINGS = DATA / "recordings"
LIBVIRT = (RECORDINGS / "02-libvirt-qemu-domain.log", RECORDINGS / "01-libvirtd-debug-qmp.log.xz")
OK: dict[str, Any] = {"return": {}}


@pytest.fixture(scope="module")
def subject() -> Subject:
    return load_subject(shipped("patches"))


def log_of(*payloads: Payload) -> Log:
    events = tuple(Event(payload) for payload in payloads)
    return Log("log", LogHeader("log"), events, fingerprint(events))


def recorded(*paths: Path) -> Log:
    (recording,) = ingest.read_all(paths, ingest.ImportOptions(name="log"))
    return log_of(*(event.payload for event in recording.events))


def qmp(name: str, /, **arguments: Any) -> Command:
    return Command("qmp", name, arguments, OK)


def said(subject: Subject, *payloads: Payload) -> list[Payload]:
    return [event.payload for event in translate(log_of(*payloads), subject).events]


def refused(trace: ModelTrace) -> list[str]:
    return [
        f"{step.seq} {step.event.payload}"
        for step in trace.steps
        if step.outcome.status != "returned"
    ]


@pytest.mark.parametrize("variant", ["with", "after"])
def test_the_libvirt_recording_replays_and_ends_as_it_did(subject: Subject, variant: str) -> None:
    trace = replay(recorded(*LIBVIRT), resolve(subject, variant, {}))
    assert refused(trace) == []
    chains = {}
    for step in trace.steps:
        nodes = view(step.state, subject).nodes.values()
        names = [str(n.fields["filename"]) for n in nodes if "file" not in n.role]
        chains[step.seq] = [name.rpartition("/")[2] for name in names if name.endswith("qcow2")]
    assert [tuple(chain) for chain, _ in groupby(chains.values())] == [
        (),
        ("base.qcow2",),
        ("s1.qcow2", "base.qcow2"),
        ("s2.qcow2", "s1.qcow2", "base.qcow2"),
        ("base.qcow2",),
    ]
    top = view(trace.steps[-1].state, subject).nodes["drive-virtio-disk0"]
    assert top.fields["io_limits"] == [0, 0, 0, 500, 0, 0]
    assert top.fields["dev_attached"] is True


def test_translated_events_keep_what_was_recorded(subject: Subject) -> None:
    log = recorded(*LIBVIRT)
    done = translate(log, subject)
    assert [event.original or event.payload for event in done.events] == [
        event.payload for event in log.events
    ]
    assert done.fingerprint == log.fingerprint
    assert summarize_translation(done, subject) == TranslationSummary(13, 15, {})
    assert summarize_translation(log, subject) is None
    assert translate(done, subject) == done


@pytest.mark.parametrize(
    "path", sorted((DATA / "native").glob("*.jsonl")), ids=lambda path: path.stem
)
def test_logs_of_the_trees_own_time_stay_as_they_are(subject: Subject, path: Path) -> None:
    log = recorded(path)
    assert translate(log, subject) == log


def test_two_nodes_and_a_device_are_a_drive(subject: Subject) -> None:
    found = said(
        subject,
        Command("cli", "blockdev", "driver=file,filename=/d/a,,b.img,node-name=s"),
        Command("cli", "blockdev", "driver=qcow2,file=s,node-name=f,cache.no-flush=on"),
        Command("cli", "device", "virtio-blk-pci,drive=f,id=disk0"),
    )
    assert found[1:] == [
        Command(
            "cli", "drive", "if=none,id=drive-disk0,file=/d/a,,b.img,format=qcow2,cache=unsafe"
        ),
        Command("cli", "device", "virtio-blk-pci,drive=drive-disk0,id=disk0"),
    ]


def test_a_drive_can_be_plugged_while_the_machine_runs(subject: Subject) -> None:
    file = {"driver": "file", "filename": "/d/a.img"}
    found = said(
        subject,
        qmp("blockdev-add", driver="raw", file=file, **{"node-name": "f", "read-only": True}),
        qmp("device_add", driver="scsi-hd", drive="f", **{"write-cache": "off"}),
        qmp("device_add", driver="e1000", id="net0"),
    )
    assert found == [
        Command(
            "hmp",
            "drive_add",
            "0 if=none,id=f,file=/d/a.img,format=raw,cache=writethrough,readonly=on",
            OK,
        ),
        Command("cli", "device", "scsi-hd,drive=f", OK),
        qmp("device_add", driver="e1000", id="net0"),
    ]


DRIVE = Command("cli", "drive", "if=none,id=d0,file=/d/a.qcow2,node-name=n0")
CHAIN = (Image("/d/base.qcow2", "qcow2", 1 << 20), Image("/d/a.qcow2", "qcow2", 0, "base.qcow2"))


@pytest.mark.parametrize(
    ("before", "command", "becomes"),
    [
        (
            (),
            qmp("block-commit", device="d0", **{"job-id": "j"}),
            qmp("block-commit", device="d0", top="/d/a.qcow2"),
        ),
        (
            (),
            qmp("block-stream", device="n0", base="/d/base.qcow2", **{"job-id": "j"}),
            qmp("block-stream", device="d0", base="/d/base.qcow2"),
        ),
        (
            (qmp("block-commit", device="d0", **{"job-id": "j"}),),
            qmp("job-complete", id="j"),
            qmp("block-job-complete", device="d0"),
        ),
        (
            (qmp("block-commit", device="d0", **{"job-id": "j"}),),
            qmp("job-cancel", id="j"),
            qmp("block-job-cancel", device="d0"),
        ),
        (
            (qmp("block-stream", device="d0", **{"job-id": "j"}),),
            qmp("block-job-set-speed", device="j", speed=5),
            qmp("block-job-set-speed", device="d0", speed=5),
        ),
        (
            (qmp("block-stream", device="d0", **{"job-id": "j"}),),
            Notice("BLOCK_JOB_COMPLETED", {"device": "j"}),
            Await("end", "d0"),
        ),
        ((), Notice("BLOCK_JOB_READY", {"device": "d0"}), Await("ready", "d0")),
        ((), qmp("block-commit", device="d0"), qmp("block-commit", device="d0", top="/d/a.qcow2")),
        (
            (),
            qmp("block-commit", device="n0", **{"top-node": "n0"}),
            qmp("block-commit", device="d0", top="/d/a.qcow2"),
        ),
        (
            (qmp("blockdev-add", driver="qcow2", file={"filename": "/d/m"}, **{"node-name": "t"}),),
            qmp("blockdev-mirror", device="d0", target="t", sync="full", **{"job-id": "j"}),
            qmp("drive-mirror", device="d0", target="/d/m", sync="full", format="qcow2",
                mode="existing"),
        ),
        (
            (),
            qmp("blockdev-change-medium", id="n0", filename="/d/c", format="raw"),
            qmp("change", device="d0", target="/d/c", arg="raw"),
        ),
        ((), qmp("blockdev-remove-medium", id="d0"), qmp("eject", device="d0", force=True)),
        (
            (qmp("blockdev-add", driver="raw", file={"filename": "/d/m"}, **{"node-name": "t"}),),
            qmp("blockdev-insert-medium", id="d0", **{"node-name": "t"}),
            qmp("change", device="d0", target="/d/m", arg="raw"),
        ),
        (
            (qmp("blockdev-add", driver="qcow2", file={"filename": "/d/m"}, **{"node-name": "t"}),),
            qmp("blockdev-snapshot", node="n0", overlay="t"),
            qmp("blockdev-snapshot-sync", device="d0", format="qcow2", mode="existing",
                **{"snapshot-file": "/d/m"}),
        ),
    ],
)  # fmt: skip
def test_a_command_of_today_has_an_equivalent(
    subject: Subject, before: Sequence[Payload], command: Payload, becomes: Payload
) -> None:
    assert said(subject, *CHAIN, DRIVE, *before, command)[-1] == becomes


def test_the_table_says_of_every_block_command_what_becomes_of_it(subject: Subject) -> None:
    text = block_commands.table(subject)
    assert text == block_commands.TABLE.read_text()
    assert text.count("| without equivalent |") == len(block_commands.WITHOUT)


@pytest.mark.parametrize("started", [True, False])
def test_a_notice_of_a_job_that_nothing_started_is_waited_for_by_nobody(
    subject: Subject, started: bool
) -> None:
    notice = Notice("BLOCK_JOB_COMPLETED", {"device": "d9"})
    line = Command("hmp", "block_stream", "-f d9", {"return": {}})
    events = translate(log_of(*([line] if started else []), notice), subject).events
    if started:
        assert events[-1].payload == Await("end", "d9")
    else:
        assert events[-1].payload == Notice("BLOCK_JOB_COMPLETED")
        assert events[-1].note == "no command of the recording started this job"


def test_a_commit_without_a_top_is_left_where_its_top_is_a_temporary_file(
    subject: Subject,
) -> None:
    drive = Command("cli", "drive", "if=none,id=d0,file=/d/a.qcow2,snapshot=on")
    commit = qmp("block-commit", device="d0")
    assert said(subject, drive, commit)[-1] == commit


@pytest.mark.parametrize(
    "command",
    [
        qmp("job-dismiss", id="j"),
        qmp("nbd-server-add", device="d0"),
        qmp("blockdev-open-tray", id="d0"),
        qmp("block-dirty-bitmap-merge", **{"node": "n0", "target": "b", "bitmaps": ["c"]}),
        qmp("transaction", actions=[{"type": "block-dirty-bitmap-add", "data": {}}]),
    ],
)
def test_what_asks_nothing_of_the_trees_says_why(subject: Subject, command: Command) -> None:
    (event,) = translate(log_of(command), subject).events
    assert event.payload == Notice(command.name)
    assert event.original == command
    assert event.note


@pytest.mark.parametrize(
    ("line", "name", "arguments"),
    [
        ("block_stream d0", "block-stream", {}),
        ("block_stream d0 8 /d/a.qcow2", "block-stream", {"base": "/d/a.qcow2"}),
        (
            "drive_mirror -n -f d0 /d/c.raw raw",
            "drive-mirror",
            {"target": "/d/c.raw", "sync": "full", "mode": "existing", "format": "raw"},
        ),
        (
            "drive_backup d0 /d/c.qcow2",
            "drive-backup",
            {"target": "/d/c.qcow2", "sync": "top", "mode": "absolute-paths"},
        ),
        ("block_job_cancel -f d0", "block-job-cancel", {"force": True}),
        ("block_job_complete d0", "block-job-complete", {}),
        ("block_job_pause d0", "block-job-pause", {}),
        ("block_job_resume d0", "block-job-resume", {}),
    ],
)
def test_a_line_about_a_job_becomes_what_the_trees_have(
    subject: Subject, line: str, name: str, arguments: dict[str, object]
) -> None:
    command, _, rest = line.partition(" ")
    (event,) = translate(log_of(Command("hmp", command, rest)), subject).events
    assert event.payload == Command("qmp", name, {"device": "d0", **arguments})
    assert event.note == "as QMP has it"


def test_the_chain_is_followed_through_a_commit(subject: Subject) -> None:
    overlay = qmp("blockdev-snapshot-sync", device="d0", **{"snapshot-file": "/d/b.qcow2"})
    commit = qmp("block-commit", device="d0", **{"job-id": "j"})
    found = said(
        subject,
        *(*CHAIN, DRIVE, overlay, commit, Notice("BLOCK_JOB_COMPLETED", {"device": "j"}), commit),
    )
    assert found[4] == qmp("block-commit", device="d0", top="/d/b.qcow2")
    assert found[6] == qmp("block-commit", device="d0", top="/d/base.qcow2")


def test_names_of_nodes_that_only_the_latest_trees_know_are_left_out(subject: Subject) -> None:
    overlay = {"snapshot-file": "/d/b.qcow2", "snapshot-node-name": "n1"}
    again = {"node-name": "n1", "snapshot-file": "/d/c.qcow2"}
    found = said(
        subject,
        DRIVE,
        qmp("blockdev-snapshot-sync", **{"node-name": "n0"}, **overlay),
        qmp("blockdev-snapshot-sync", **again),
        Notice("JOB_STATUS_CHANGE", {"id": "j"}),
    )
    assert found[0] == Command("cli", "drive", "if=none,id=d0,file=/d/a.qcow2")
    assert [command.arguments for command in found[1:3] if isinstance(command, Command)] == [
        {"device": "d0", "format": "qcow2", "mode": "absolute-paths", "snapshot-file": file}
        for file in ("/d/b.qcow2", "/d/c.qcow2")
    ]


def test_a_command_that_failed_when_it_was_recorded_changes_nothing(subject: Subject) -> None:
    error = {"error": {"class": "GenericError", "desc": "no"}}
    node = qmp("blockdev-add", driver="qcow2", file={"filename": "/d/m"}, **{"node-name": "t"})
    failed = Command("qmp", "blockdev-snapshot", {"node": "n0", "overlay": "t"}, error)
    found = said(subject, DRIVE, node, failed, qmp("block-commit", device="n0"))
    assert found[2] == Command(
        "qmp",
        "blockdev-snapshot-sync",
        {"device": "d0", "format": "qcow2", "mode": "existing", "snapshot-file": "/d/m"},
        error,
    )
    assert found[3] == qmp("block-commit", device="d0", top="/d/a.qcow2")


def test_what_has_no_equivalent_is_counted(subject: Subject) -> None:
    node = qmp("blockdev-add", driver="raw", file={"filename": "/d/m"}, **{"node-name": "t"})
    unknown = [
        qmp("block-export-add", id="e", type="nbd", **{"node-name": "nosuch"}),
        qmp("blockdev-reopen", options=[{"node-name": "n0", "driver": "qcow2", "backing": "t"}]),
        qmp("x-blockdev-amend"),
    ]
    log = translate(log_of(DRIVE, node, *unknown), subject)
    missing = {f"qmp {command.name}": 1 for command in unknown}
    assert summarize_translation(log, subject) == TranslationSummary(0, 1, missing)


@pytest.mark.parametrize("variant", ["with", "after"])
def test_a_storage_daemons_exports_are_drives(subject: Subject, variant: str) -> None:
    log = recorded(RECORDINGS / "10-storage-daemon.qmp.jsonl.xz")
    assert summarize_translation(translate(log, subject), subject) == TranslationSummary(8, 3, {})
    assert refused(replay(log, resolve(subject, variant, {}))) == []


def test_a_node_on_top_is_reopened_only_as_it_is(subject: Subject) -> None:
    drive = Command("cli", "drive", "if=none,id=d0,file=/d/base.qcow2,node-name=n0")
    same = {"node-name": "n0", "driver": "qcow2", "backing": None}
    for options, idle in (
        (same, True),
        ({**same, "read-only": True}, False),
        ({**same, "cache": {"direct": True}}, False),
        ({key: same[key] for key in ("node-name", "driver")}, False),
    ):
        command = qmp("blockdev-reopen", options=[options])
        modern = Notice("JOB_STATUS_CHANGE", {"id": "j"})
        (_, event, _) = translate(log_of(drive, command, modern), subject).events
        assert event.idle == idle


KEYS = st.sampled_from(
    [
        *("device", "node-name", "driver", "file", "filename", "id", "job-id", "actions", "type"),
        *("data", "node", "overlay", "target"),
    ]
)
NAMES = st.sampled_from(
    [
        *("blockdev-add", "blockdev-del", "blockdev-create", "blockdev-snapshot", "transaction"),
        *("block-commit", "block-stream", "blockdev-mirror", "job-complete", "blockdev-reopen"),
        *("block_set_io_throttle", "eject", "blockdev-change-medium", "device_add"),
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["n0", "d0", "", "j", "{"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
COMMANDS = st.builds(
    Command, st.just("qmp"), NAMES, st.dictionaries(KEYS, JSON, max_size=5), st.just(OK)
)


@settings(deadline=None, max_examples=60)
@given(st.lists(COMMANDS, max_size=6))
def test_any_arguments_are_translated_or_left(subject: Subject, commands: list[Command]) -> None:
    log = log_of(DRIVE, *commands)
    done = translate(log, subject)
    assert [event.original or event.payload for event in done.events] == [DRIVE, *commands]
    replay(log, resolve(subject, "after", {}))


# A dictionary of another subject


def with_dictionary(tmp_path: Path, text: str) -> Path:
    directory = tmp_path / "subject"
    shutil.copytree(Path(__file__).parents[1] / "toy", directory)
    (directory / "translate.toml").write_text(text)
    return directory


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("language = 1", "must have a text, language"),
        ("[idle]\nx = 1", "idle.x: must be a text"),
        ("x = ", "is no TOML"),
        ("# one\nlanguage = '''\nimport os\n'''\n", "translate.toml:3: "),
        (
            "language = '''\nclass Memory:\n    a: int = 0\n\ndef f():\n    return b\n'''\n",
            "toml:6",
        ),
    ],
)
def test_a_faulty_dictionary_is_refused_with_its_line(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(ReplayError, match=reason):
        load_subject(with_dictionary(tmp_path, text))


def test_each_log_of_one_content_keeps_where_and_when_it_was_recorded(subject: Subject) -> None:
    payloads = (Command("cli", "drive", "if=none,id=d0,file=/d/a.qcow2"), qmp("eject", device="d0"))
    for file, when in (("first.jsonl", 1.0), ("second.jsonl", 2.0)):
        events = tuple(
            Event(payload, Origin(file, line), when) for line, payload in enumerate(payloads, 2)
        )
        log = Log("log", LogHeader("log"), events, fingerprint(events))
        translated = translate(log, subject).events
        assert [event.origin for event in translated] == [Origin(file, 2), Origin(file, 3)]
        assert {event.recorded for event in translated} == {when}
