"""The comparison with recordings can fail: every kind of damage to one is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from replay.qemu.conformance import (
    Agreement,
    RecordedStep,
    agreements,
    conformance,
    open_recordings,
    plan,
)
from tests.traces import (
    DIES,
    ERRORS,
    LATER,
    PATCHES,
    READS,
    REFUSED,
    TREE,
    TWO_DRIVES,
    Record,
    compared,
    node,
    put,
    recorded,
    unpack,
    write,
)


def agreement(directory: Path, record: Record, tree: str = TREE) -> Agreement:
    """How one record agrees."""
    [found] = compared(write(directory, record, tree=tree), tree)
    return found


class Damage(NamedTuple):
    """A change of one recorded log, and where the disagreement must be found."""

    claim: str
    log: str
    change: Callable[[Record], Any]
    place: tuple[str, str]


def reply(step: int, answer: Any) -> Callable[[Record], Any]:
    """Another reply to a step."""
    return lambda record: record["steps"][step].update(reply=answer)


def final(name: str, **fields: Any) -> Callable[[Record], Any]:
    """Other facts of a file that was left."""
    return lambda record: record["final_files"][name].update(fields)


def dies(record: Record) -> None:
    """The process ends at the last step."""
    record["steps"][-1] = {"reply": None, "died": {"signal": 6, "returncode": -6}}


def lives(record: Record) -> None:
    """The process does not end at the last step."""
    record["steps"][-1] = {"reply": {"error": {"class": "NotRunning"}}, "nodes": []}


def exchanged(record: Record) -> None:
    """From the second step on two nodes have each other's identity."""
    for step in record["steps"][1:]:
        ids = {node["path"]: node for node in step["nodes"]}
        drive, file = ids["drive0"], ids["drive0.file"]
        drive["bds_id"], file["bds_id"] = file["bds_id"], drive["bds_id"]


