"""A shrunk log shows the same with as little as it can."""

from functools import partial
from itertools import pairwise

import pytest
from msgspec.structs import replace

from replay.analysis.search.goal import parse_goal, same_way
from replay.analysis.search.shrink import shrink
from replay.api import headline_difference
from replay.engine.replay import replay
from replay.errors import NotFound, ReplayError
from replay.events.event import Await, Command, Event, Guest, Image, Log, Notice, Observation, Run
from replay.qemu.observed.recorded import recorded
from tests.examples import NAMES, example, log_of


def players(subject, *variants):
    """What replays a log in each of the variants."""
    return [partial(replay, variant=subject.variant(text)) for text in variants]


def last(log, played, goal):
    """The shortest log, and where it shows the goal."""
    *_, shrunk = shrink(log, played, goal)
    return shrunk


def headline_goal(log, played):
    """The goal of a shrinking when a user names none."""
    first = headline_difference([play(log) for play in played])
    return same_way("the headline", first.place, first.values)


TRAINS = log_of(
    Command("cli", "ledger", "/yard/ledger"),
    Command("cli", "train", "7,lit"),
    Command("cli", "train", "8"),
    Command("qmp", "couple", {"train": "8", "load": 3}),
    Command("qmp", "couple", {"train": "7", "load": 3}),
    Notice("SIGNAL", {"to": "go"}),
    Guest("write", "7", 256, 256, 5),
    Command("hmp", "turn", "8"),
    Command("qmp", "uncouple", {"train": "7"}),
    Await("end", "7"),
)


def test_of_the_toy_what_matters_is_left(toy):
    played = players(toy, "before", "with")
    goal = parse_goal("any", toy.variant("with"))
    shrunk = last(TRAINS, played, goal)
    assert shrunk.minimal
    assert [event.payload for event in shrunk.log.events] == [
        Command("cli", "train", "drive0"),
        Command("qmp", "couple", {"train": "drive0"}),
        Command("qmp", "uncouple", {"train": "drive0"}),
    ]


def test_the_log_itself_comes_first_and_none_is_longer_than_the_one_before(toy):
    played = players(toy, "before", "with")
    logs = [it.log for it in shrink(TRAINS, played, parse_goal("any", toy.variant("with")))]
    assert logs[0].fingerprint == TRAINS.fingerprint
    assert all(len(a.events) >= len(b.events) for a, b in pairwise(logs))


def test_a_log_that_does_not_show_the_goal_is_refused(toy):
    played = players(toy, "with", "with")
    with pytest.raises(ReplayError, match="does not show any difference"):
        last(TRAINS, played, parse_goal("any", toy.variant("with")))


@pytest.mark.parametrize("name", NAMES)
def test_every_example_shrinks_to_what_no_event_can_be_left_out_of(qemu, name):
    played = players(qemu, "before", "with", "after")
    goal = headline_goal(example(name), played)
    shrunk = last(example(name), played, goal)
    events = shrunk.log.events
    assert shrunk.minimal and len(events) <= len(example(name).events)
    assert goal.first([play(shrunk.log) for play in played]) == shrunk.sighting
    for at in range(len(events)):
        less = Log.of("less", events[:at] + events[at + 1 :])
        assert goal.first([play(less) for play in played]) is None


def test_shrinking_twice_gives_the_same(qemu):
    played = players(qemu, "with", "after")
    first = last(example("deleted-base"), played, headline_goal(example("deleted-base"), played))
    again = last(first.log, played, headline_goal(first.log, played))
    assert again.log.fingerprint == first.log.fingerprint


def test_events_that_do_nothing_for_it_go_from_a_long_log(qemu):
    played = players(qemu, "with", "after")
    idle = [Event(Guest("read", "drive0", 0, 128)), Event(Command("qmp", "query-block", {}))] * 5
    image, *rest = example("deleted-mirror").events
    long = Log.of("long", [image, *(e for event in rest for e in (event, *idle))])
    short = last(example("deleted-mirror"), played, headline_goal(long, played))
    assert last(long, played, headline_goal(long, played)).log.events == short.log.events


# Goals


def test_a_goal_may_be_a_field_by_its_end(qemu):
    played = players(qemu, "before", "with")
    goal = parse_goal("field open_flags", qemu.variant("with"))
    sighting = goal.first([play(example("live-snapshot")) for play in played])
    assert sighting is not None and sighting.place.field == "open_flags"


def test_a_goal_may_be_a_check_of_one_variant(qemu):
    goal = parse_goal("check images_stay", qemu.variant("after"))
    shrunk = last(example("deleted-mirror"), players(qemu, "after"), goal)
    assert shrunk.sighting.values == {"after": "breached"}
    assert len(shrunk.log.events) == 3


def test_a_crash_is_told_of_one_variant_and_of_two_that_do_not_both_crash(toy):
    log = log_of(
        Command("cli", "train", "7"),
        Command("cli", "train", "8"),
        Command("qmp", "couple", {"train": "7", "load": -1}),
    )
    goal = parse_goal("crash", toy.variant("with"))
    assert last(log, players(toy, "with"), goal).sighting.seq == 2
    assert goal.first([play(log) for play in players(toy, "before", "with")]) is None


@pytest.mark.parametrize("text", ["", "nonsense", "outcome 3", "check", "crash now"])
def test_what_is_no_goal_is_refused_with_what_there_is(qemu, text):
    with pytest.raises(ReplayError, match="is no goal; goals are behaviour"):
        parse_goal(text, qemu.variant("after"))


def test_an_unknown_check_is_refused_with_the_nearest(qemu):
    with pytest.raises(NotFound):
        parse_goal("check images_go", qemu.variant("after"))


@pytest.mark.parametrize("word", ["behaviour", "file", "gone", "data"])
def test_a_file_that_is_gone_is_all_of_these(qemu, word):
    goal = parse_goal(word, qemu.variant("after"))
    traces = [play(example("deleted-overlay")) for play in players(qemu, "with", "after")]
    sighting = goal.first(traces)
    assert sighting is not None and sighting.values == {"with": "exists", "after": "unlinked"}


# Recordings


def test_what_a_recording_observed_stays_behind_its_event(toy):
    events = [replace(event, recorded=1.0) for event in TRAINS.events]
    seen = [Observation("query-yard", {"n": n}, after=n) for n in range(len(events) + 1)]
    log = Log("yard", TRAINS.header, tuple(events), TRAINS.fingerprint, tuple(seen))
    shrunk = last(log, players(toy, "before", "with"), parse_goal("any", toy.variant("with")))
    told = [(it.after, it.answer["n"]) for it in shrunk.log.observations]
    assert told == [(0, 0), (1, 2), (2, 5), (3, 9)]


def test_a_recording_shrinks_against_a_variant(qemu):
    """The reply says that a command was refused which the model allows."""
    reply = {"error": {"class": "GenericError", "desc": "no"}}
    log = log_of(
        Image("/images/base.qcow2", "qcow2", 1 << 20, data=(Run(17, 0, 65536),)),
        Command("cli", "drive", "if=none,id=drive0,file=/images/base.qcow2"),
        Command("qmp", "query-block", {}, {"return": []}),
        Command("qmp", "block_resize", {"device": "drive0", "size": 2 << 20}, reply),
    )
    played = [*players(qemu, "after"), partial(recorded, subject=qemu, name="recorded")]
    shrunk = last(log, played, parse_goal("outcome", qemu.variant("after")))
    assert [event.payload.name for event in shrunk.log.events][-1] == "block_resize"
    assert len(shrunk.log.events) < 4
