"""When events were recorded, so that they can be matched to a ticket."""

import json
import re

import pytest
from typer.testing import CliRunner

from replay.cli.app import app
from tests.examples import PATCHES
from tests.reports.test_schemas import validate

RECORDING = PATCHES.parent / "tests/data/recordings/05-snapshot-on-none.qmp.jsonl.xz"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


@pytest.fixture
def run(tmp_path):
    """run(WORD...): what the command prints."""

    def command(*words: object) -> str:
        before = ["--db", str(tmp_path / "replay.db"), "--patches", str(PATCHES)]
        result = CliRunner().invoke(app, [*before, *map(str, words)])
        assert result.exit_code in (0, 1), result.output
        return result.stdout

    return command


def test_an_event_of_a_log_has_its_time(run):
    [line] = [line for line in run("log", RECORDING).splitlines() if line.startswith("#6 ")]
    assert re.match(rf"#6 {TIME} qmp ", line)


def test_the_source_of_an_event_is_told_on_request(run):
    assert "qmp.jsonl.xz:" not in run("log", RECORDING)
    lines = [line for line in run("log", RECORDING, "--source").splitlines() if "#" in line]
    assert any(re.search(r"\[.*:\d+\]$", line) for line in lines)


@pytest.mark.parametrize("format", ["text", "md", "html"])
def test_a_run_has_the_times_of_its_events(run, format):
    assert re.search(TIME, run("run", RECORDING, "--format", format))


@pytest.mark.parametrize("format", ["text", "md", "html"])
def test_a_diff_has_the_time_of_its_headline(run, format):
    text = run("diff", "recorded", "after", RECORDING, "--format", format)
    assert re.search(TIME, text)


def test_an_explanation_has_the_time_since_when_it_is_so(run):
    for format in ("text", "md"):
        text = run("explain", RECORDING, "--seq", 6, "--format", format)
        assert re.search(rf"#6`? was recorded at {TIME}", text)


JSON = {
    "log": (("log",), lambda document: document["events"][5]),
    "run": (("run",), lambda document: document["steps"][5]),
    "diff": (("diff", "before", "after"), lambda document: document["divergences"][0]),
    "explain": (("explain", "--seq", 6), lambda document: document["explanations"][0][0]),
}


@pytest.mark.parametrize("command", JSON)
def test_json_has_the_time_and_the_source_of_an_event(run, command):
    words, pick = JSON[command]
    document = json.loads(run(*words, RECORDING, "--format", "json"))
    validate(command, document)
    entry = pick(document)
    assert entry["time"] == pytest.approx(1795398876, abs=5)
    assert re.search(r"05-snapshot-on-none\.qmp\.jsonl\.xz:\d+$", entry["source"])


def test_a_log_without_times_has_none(run):
    log = PATCHES / "examples" / "snapshot-on.jsonl"
    assert "UTC" not in run("log", log) + run("run", log) + run("diff", log)
