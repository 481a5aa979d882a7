"""What recordings saw of their machines, beside what variants of the model make of the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from replay.cli.app import app
from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.engine.view import flag_names
from replay.errors import ReplayError
from replay.events.event import Command, Event, Log, LogHeader, Observation, fingerprint
from replay.files import shipped
from replay.formats import read as ingest
from replay.qemu.conformance.with_recording import RecordingAgreement, compare_with_recording
from replay.qemu.observed.recorded import recorded
from replay.store.event_store import open_store
from replay.variants.variant import Subject, load_subject, resolve

RECORDINGS = Path(__file__).parents[1] / "data/recordings"
SNAPSHOTS = "01-drive-snapshots-active-commit"


@pytest.fixture(scope="module")
def subject() -> Subject:
    return load_subject(shipped("patches"))


def stored(tmp_path: Path, *files: Path) -> Log:
    with open_store(tmp_path / "replay.db") as store:
        (done,) = store.add(ingest.read_all(files, ingest.ImportOptions(name="log")))
        return store.load(done.name)


def qmp_log(tmp_path: Path, name: str) -> Log:
    return stored(tmp_path, RECORDINGS / f"{name}.qmp.jsonl.xz")


def agreement(log: Log, subject: Subject, variant: str) -> RecordingAgreement:
    return compare_with_recording(
        recorded(log, subject), replay(log, resolve(subject, variant, {}))
    )


@pytest.mark.parametrize("variant", ["with", "after"])
def test_todays_qemu_does_with_snapshots_what_the_later_trees_do(
    subject: Subject, tmp_path: Path, variant: str
) -> None:
    found = agreement(qmp_log(tmp_path, SNAPSHOTS), subject, variant)
    assert (found.looks, found.looks_agreed, found.replies, found.replies_agreed) == (5, 5, 4, 4)
    assert found.whole


def test_the_earliest_tree_leaves_a_base_writable_that_today_is_not(
    subject: Subject, tmp_path: Path
) -> None:
    found = agreement(qmp_log(tmp_path, SNAPSHOTS), subject, "before")
    assert found.looks_agreed < found.looks
    assert found.seq == 3
    assert {(place.path, place.field): values for place, values in found.first.items()} == {
        (path, "read_only"): {"recorded": True, "before": False}
        for path in ("drive0.backing_hd", "drive0.backing_hd.file")
    }


def test_replies_are_compared_too(subject: Subject, tmp_path: Path) -> None:
    log = qmp_log(tmp_path, "03-block-stream")
    found = diff(recorded(log, subject), replay(log, resolve(subject, "after", {})))
    (divergence,) = found.divergences
    assert divergence.place.kind == "outcome"
    assert divergence.values == {
        "recorded": {"status": "refused", "class": "GenericError"},
        "after": {"status": "refused", "class": "DeviceNotFound"},
    }


def test_what_an_export_uses_is_compared_as_a_drive(subject: Subject, tmp_path: Path) -> None:
    log = qmp_log(tmp_path, "10-storage-daemon")
    found = agreement(log, subject, "after")
    assert (found.looks, found.looks_agreed, found.replies, found.replies_agreed) == (6, 5, 7, 7)
    # its command line, which is not in the recording, opened the base for writing
    assert {(place.path, place.field) for place in found.first} == {
        ("O.backing_hd.file", "read_only")
    }
    seen = [step.view for step in recorded(log, subject).steps if step.view]
    files = [[str(node.fields["filename"])[-7:] for node in view.nodes.values()] for view in seen]
    assert files[0] == ["o.qcow2"] * 2 + ["a.qcow2"] * 2
    assert ["p.qcow2"] * 2 + ["o.qcow2"] * 2 in files
    assert all("io_limits" not in node.fields for view in seen for node in view.nodes.values())


def test_throttling_and_media_are_compared(subject: Subject, tmp_path: Path) -> None:
    log = qmp_log(tmp_path, "08-throttle-eject-change")
    found = diff(recorded(log, subject), replay(log, resolve(subject, "after", {})))
    told = {(d.place.path, d.place.field): d.values for d in found.divergences}
    assert told["drive0", "io_limits"] == {
        "recorded": [0, 0, 0, 500, 0, 0],
        "after": [0] * 6,
    }
    assert all(divergence.place.kind == "field" for divergence in found.divergences)


def test_the_graph_is_guessed_where_nobody_asked_for_it(subject: Subject, tmp_path: Path) -> None:
    log = qmp_log(tmp_path, SNAPSHOTS)
    graphless = tuple(o for o in log.observations if "graph" not in o.name)
    guessed = Log(log.name, log.header, log.events, log.fingerprint, graphless)
    paths = [
        [sorted(step.view.nodes) if step.view else None for step in recorded(it, subject).steps]
        for it in (log, guessed)
    ]
    assert paths[0] == paths[1]
    assert agreement(guessed, subject, "after").whole


def test_a_recording_without_queries_is_compared_by_its_replies(
    subject: Subject, tmp_path: Path
) -> None:
    libvirt = ("02-libvirt-qemu-domain.log", "01-libvirtd-debug-qmp.log.xz")
    log = stored(tmp_path, *(RECORDINGS / name for name in libvirt))
    witness = recorded(log, subject)
    assert witness.remarks == (
        "it asked nothing about its drives, so that only replies are compared",
    )
    found = agreement(log, subject, "after")
    assert (found.looks, found.replies, found.replies_agreed) == (0, 20, 20)


# What a trace log tells beside


def traced(tmp_path: Path) -> Log:
    """The recording of a drive with snapshot=on, with the trace of the same run."""
    names = ("05-snapshot-on-none.qmp.jsonl.xz", "05-snapshot-on-none.trace.log")
    return stored(tmp_path, *(RECORDINGS / name for name in names))


def flags(log: Log, subject: Subject) -> list[tuple[int, str, list[str]]]:
    """Every flag that the recording shows: after which event, of which node, its names."""
    bits = subject.config.bits["open_flags"]
    return [
        (step.seq, path, list(flag_names(node.fields["open_flags"], bits)))
        for step in recorded(log, subject).steps
        for path, node in (step.view.nodes.items() if step.view else ())
        if "open_flags" in node.fields
    ]


def test_the_flags_of_an_open_are_told_of_the_node_that_it_makes(
    subject: Subject, tmp_path: Path
) -> None:
    log = traced(tmp_path)
    assert flags(log, subject) == [
        (3, "drive0", ["TEMPORARY"]),
        (3, "drive0.file", ["TEMPORARY"]),
        *((3, f"drive0{role}", []) for role in BELOW),
        (6, "drive0", ["TEMPORARY"]),
        (6, "drive0.file", ["TEMPORARY"]),
    ]
    remark = (
        "of open_flags only TEMPORARY, SNAPSHOT, NATIVE_AIO are compared, once a node is opened"
    )
    assert recorded(log, subject).remarks == (remark,)


BELOW = (
    *(".backing_hd", ".backing_hd.file"),
    *(".backing_hd.backing_hd", ".backing_hd.backing_hd.file"),
)


@pytest.mark.parametrize(
    ("variant", "wrong"),
    [
        ("with", {("drive0", 16, 8), ("drive0.backing_hd", 0, 16)}),
        ("after", {("drive0.backing_hd", 0, 8)}),
    ],
)
def test_todays_qemu_has_temporary_where_it_is_after_the_revert(
    subject: Subject, tmp_path: Path, variant: str, wrong: set[tuple[str, int, int]]
) -> None:
    found = agreement(traced(tmp_path), subject, variant)
    assert {
        (place.path, values["recorded"], values[variant])
        for place, values in found.first.items()
        if place.field == "open_flags"
    } == wrong


def test_where_nothing_is_temporary_flags_agree_too(subject: Subject, tmp_path: Path) -> None:
    trace = tmp_path / "trace.log"
    opened = 'bdrv_open_common bs 0x1 filename "/var/lib/images/{}" flags {} format_name "{}"\n'
    trace.write_text(
        opened.format("base.qcow2", "0x22022", "qcow2")
        + opened.format("s1.qcow2", "0x2206", "qcow2")
        + opened.format("s1.qcow2", "0x22122", "qcow2")
    )
    log = stored(tmp_path, RECORDINGS / f"{SNAPSHOTS}.qmp.jsonl.xz", trace)
    assert flags(log, subject) == [(2, "drive0", []), (3, "drive0", [])]
    assert agreement(log, subject, "after").whole


def test_a_place_where_something_else_was_asked_is_no_look(
    subject: Subject, tmp_path: Path
) -> None:
    log = qmp_log(tmp_path, SNAPSHOTS)
    last = len(log.events)
    seen = (*log.observations, Observation("query-jobs", [], after=last))
    more = Log(log.name, log.header, log.events, log.fingerprint, seen)
    assert recorded(log, subject).steps[last - 1].view is None
    assert recorded(more, subject).steps[last - 1].view is None


def open_of(flags: Any, after: int) -> Observation:
    answer = {"filename": "/d/a", "driver": "raw", "flags": flags, "name": "bdrv_open_common"}
    return Observation("bdrv_open_common", answer, after=after)


@pytest.mark.parametrize(
    ("opens", "told"),
    [
        ([open_of(0x10, 1)], [(1, "d0", ["TEMPORARY"])]),
        ([open_of(0x10, 2)], [(1, "d0", ["TEMPORARY"])]),
        ([open_of(0x10, 1), open_of(0x80, 2)], [(1, "d0", ["TEMPORARY"])]),
        ([open_of(0x10, 1), open_of(0x80, 1)], []),
        ([open_of(0x4, 1)], []),
        ([open_of("0x10", 1)], []),
    ],
)
def test_flags_are_told_only_where_it_is_known_which_open_was_it(
    subject: Subject, opens: list[Observation], told: list[tuple[int, str, list[str]]]
) -> None:
    node = {
        **{"node-name": "n", "drv": "raw", "file": "/d/a", "ro": True},
        "cache": {"direct": True, "no-flush": False, "writeback": True},
    }
    asked = [{"device": "d0", "inserted": node}]
    events = (Event(Command("cli", "drive", "if=none,id=d0")), Event(Command("qmp", "stop")))
    seen = (*opens, *(Observation("query-block", asked, after=seq) for seq in (1, 2)))
    log = Log("log", LogHeader("log"), events, fingerprint(events), seen)
    assert flags(log, subject) == told


KEYS = st.sampled_from(
    [
        *("device", "inserted", "node-name", "drv", "file", "cache", "image", "ro", "id", "type"),
        *("nodes", "edges", "parent", "child", "name", "backing_file", "virtual-size"),
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["d0", "n0", "file", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)


@settings(deadline=None, max_examples=80)
@given(st.lists(JSON, max_size=2), JSON, JSON, JSON)
def test_any_answers_are_understood_or_remarked(
    subject: Subject, drives: list[Any], nodes: Any, graph: Any, opened: Any
) -> None:
    events = (Event(Command("cli", "drive", "if=none,id=d0")),)
    seen = (
        Observation("query-block", drives, after=1),
        Observation("query-named-block-nodes", nodes, after=1),
        Observation("x-debug-query-block-graph", graph, after=1),
        Observation("bdrv_open_common", opened, after=1),
    )
    log = Log("log", LogHeader("log"), events, fingerprint(events), seen)
    witness = recorded(log, subject)
    assert (witness.steps[0].view is None) == (
        len(witness.remarks) > 0 and "open_flags" not in witness.remarks[0]
    )
    diff(witness, replay(log, resolve(subject, "after", {})))


@pytest.mark.parametrize("driver", [{}, [], None, 7])
def test_a_driver_that_is_no_name_has_no_open(subject: Subject, driver: Any) -> None:
    cache = {"direct": True, "no-flush": False, "writeback": True}
    node = {"node-name": "n", "drv": driver, "file": "/d/a", "ro": True, "cache": cache}
    events = (Event(Command("cli", "drive", "if=none,id=d0")),)
    things = [
        {"id": 1, "type": "block-backend", "name": "d0"},
        {"id": 2, "type": "block-driver", "name": "n"},
    ]
    graph = {"nodes": things, "edges": [{"parent": 1, "child": 2, "name": "root"}]}
    seen = (
        Observation("query-block", [{"device": "d0", "inserted": node}], after=1),
        Observation("query-named-block-nodes", [node], after=1),
        Observation("x-debug-query-block-graph", graph, after=1),
        open_of(0x10, 1),
    )
    log = Log("log", LogHeader("log"), events, fingerprint(events), seen)
    assert flags(log, subject) == []


def test_a_graph_that_goes_round_is_not_walked(subject: Subject) -> None:
    events = (Event(Command("cli", "drive", "if=none,id=d0")),)
    node = {"node-name": "n", "drv": "throttle", "file": "x"}
    graph = {
        "nodes": [
            {"id": 1, "type": "block-backend", "name": "d0"},
            {"id": 2, "type": "block-driver", "name": "n"},
        ],
        "edges": [
            {"parent": 1, "child": 2, "name": "root"},
            {"parent": 2, "child": 2, "name": "file"},
        ],
    }
    seen = (
        Observation("query-block", [{"device": "d0", "inserted": node}], after=1),
        Observation("x-debug-query-block-graph", graph, after=1),
    )
    log = Log("log", LogHeader("log"), events, fingerprint(events), seen)
    assert recorded(log, subject).remarks == ("the answers after #1 can't be understood",)


def test_a_drive_that_only_its_device_names_is_found(subject: Subject) -> None:
    drive = Command("cli", "drive", "if=none,id=drive-disk0")
    events = (Event(drive),)
    node = {
        **{"node-name": "n", "drv": "raw", "file": "/d/a", "ro": True},
        "cache": {"direct": True, "no-flush": False, "writeback": True},
    }
    qdev = "/machine/peripheral/disk0/virtio-backend"
    things = [
        {"id": 1, "type": "block-backend", "name": "disk0"},
        {"id": 2, "type": "block-driver", "name": "n"},
    ]
    graph = {"nodes": things, "edges": [{"parent": 1, "child": 2, "name": "root"}]}
    seen = (
        Observation("query-block", [{"device": "", "qdev": qdev, "inserted": node}], after=1),
        Observation("x-debug-query-block-graph", graph, after=1),
    )
    for told in (seen, seen[:1]):
        log = Log("log", LogHeader("log"), events, fingerprint(events), told)
        view = recorded(log, subject).steps[0].view
        assert view is not None
        assert view.nodes["drive-disk0"].fields["filename"] == "/d/a"


# The command line


def run(tmp_path: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(app, ["--db", str(tmp_path / "replay.db"), *map(str, words)])


def test_recorded_stands_in_a_diff_like_a_variant(tmp_path: Path) -> None:
    path = RECORDINGS / f"{SNAPSHOTS}.qmp.jsonl.xz"
    same = run(tmp_path, "diff", "recorded..after", path)
    assert same.exit_code == 0
    assert "No difference: 16 events, the same in recorded and after." in same.output
    assert "said in  words of these trees: 5 events translated" in same.output
    differs = run(tmp_path, "diff", "recorded", "before", "after", SNAPSHOTS)
    assert differs.exit_code == 1


def test_conform_holds_variants_against_a_recording(tmp_path: Path) -> None:
    path = RECORDINGS / f"{SNAPSHOTS}.qmp.jsonl.xz"
    assert run(tmp_path, "conform", path, "--at", "after").output == (
        f"log      {SNAPSHOTS}\n  after  5 of 5 looks and 4 of 4 replies agree\n"
    )
    example = shipped("patches") / "examples" / "snapshot-on.jsonl"
    nothing = run(tmp_path, "conform", example).exception
    assert isinstance(nothing, ReplayError)
    assert "no look and no reply was recorded" in str(nothing)
    told = run(tmp_path, "conform", SNAPSHOTS, "--format", "json")
    assert told.exit_code == 1
    assert [one["looks_agreed"] for one in json.loads(told.output)] == [1, 5, 5]


def test_conform_tells_flags_by_their_names(tmp_path: Path) -> None:
    files = (RECORDINGS / f"05-snapshot-on-none.{end}" for end in ("qmp.jsonl.xz", "trace.log"))
    run(tmp_path, "import", *files, "--log", "demo")
    told = run(tmp_path, "conform", "demo", "--at", "with").output
    assert "    #3 drive0.open_flags: TEMPORARY in recorded, SNAPSHOT in with\n" in told


def test_a_run_tells_what_was_translated_and_what_asks_nothing(tmp_path: Path) -> None:
    words = ("import", RECORDINGS / "02-libvirt-qemu-domain.log")
    run(tmp_path, *words, RECORDINGS / "01-libvirtd-debug-qmp.log.xz", "--log", "demo")
    told = run(tmp_path, "run", "demo", "--at", "after").output
    assert "13 events translated, 15 that ask nothing of them, none without" in " ".join(
        told.split()
    )
    assert "    translated from cli blockdev" in told
    assert "    recorded; it asks nothing here: a job of these trees is gone when it is" in told
    document = json.loads(run(tmp_path, "run", "demo", "--format", "json").output)
    assert document["log"]["translation"] == {
        "translated": 13,
        "idle": 15,
        "without_equivalent": {},
    }
    step = document["steps"][18]
    assert step["original"]["arguments"]["actions"][0]["type"] == "blockdev-snapshot"
    assert step["event"]["arguments"]["actions"][0]["type"] == "blockdev-snapshot-sync"