DAMAGES = [
    Damage(
        "a node is missing",
        TWO_DRIVES,
        lambda record: record["steps"][0]["nodes"].append({"path": "drive2"}),
        ("drive2", ""),
    ),
    Damage(
        "a node is too many",
        TWO_DRIVES,
        lambda record: record["steps"][0]["nodes"].pop(0),
        ("drive0", ""),
    ),
    Damage(
        "two nodes have one identity",
        TWO_DRIVES,
        lambda record: put("drive0.file", bds_id=node(record, "drive0")["bds_id"])(record),
        ("drive0.file", "identity"),
    ),
    Damage("a node gets another identity", READS, exchanged, ("drive0", "identity")),
    Damage(
        "a field is unknown",
        TWO_DRIVES,
        put("drive0", keep_read_only=0),
        ("drive0", "keep_read_only"),
    ),
    Damage("a name is permanent", TWO_DRIVES, put("drive0", filename="a"), ("drive0", "filename")),
    Damage(
        "a name is temporary",
        TWO_DRIVES,
        put("drive0.backing_hd", filename="<tmp7>"),
        ("drive0.backing_hd", "filename"),
    ),
    Damage(
        "one temporary name stands for two",
        TWO_DRIVES,
        lambda record: put("drive1", filename=node(record, "drive0")["filename"])(record),
        ("drive1", "filename"),
    ),
    Damage(
        "two temporary names stand for one",
        TWO_DRIVES,
        put("drive0.file", filename="<tmp7>"),
        ("drive0.file", "filename"),
    ),
    Damage(
        "a file is missing",
        TWO_DRIVES,
        lambda record: record["steps"][0]["files"].append("more.img"),
        ("files", "more.img"),
    ),
    Damage(
        "a file is too many",
        TWO_DRIVES,
        lambda record: record["steps"][0]["files"].remove("base.qcow2"),
        ("files", "base.qcow2"),
    ),
    Damage("a command is refused", READS, reply(0, {"error": {"class": "X"}}), ("", "reply")),
    Damage("a command prints an error", READS, reply(0, {"error": {"text": "X"}}), ("", "reply")),
    Damage("a write fails", READS, reply(1, {"error": {"errno": "EIO"}}), ("", "reply")),
    Damage("no error is printed", READS, reply(2, {"return": {}}), ("", "reply")),
    Damage("a pattern differs", READS, reply(3, {"return": {"pattern": 0}}), ("", "reply")),
    Damage("a pattern is mixed", READS, reply(3, {"return": {"pattern": "mixed"}}), ("", "reply")),
    Damage("a refused command returns", ERRORS, reply(1, {"return": {}}), ("", "reply")),
    Damage("a class differs", ERRORS, reply(1, {"error": {"class": "X"}}), ("", "reply")),
    Damage("an errno differs", ERRORS, reply(2, {"error": {"errno": "EIO"}}), ("", "reply")),
    Damage(
        "a class takes an errno's place", ERRORS, reply(2, {"error": {"class": "X"}}), ("", "reply")
    ),
    Damage("the process dies", READS, dies, ("", "died")),
    Damage("the start is refused", TWO_DRIVES, dies, ("", "died")),
    Damage("the start is not refused", REFUSED, lives, ("", "died")),
    Damage(
        "a format differs",
        TWO_DRIVES,
        final("base.raw", format="qed"),
        ("final_files.base.raw", "format"),
    ),
    Damage(
        "a size differs", TWO_DRIVES, final("base.raw", size=512), ("final_files.base.raw", "size")
    ),
    Damage(
        "a header names a backing file",
        TWO_DRIVES,
        final("base.qcow2", backing_file="a"),
        ("final_files.base.qcow2", "backing_file"),
    ),
    Damage(
        "a header names a backing format",
        TWO_DRIVES,
        final("base.qcow2", backing_format="raw"),
        ("final_files.base.qcow2", "backing_format"),
    ),
    Damage(
        "a content differs",
        TWO_DRIVES,
        final("base.raw", content_runs_KiB=[[17, 4096]]),
        ("final_files.base.raw", "content_runs_KiB"),
    ),
    Damage(
        "a file cannot be read",
        TWO_DRIVES,
        final("base.raw", content_runs_KiB="no"),
        ("final_files.base.raw", "content_runs_KiB"),
    ),
    Damage(
        "a file is not left",
        TWO_DRIVES,
        lambda record: record["final_files"].update({"more.img": {}}),
        ("final_files", "more.img"),
    ),
    Damage(
        "a file is left",
        TWO_DRIVES,
        lambda record: record["final_files"].pop("base.qcow2"),
        ("final_files", "base.qcow2"),
    ),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.claim for damage in DAMAGES])
def test_damage_is_found_where_it_is(damage, tmp_path):
    record = recorded(damage.log)
    damage.change(record)
    found = agreement(tmp_path, record)
    assert found.first is not None
    assert (found.first.path, found.first.field) == damage.place
    assert found.agreed == found.steps - (not damage.place[0].startswith("final_files"))


@pytest.mark.parametrize("log", [TWO_DRIVES, READS, ERRORS, REFUSED])
def test_what_was_damaged_agrees_without_the_damage(log, tmp_path):
    found = agreement(tmp_path, recorded(log))
    assert (found.first, found.agreed) == (None, found.steps)


def test_every_recorded_field_counts(tmp_path):
    fields = node(recorded(TWO_DRIVES), "drive0").keys() - {"path", "bds_id"}
    assert len(fields) > 20
    for field in fields:
        record = recorded(TWO_DRIVES)
        put("drive0", **{field: "another"})(record)
        first = agreement(tmp_path, record).first
        assert first is not None
        assert (first.path, first.field, first.expected) == ("drive0", field, "another")


def test_a_crash_is_found_where_the_process_lived(tmp_path):
    tree, log = DIES
    record = recorded(log, tree)
    assert agreement(tmp_path, record, tree).first is None
    lives(record)
    record["steps"] += [record["steps"][-1]] * 4  # what follows in the log
    first = agreement(tmp_path, record, tree).first
    assert first is not None
    assert (first.field, first.expected, first.got) == ("died", "alive", "crashed")


