"""The published JSON Schemas describe what the commands really print, and nothing else."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from replay.cli import main
from replay.reports.json.schemas import DOCUMENTS, schema
from tests.hostile import hostile
from tests.traces import READS, put, recorded, write

ROOT = Path(__file__).parents[2]
FILES = ROOT / "replay" / "reports" / "schemas"
SCHEMAS = {command: schema(command) for command in DOCUMENTS}
EVENTS = ("image", "command", "notice", "await", "guest", "internal")
EVENT = "an event, as in [a native log](../formats/README.md)"
EXAMPLES = sorted((ROOT / "patches" / "examples").glob("*.jsonl"))
SNAPSHOT_ON = next(path for path in EXAMPLES if path.stem == "snapshot-on")


def validate(command: str, document: Any) -> None:
    Draft202012Validator(SCHEMAS[command]).validate(document)


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
def test_a_schema_is_one_and_is_published(name, request):
    Draft202012Validator.check_schema(SCHEMAS[name])
    text = json.dumps(SCHEMAS[name], indent=2) + "\n"
    file = FILES / f"{name}.json"
    if request.config.getoption("--write-gold"):
        file.write_text(text)
    assert file.read_text() == text


def test_the_document_of_the_room_describes_every_schema(request):
    readme = FILES.parent / "README.md"
    head, title, _ = readme.read_text().partition("## The documents\n")
    if request.config.getoption("--write-gold"):
        readme.write_text(head + title + described())
    assert readme.read_text() == head + title + described()


def described() -> str:
    """The tables of all documents: first what each prints, then the objects in it."""
    objects: dict[str, Any] = {}
    text = "\n"
    for command, document in SCHEMAS.items():
        roots = " or ".join(map(kind, document.get("anyOf", [document])))
        text += f"- `{command}`: {document['description']} {roots}.\n"
        objects |= document["$defs"] | dict(titled(document["$defs"]))
    for name, part in sorted(objects.items()):
        if "enum" in part:
            text += f"\n### {name}\n\n{' '.join(part['description'].split())}\n\n{kind(part)}\n"
        elif name.lower() not in (*EVENTS, "run"):
            required = part.get("required", ())
            about = " ".join(part["description"].split())
            text += f"\n### {name}\n\n{about}\n\n| field | kind | what it is |\n|---|---|---|\n"
            text += "".join(row(*field, required) for field in part["properties"].items())
    return text


def titled(part: Any) -> Iterator[tuple[str, Any]]:
    """The objects in a schema that have a title and stand where they are used."""
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for value in inside:
        if isinstance(value, dict) and "title" in value and "properties" in value:
            yield value["title"], value
        yield from titled(value)


def row(name: str, part: Any, required: Sequence[str]) -> str:
    optional = "" if name in required else ", perhaps absent"
    return f"| `{name}` | {kind(part)}{optional} | {part.get('description', '')} |\n"


def kind(part: Any) -> str:
    """The JSON type of a part of a schema in a few words."""
    match part:
        case {"$ref": name}:
            return EVENT if name.rpartition("/")[2].lower() in EVENTS else name.rpartition("/")[2]
        case {"anyOf": parts}:
            return " or ".join(dict.fromkeys(map(kind, parts)))
        case {"enum": values}:
            return ", ".join(map(str, values))
        case {"title": name}:
            return str(name)
        case {"prefixItems": parts}:
            return f"[{', '.join(map(kind, parts))}]"
        case {"type": "array", "items": items}:
            return f"list of {kind(items)}"
        case {"type": "object", "additionalProperties": {} as values}:
            return f"object of {kind(values)}"
        case _:
            return str(part.get("type", "any"))


def test_no_schema_is_published_but_those_of_commands():
    assert {file.stem for file in FILES.iterdir()} == set(SCHEMAS)


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
        {"kind": "image", "name": "/images/a", "format": "raw", "size": 1 << 20},
        {"kind": "command", "channel": "qmp", "name": "blockdev-add"}
        | {"arguments": {"driver": "file", "node-name": "f", "filename": "/images/a"}},
        drive | {"arguments": {"driver": "virtio-blk-pci", "drive": "f", "id": "v"}},
    ]
    (tmp_path / "today.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run("run", "today.jsonl")["steps"]
    assert run("diff", "today.jsonl")["variants"]


def test_checks_are_valid(run):
    assert run("check", *EXAMPLES[:2])
    assert run("check", SNAPSHOT_ON)["breaches"]


def test_a_bisection_is_valid(run):
    assert run("bisect", SNAPSHOT_ON, "with..after")["changes"]
    assert run("bisect", EXAMPLES[0], "before..after", "--check", "images_stay")["changes"]


def test_searches_are_valid(run):
    log = ROOT / "patches/examples/deleted-mirror.jsonl"
    assert len(run("shrink", log, "with", "after")["events"]) == 3
    hunt = ("hunt", "with", "after", "--depth", "1", "--no-store")
    assert run(*hunt, "--start", "snapshot=on")["depth"] == 1
    assert len(run(*hunt, "--start", "ordinary", "--neighbours")["starts"]) == 1
    assert run("cover", log)["totals"]["covered_lines"] > 0
    assert run("touched", "7e3d98dd", log)["logs"] == ["deleted-mirror"]


def test_explanations_are_valid(run):
    assert run("explain", SNAPSHOT_ON, "drive0.open_flags", "with..after")["explanations"]
    assert run("explain", SNAPSHOT_ON, "/images/base.qcow2")["explanations"]
    assert run("explain", SNAPSHOT_ON, "drive0")["explanations"]
    for example in EXAMPLES:
        assert run("explain", example, "--seq", 5 if example != SNAPSHOT_ON else 3)["explanations"]


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
