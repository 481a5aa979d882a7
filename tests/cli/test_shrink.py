"""replay shrink, as a user has it."""

import json
import signal

import pytest

from replay.cli.commands.search import shrink as command
from replay.cli.interrupts import Interrupted
from tests.cli.test_explain import run  # noqa: F401 - a fixture


def test_the_short_log_is_stored_and_shows_the_same(run):  # noqa: F811
    told = run("shrink", "deleted-base.jsonl", "with..after")
    assert "9 events became 7 that still show: the file /images/base.qcow2 exists" in told
    assert "Minimal" in told
    assert "stored as deleted-base-shrunk: replay diff with after deleted-base-shrunk" in told
    assert "is unlinked in after" in run("diff", "with", "after", "deleted-base-shrunk", status=1)


def test_the_short_log_may_go_into_a_file(run, tmp_path):  # noqa: F811
    run("shrink", "deleted-mirror.jsonl", "with", "after", "-o", "short.jsonl")
    lines = (tmp_path / "short.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["name"] == "deleted-mirror-shrunk"
    assert len(lines) == 4
    assert "is unlinked" in run("diff", "with", "after", "short.jsonl", status=1)


def test_one_variant_may_breach_a_check(run):  # noqa: F811
    told = run("shrink", "deleted-mirror.jsonl", "after", "--goal", "check images_stay")
    assert "the check images_stay on /images/b.qcow2 breached in after" in told
    assert "replay run deleted-mirror-shrunk --at after" in told


def test_json_has_the_events_and_where_they_differ(run):  # noqa: F811
    told = json.loads(run("shrink", "deleted-mirror.jsonl", "with..after", "--format", "json"))
    assert len(told["events"]) == told["sighting"]["seq"] == 3
    assert told["sighting"]["values"] == {"with": "exists", "after": "unlinked"}
    assert told["minimal"] is True


def test_an_interrupt_keeps_the_best_so_far(run, monkeypatch):  # noqa: F811
    whole = command.shrink

    def interrupted(*arguments):
        for count, shrunk in enumerate(whole(*arguments)):
            if count == 3:
                raise Interrupted(signal.SIGINT.name)
            yield shrunk

    monkeypatch.setattr(command, "shrink", interrupted)
    told = run("shrink", "deleted-base.jsonl", "with..after")
    assert "Ended early" in told and "stored as deleted-base-shrunk" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["with..with"], "only one variant, with"),
        (["8bfea15d", "with"], "the same in 8bfea15d and with"),
        (["with..after", "--goal", "sense"], "'sense' is no goal"),
        (["with..after", "--goal", "crash"], "does not show a crash"),
    ],
)
def test_what_cannot_be_shrunk_is_refused(run, words, message):  # noqa: F811
    assert message in run("shrink", "deleted-base.jsonl", *words, status=2)
