"""A command offers just the formats that its result has, and writes each of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from replay.cli.app import ORDER, app
from replay.reports.rendering import RENDERERS, formats
from tests.examples import PATCHES
from tests.traces import READS, recorded, write

LOG = str(PATCHES / "examples" / "deleted-base.jsonl")
RECORDING = str(PATCHES.parent / "tests/data/recordings/07-transaction-rollback.qmp.jsonl.xz")
WORDS = {
    "log": [LOG],
    "run": [LOG],
    "diff": [LOG],
    "explain": [LOG, "drive0.open_flags", "with..after"],
    "bisect": [LOG],
    "check": [LOG],
    "graph": [LOG],
    "conform": [RECORDING],
    "shrink": [LOG, "with", "after"],
    "hunt": ["with", "after", "--depth", "1"],
    "cover": [LOG],
    "touched": [str(PATCHES / "24-revert-open_flags.patch"), LOG, "--at", "7e3d98dd^"],
}
"""A way to call each command that has formats."""


def offered(command: str) -> list[str]:
    """The formats that the help of a command names."""
    help = CliRunner().invoke(app, [command, "--help"]).output
    names = re.search(r"--format <(.*?)>", help)
    return names[1].split("|") if names else []


def calls() -> Iterator[tuple[str, list[str], str]]:
    for command in ORDER:
        for format in offered(command):
            yield command, WORDS[command], format


def call(tmp_path: Path, *words: str) -> str:
    before = ["--db", str(tmp_path / "replay.db"), "--patches", str(PATCHES)]
    result = CliRunner().invoke(app, [*before, *words])
    assert result.exit_code in (0, 1), result.output
    return result.stdout


@pytest.mark.parametrize(("command", "words", "format"), list(calls()))
def test_every_command_writes_every_format_that_it_offers(tmp_path, command, words, format):
    text = call(tmp_path, command, *words, "--format", format)
    match format:
        case "json":
            assert json.loads(text)
        case "svg":
            assert ElementTree.fromstring(text).tag.endswith("svg")
        case "html":
            assert text.startswith("<!DOCTYPE html>")
        case _:
            assert text.strip()


def test_conform_writes_both_its_results_in_every_format(tmp_path):
    write(tmp_path, recorded(READS))
    for format in offered("conform"):
        assert call(tmp_path, "conform", str(tmp_path), "--format", format).strip()


def test_a_format_that_is_not_offered_is_refused_with_those_that_are(tmp_path):
    result = CliRunner().invoke(app, ["check", LOG, "--format", "svg"])
    assert result.exit_code == 2
    assert "'svg' is not one of 'text', 'json'" in result.output


def test_a_format_may_be_written_in_capitals(tmp_path):
    assert json.loads(call(tmp_path, "check", LOG, "--format", "JSON"))


def test_only_what_all_kinds_of_a_command_have_is_offered():
    for one in RENDERERS:
        for other in RENDERERS:
            both = set(RENDERERS[one]) & set(RENDERERS[other])
            assert set(formats(one, other)) == both
