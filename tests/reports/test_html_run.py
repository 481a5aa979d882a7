"""The page of a run: its structure, its size, and that nothing of a recording comes alive."""

import pytest

from replay.engine.replay import replay
from replay.events.event import Command, Log
from replay.formats.read import read
from replay.reports.documents.run import run_report
from replay.reports.html.run import run
from replay.variants.variant import load_subject, resolve
from tests.examples import PATCHES, example, log_of
from tests.hostile import hostile
from tests.reports.test_html import Page


@pytest.fixture(scope="module")
def told():
    """told(LOG): the report of its run in the variant after."""
    subject = load_subject(PATCHES)
    return lambda log: run_report(replay(log, resolve(subject, "after", {})))


def elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    """All elements of a page that is well-formed."""
    page = Page(text)
    assert page.open == []
    return page.elements


def test_it_begins_with_how_the_events_ended_and_the_nodes_at_the_end(told):
    text = run(told(example("deleted-base")))
    assert '<h1 class="headline">9 events in after: 9 returned</h1>' in text
    first, *_ = text.partition('<section aria-label="events">')
    assert first.count("<svg") == 1 and "base.qcow2" in first


def test_every_event_has_its_outcome_and_its_changes(told):
    report = told(example("deleted-overlay"))
    text = run(report)
    for step in report.steps:
        assert f'id="e{step.seq}"' in text
    assert "<code>- file /images/overlay.qcow2 unlinked</code>" in text


def test_it_asks_for_nothing_and_runs_no_script(told):
    found = elements(run(told(example("live-snapshot"))))
    assert {"script", "link", "img"}.isdisjoint(tag for tag, _ in found)
    linked = [value for _, a in found for key, value in a.items() if key in ("src", "href")]
    assert linked == []


def test_nothing_of_a_hostile_recording_becomes_markup(told, tmp_path):
    recording = next(iter(read(hostile(tmp_path / "hostile.jsonl"))))
    text = run(told(Log("wild", recording.header, tuple(recording.events), "0" * 64)))
    plain = {tag for tag, _ in elements(run(told(example("live-snapshot"))))}
    assert {tag for tag, _ in elements(text)} <= plain
    assert not any(key.startswith("on") for _, a in elements(text) for key in a)
    assert all(line.isprintable() for line in text.split("\n"))


def test_many_snapshots_stay_below_two_megabytes(told):
    start = [event.payload for event in example("live-snapshot").events[:4]]
    text = run(told(log_of(*start, *map(snapshot, range(160)))))
    assert len(text.encode()) < 2_000_000
    assert 'id="e164"' in text and "no room" in text


def snapshot(number: int) -> Command:
    """A live snapshot of the drive."""
    file = f"/images/{number}.qcow2"
    return Command("qmp", "blockdev-snapshot-sync", {"device": "drive0", "snapshot-file": file})
