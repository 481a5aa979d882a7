"""A long log, which is held in pages and replayed a page at a time, does as a short one."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from replay.analysis.attribute import attribute
from replay.analysis.bisect import about_place, bisect
from replay.analysis.checks import breaches, load_checks
from replay.analysis.explain import explain
from replay.engine import replay as engine
from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.events import pages
from replay.events.event import Command, Event, Guest, Image, Log, Origin
from replay.events.pages import Pages, held
from replay.formats.recording import Recording
from replay.store.event_store import open_store
from replay.store.lookup import open_lookup
from replay.variants.variant import load_subject, resolve
from tests import random_logs
from tests.examples import PATCHES, log_of

THEMES = [*random_logs.THEMES]
NAMES = ("before", "with", "after")


@pytest.fixture(scope="module")
def variants():
    subject = load_subject(PATCHES)
    return tuple(resolve(subject, name, {}) for name in NAMES)


@pytest.fixture(autouse=True)
def short_pages(monkeypatch):
    """Pages of three events, of which the last is shorter."""
    monkeypatch.setattr(pages, "LONG", 4)
    for module in (pages, engine):
        monkeypatch.setattr(module, "PAGE", 3)


def both(log: Log) -> tuple[Log, Log]:
    """A log in pages, and the same as if it were not long."""
    whole = replace(log, events=tuple(log.events))
    packed = replace(log, events=held(Event, log.events))
    assert isinstance(packed.events, Pages)
    return packed, whole


def a_log(number: int) -> Log:
    return random_logs.log(f"{number:04}_{THEMES[number % len(THEMES)]}")


@pytest.mark.parametrize("number", range(12))
def test_its_steps_are_the_same_in_whatever_order_they_are_looked_at(number, variants):
    packed, whole = both(a_log(number))
    for variant in variants:
        steps, short = replay(packed, variant).steps, replay(whole, variant).steps
        assert not isinstance(steps, tuple)
        assert len(steps) == len(short)
        seqs = [len(short) - 1, 0, *range(len(short)), *reversed(range(len(short)))]
        for index in seqs:
            one, other = steps[index], short[index]
            assert (one.seq, one.event, one.outcome) == (other.seq, other.event, other.outcome)
            assert (one.state, one.limited) == (other.state, other.limited)
        assert [step.state for step in steps] == [step.state for step in short]
        assert steps[-1].state is short[-1].state
        assert [step.seq for step in steps[2:5]] == [3, 4, 5]
        with pytest.raises(IndexError):
            steps[len(short)]


@pytest.mark.parametrize("number", range(40))
def test_its_diff_is_the_same_and_comes_from_the_same_patches(number, variants):
    packed, whole = (
        diff(*(replay(log, variant) for variant in variants)) for log in both(a_log(number))
    )
    assert packed.divergences == whole.divergences
    assert packed.compared == whole.compared
    long, short = attribute(packed), attribute(whole)
    assert long.causes == short.causes
    assert long.steps == short.steps
    assert long.work.revisions == short.work.revisions


@pytest.mark.parametrize("number", range(6))
def test_its_breaches_are_the_same(number, variants):
    packed, whole = both(a_log(number))
    for variant in variants:
        checks = load_checks(Path(PATCHES) / "checks.py", variant)
        assert breaches(replay(packed, variant), checks) == breaches(replay(whole, variant), checks)


def test_its_reasons_and_the_patch_of_a_place_are_the_same(variants):
    numbers = (number for number in range(100) if _differs(a_log(number), variants))
    packed, whole = both(a_log(next(numbers)))
    found = []
    for log in (packed, whole):
        ends = (replay(log, variants[0]), replay(log, variants[-1]))
        first = diff(*ends).divergences[0]
        question = about_place(ends, first.place, first.first_seq)
        turned = [change.changes for change in bisect(ends, question).changes]
        why = explain(ends[1], first.place, first.first_seq)
        found.append((first, turned, why.since, why.value))
    assert found[0] == found[1]


def _differs(log: Log, variants) -> bool:
    traces = (replay(log, variants[0]), replay(log, variants[-1]))
    return any(found.place.kind == "field" for found in diff(*traces).divergences[:1])


def test_what_comes_behind_a_limit_is_not_compared_in_it_either(variants, monkeypatch):
    monkeypatch.setattr("replay.engine.log_budget.MOST_STEPS", 30)
    monkeypatch.setattr("replay.engine.log_budget.MORE_STEPS", 0)
    drive = Command("cli", "drive", "if=none,id=d,file=/a")
    writes = [Guest("write", "d", 8 * n, 8, n) for n in range(9)]
    packed, whole = both(log_of(Image("/a", "qcow2", 1 << 20), drive, *writes))
    long, short = (diff(*(replay(log, v) for v in variants)) for log in (packed, whole))
    assert long.compared == short.compared
    assert long.compared.compared < len(whole.events)
    assert [step.limited for step in replay(packed, variants[0]).steps][-1]


def test_a_log_of_many_events_is_read_and_stored_in_pages(tmp_path):
    log = a_log(0)
    where = str(tmp_path / "replay.db")
    with open_store(where) as store:
        store.add([Recording(log.header, log.entries(), Origin("f", 1))])
        loaded = store.load(log.name)
    with open_lookup(where) as lookup:
        looked_up = lookup.load(log.name)
    for one in (Log.of(log.header, log.entries()), loaded, looked_up):
        assert isinstance(one.events, Pages)
        assert [event.payload for event in one.events] == [e.payload for e in log.events]
        assert one.fingerprint == log.fingerprint
