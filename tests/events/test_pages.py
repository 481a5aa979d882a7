"""Many events take little room, and are the same events."""

import pickle

import pytest

from replay.events import pages
from replay.events.event import Command, Event, Guest, Image, Notice, Origin, Run
from replay.events.json_form import event_line
from replay.events.pages import Pages, held
from tests.random_logs import log

KINDS = (
    Image("/a", "qcow2", 1 << 40, "/b", "raw", (Run(7, 0, 512),)),
    Command("qmp", "x", {"b": [1, 2.5, None, True, {"c": 2**64 - 1}], "a": -(2**63)}),
    Command("hmp", "y", "text ☃", {"return": {}}),
    Notice("z", {"k": ""}),
    Guest("write", "d", 2**53, 1, 255),
)


def many(count: int) -> list[Event]:
    """So many events of several kinds, with all that an event can have."""
    return [
        Event(KINDS[n % len(KINDS)], Origin("f", n + 1), n / 3, KINDS[n % 3], f"note {n}")
        for n in range(count)
    ]


@pytest.fixture(autouse=True)
def short_pages(monkeypatch):
    monkeypatch.setattr(pages, "LONG", 10)
    monkeypatch.setattr(pages, "PAGE", 4)


def test_few_events_are_held_as_they_are():
    few = many(10)
    assert held(Event, few) == tuple(few)
    assert all(one is other for one, other in zip(held(Event, few), few, strict=True))


@pytest.mark.parametrize("count", [11, 12, 13, 40])
def test_many_events_are_packed_and_are_the_same(count):
    packed = held(Event, many(count))
    assert isinstance(packed, Pages)
    assert len(packed) == count
    assert list(packed) == many(count)
    assert [packed[n] for n in range(count)] == many(count)
    assert packed[-1] == packed[count - 1] == many(count)[-1]
    assert packed[3:9:2] == tuple(many(count)[3:9:2])


def test_there_is_no_event_behind_the_last():
    packed = held(Event, many(11))
    for index in (11, 12, 100, -12):
        with pytest.raises(IndexError):
            packed[index]


def test_equal_events_are_equal_when_they_are_packed():
    assert held(Event, many(20)) == held(Event, iter(many(20)))
    assert hash(held(Event, many(20))) == hash(held(Event, many(20)))
    assert held(Event, many(20)) != held(Event, many(21))
    assert held(Event, many(20)) != tuple(many(20))


def test_another_process_can_have_them():
    packed = held(Event, many(20))
    assert pickle.loads(pickle.dumps(packed)) == packed


@pytest.mark.parametrize("seed", range(10))
def test_whatever_a_log_says_it_says_after_packing(seed):
    events = [*log(f"{seed}_general").events] * 3
    packed = held(Event, events)
    assert isinstance(packed, Pages)
    assert list(map(repr, packed)) == list(map(repr, events))


def test_pages_take_less_room_than_the_lines_of_a_file(monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 1000)
    lines = b"".join(map(event_line, many(1000)))
    assert len(pickle.dumps(held(Event, many(1000)))) < len(lines)
