"""The published JSON Schemas describe what the commands really print, and nothing else."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource

from replay.cli import main
from tests.hostile import hostile
from tests.traces import READS, put, recorded, write

ROOT = Path(__file__).parents[2]
SCHEMAS = {
    path.stem: json.loads(path.read_text()) for path in ROOT.glob("replay/reports/schemas/*.json")
}
EXAMPLES = sorted((ROOT / "patches" / "examples").glob("*.jsonl"))
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)


def validate(command: str, document: Any) -> None:
    Draft202012Validator(SCHEMAS[command], registry=REGISTRY).validate(document)


@pytest.fixture
def run(tmp_path, monkeypatch, capfd) -> Callable[..., Any]:
    """run(COMMAND, WORD...): the valid JSON that a command printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLAY_PATCHES", str(ROOT / "patches"))
    monkeypatch.delenv("REPLAY_DB", raising=False)

    def command(name: str, *words: object) -> Any:
        line = ["replay", name, *map(str, words), "--format", "json"]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as exit:
            main()
        out, err = capfd.readouterr()
        assert int(exit.value.code or 0) in (0, 1), err
        document = json.loads(out)
        validate(name, document)
        return document

    return command


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_one(name):
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"{name}.json"


@pytest.mark.parametrize("log", EXAMPLES, ids=lambda log: log.stem)
def test_diff_and_run_of_an_example_are_valid(run, log):
    assert run("diff", log)["log"]["name"] == log.stem
    assert run("run", log)["log"]["name"] == log.stem


def test_a_diff_without_patches_and_of_several_logs_is_valid(run):
    assert "attribution" not in run("diff", EXAMPLES[0], "--no-attribution")
    assert len(run("diff", *EXAMPLES[:2])) == 2


def test_what_is_hostile_is_valid(run, tmp_path):
    log = hostile(tmp_path / "hostile.jsonl")
    assert run("diff", log)["divergences"]
    assert run("run", log)["steps"]


def test_a_translated_recording_is_valid(run, tmp_path):
    drive = {"kind": "command", "channel": "qmp", "name": "device_add"}
    lines: list[dict[str, Any]] = [
        {"replay_log": 1, "name": "today"},
        {"kind": "command", "channel": "qmp", "name": "blockdev-add"}
        | {"arguments": {"driver": "file", "node-name": "f", "filename": "/images/a"}},
        drive | {"arguments": {"driver": "virtio-blk-pci", "drive": "f", "id": "v"}},
    ]
    (tmp_path / "today.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run("run", "today.jsonl")["steps"]
    assert run("diff", "today.jsonl")["variants"]


def test_checks_are_valid(run):
    assert run("check", *EXAMPLES[:2])
    assert run("check", EXAMPLES[-2])["breaches"]


def test_a_bisection_is_valid(run):
    assert run("bisect", EXAMPLES[-2], "with..after")["changes"]
    assert run("bisect", EXAMPLES[0], "before..after", "--check", "images_stay")["changes"]


def test_explanations_are_valid(run):
    assert run("explain", EXAMPLES[-2], "drive0.open_flags", "with..after")["explanations"]
    assert run("explain", EXAMPLES[-2], "/images/base.qcow2")["explanations"]
    assert run("explain", EXAMPLES[-2], "drive0")["explanations"]
    for example in EXAMPLES:
        assert run("explain", example, "--seq", 5 if example != EXAMPLES[-2] else 3)["explanations"]


def test_conformance_of_a_recording_and_of_a_directory_is_valid(run, tmp_path):
    recording = ROOT / "tests/data/recordings/07-transaction-rollback.qmp.jsonl.xz"
    assert {one["log"] for one in run("conform", recording)} == {"07-transaction-rollback"}
    record = recorded(READS)
    put("drive0", open_flags=0x3)(record)
    write(tmp_path, record)
    assert run("conform", tmp_path, "--verbose")["disagreements"]


def test_a_schema_refuses_what_is_not_so(run):
    document = run("diff", EXAMPLES[0])
    for change in ({"format_version": 2}, {"divergence": []}, {"events": -1}, {"variants": []}):
        with pytest.raises(ValidationError):
            validate("diff", document | change)
