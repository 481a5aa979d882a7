"""Old files: whatever version of the event form they have, they stay readable."""

from pathlib import Path

import msgspec
import pytest

from replay.errors import ReplayError
from replay.events import json_form as jsonform
from replay.events.event import Guest, fingerprint
from replay.events.json_form import SCHEMA_VERSION, UPCASTS
from replay.formats import read as ingest
from replay.store import rows
from replay.store.event_store import open_store

NATIVE = Path(__file__).parents[1] / "data" / "native"
"""Logs of every version of the event form."""

KNOWN = {
    "01a_open_qcow2": "b148cac1a8d1239180a660b09fbe95accd2fc6be98a5142cb689abcba7b1d117",
    "02d_snap3_qcow2": "bdbe53a4dc64f23bb07a933a2d37e6efa64ca842c139ef4119fe47be53bafa0d",
    "07c_commit_intermediate2": "b145c8a7cd3674a3231b4ea0f044cdca2cf4ed6d91d190faa8fcded0d2b5b6e2",
    "30a_tmp_change_write": "701b40a128463df7b21f99d6b27a1f3fed88507c4a36900d1b2a78223fb7e2c9",
    "40a_reopen_after_snap": "a58e2f8b1c4e0e8e17324dd44bd2d96c10e82d3cfad4b81a4fc6c095169df6c9",
}


def version(path: Path) -> int:
    return int(msgspec.json.decode(path.read_bytes().splitlines()[0])["replay_log"])


def test_every_version_has_files_and_each_but_the_first_a_step():
    assert {version(path) for path in NATIVE.glob("*.jsonl")} == set(range(1, SCHEMA_VERSION + 1))
    assert len(UPCASTS) == SCHEMA_VERSION - 1


@pytest.mark.parametrize("path", sorted(NATIVE.glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_file_of_any_version_stays_readable(path):
    """As long as there is one version, with the fingerprints that it always had."""
    recording = next(ingest.read(path))
    assert fingerprint(recording.events) == KNOWN[path.stem]


def test_older_events_go_through_all_later_steps(tmp_path, monkeypatch):
    """Two steps that could come: once a name was called otherwise, then a unit changed."""
    old = tmp_path / "old.jsonl"
    old.write_text(
        '{"replay_log":1,"name":"old"}\n'
        '{"kind":"guest","do":"read","device":"d","byte":1024,"sectors":1}\n'
        '{"replay_log":2,"name":"newer"}\n'
        '{"kind":"guest","name":"read","device":"d","byte":1024,"sectors":1}\n'
        '{"replay_log":3,"name":"today"}\n'
        '{"kind":"guest","name":"read","device":"d","sector":2,"sectors":1}\n'
    )
    steps = (
        lambda raw: {**{key: raw[key] for key in raw if key != "do"}, "name": raw["do"]},
        lambda raw: {
            **{key: raw[key] for key in raw if key != "byte"},
            "sector": raw["byte"] // 512,
        },
    )
    monkeypatch.setattr(jsonform, "UPCASTS", steps)
    for module in (jsonform, rows):
        monkeypatch.setattr(module, "SCHEMA_VERSION", 3)
    with open_store(tmp_path / "replay.db") as store:
        stored = store.add(ingest.read(old))
        assert len({log.fingerprint for log in stored}) == 1
        for log in stored:
            (event,) = store.load(log.name).events
            assert event.payload == Guest("read", "d", 2, 1)


def test_a_version_of_the_future_is_refused(tmp_path):
    new = tmp_path / "new.jsonl"
    new.write_text('{"replay_log":99,"name":"new"}\n{"kind":"await","until":"settled"}\n')
    with pytest.raises(ReplayError, match=r"new.jsonl:1: version 99 .*newer.*upgrade replay"):
        list(ingest.read(new))