def test_a_crash_is_no_refused_start(tmp_path):
    tree, log = DIES
    record = recorded(log, tree)
    write(tmp_path, record, tree=tree)
    file = tmp_path / "logs" / f"{log}.jsonl"
    header, events = file.read_text().split("\n", 1)
    last = json.loads(header)["steps"][len(record["steps"]) - 1]
    file.write_text(json.dumps({"replay_log": 1, "name": log, "steps": [last]}) + "\n" + events)
    del record["steps"][:-1]
    first = agreement(tmp_path, record, tree).first
    assert first is not None
    assert (first.field, first.expected, first.got) == ("died", "refused", "crashed")


def test_a_step_after_the_first_disagreement_can_agree_again(tmp_path):
    record = recorded(READS)
    put("drive0", 1, refcnt=9)(record)
    put("drive0.file", 2, refcnt=9)(record)
    found = agreement(tmp_path, record)
    assert found.first is not None
    assert (found.first.seq, found.first.path, found.agreed) == (4, "drive0", 2)
    assert isinstance(found.recorded, RecordedStep)
    assert list(found.recorded.nodes) == record["steps"][1]["nodes"]


def harmless(record: Record) -> None:
    """Changes all that does not count."""
    for step in record["steps"]:
        step["notices"] = ["X"]
        step["files"] = [f"/elsewhere/{name}" for name in step["files"]]
        for seen in step["nodes"]:
            seen["bds_id"] = f"another {seen['bds_id']}"
            seen["backing_file"] = seen["backing_file"] and f"/elsewhere/{seen['backing_file']}"
            seen["filename"] = {"<tmp0>": "<tmp1>", "<tmp1>": "<tmp3>"}.get(
                seen["filename"], f"/elsewhere/{seen['filename']}"
            )
            seen["read_only"] = int(seen["read_only"])
        for error in filter(None, [step["reply"].get("error")]):
            error |= {key: "another text" for key in ("desc", "text") if key in error}


@pytest.mark.parametrize("log", [TWO_DRIVES, READS, ERRORS])
def test_names_of_temporary_files_identities_directories_and_texts_do_not_count(log, tmp_path):
    record = recorded(log)
    harmless(record)
    assert agreement(tmp_path, record).first is None


def test_identities_count_only_from_step_to_step(tmp_path):
    record = recorded(ERRORS)
    record["steps"][-2]["nodes"] = record["steps"][-1]["nodes"] = []
    ids = [found["bds_id"] for step in record["steps"] for found in step["nodes"]]
    assert len(ids) > len(set(ids))
    first = agreement(tmp_path, record).first
    assert first is not None
    assert first.field == ""


def test_nothing_is_said_of_a_file_that_the_tool_gave_up(tmp_path):
    record = recorded(TWO_DRIVES)
    final("base.raw", content_runs_KiB="E timeout")(record)
    assert agreement(tmp_path, record).first is None


@pytest.mark.parametrize(("size", "agrees"), [(1000, True), (1024, True), (1001, False)])
def test_the_size_of_a_file_may_be_told_in_whole_sectors(size, agrees, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "expected").mkdir()
    lines = [
        {"replay_log": 1, "name": "odd", "steps": [2]},
        {"kind": "image", "name": "/images/odd.raw", "format": "raw", "size": 1000},
        {"kind": "command", "channel": "cli", "name": "drive", "arguments": "file=/images/no"},
    ]
    (tmp_path / "logs" / "odd.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    step = {"reply": None, "died": {"signal": None, "returncode": 1}}
    left = {"odd.raw": {"format": "raw", "size": size, "content_runs_KiB": [[0, 0]]}}
    record = {"scenario": "odd", "steps": [step], "final_files": left}
    assert (agreement(tmp_path, record).first is None) is agrees


def test_a_tree_that_is_no_point_of_the_series_keeps_its_name(tmp_path):
    unpack(tmp_path, LATER)
    recordings, tree = open_recordings(tmp_path), "541bbb07eb"
    work = plan(recordings, PATCHES, {}, tree)
    assert work.trees == (tree,)
    tasks = [task for task in work.tasks if task.log == "qg13_group_bad_names"]
    result = conformance(work, agreements(tasks))
    assert [(log.tree, log.log) for log in result.whole.logs] == [(tree, tasks[0].log)]
