"""Hunting in real builds: the shortest sequences, and nothing that a clock has a say in."""

import json
from contextlib import ExitStack
from functools import partial

import pytest
from msgspec.structs import replace

from replay.analysis.play import play
from replay.analysis.search.finding import findings, shortest
from replay.analysis.search.goal import certain_goal, parse_goal
from replay.analysis.search.hunt import grounds_of, raw_findings, reach
from replay.analysis.search.program_hunt import hunt_programs
from replay.engine.replay import replay
from replay.engine.trace import NOTHING, Outcome
from replay.errors import ReplayError
from replay.events.event import Await, Guest
from replay.qemu.live.builds import find_build
from replay.qemu.live.performer import Performer
from replay.variants.alphabet import read_alphabet
from tests.qemu.machines import BASE, SUBJECT, drive, ended, log_of, performed, qmp

MODEL = SUBJECT.variant("after")
MIRROR = qmp("drive-mirror", device="$drive", sync="full", target="/images/$new.qcow2")
WRITE = {"kind": "guest", "name": "write", "sector": 0, "sectors": 8, "pattern": 97}
READ = {"kind": "guest", "name": "read", "sector": 0, "sectors": 8}
LINES = (
    {"replay_alphabet": 1},
    {"values": {"drive": ["drive0"], "new": ["a", "b"]}, "alike": ["new"], "roots": "drive"},
    {"start": "plain", "events": [BASE, drive("file=/images/base.qcow2")]},
    {"start": "overlaid", "events": [BASE, drive("file=/images/base.qcow2,snapshot=on")]},
    {"step": "write", "events": [{**WRITE, "device": "$drive"}]},
    {"step": "mirror", "events": [MIRROR]},
    {
        "step": "wait",
        "events": [{"kind": "await", "device": "$drive", "until": "end"}],
    },
    {"step": "eject", "events": [qmp("eject", device="$drive")]},
    {
        "step": "close and open",
        "events": [{"kind": "internal", "name": "close-open", "device": "$drive", "depth": 1}],
    },
    {"probe": "read", "events": [{**READ, "device": "$drive"}]},
)


@pytest.fixture(autouse=True)
def programs(need):
    need("qemu-system-x86_64", "qemu-system-x86")
    need("qemu-img", "qemu-utils")


@pytest.fixture
def alphabet(tmp_path):
    path = tmp_path / "alphabet.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in LINES))
    return read_alphabet(path)


@pytest.fixture
def machines():
    with ExitStack() as held:
        yield [held.enter_context(Performer(find_build(), SUBJECT)) for _ in range(2)]


def hunted(alphabet, goal, lanes, models=(), depth=2):
    """Where a hunt from each start ends."""
    grounds = grounds_of(models, certain_goal(goal), alphabet)
    ends = []
    for number, it in enumerate(grounds):
        *_, last = hunt_programs(it, lanes, number, depth)
        ends.append(last)
    return grounds, tuple(ends)


def test_a_file_that_a_build_deletes_is_found_by_the_shortest_sequence(alphabet, machines):
    goal = parse_goal("check images_stay", MODEL)
    grounds, levels = hunted(alphabet, goal, [machines[:1], machines[1:]])
    raw = raw_findings(grounds, levels)
    assert [(item.start, item.steps) for item in raw] == [
        ("overlaid", ("mirror drive0 a", "wait drive0"))
    ]
    (found,) = findings(raw, machines[:1], certain_goal(goal))
    assert len(found.shrunk.log.events) == 4


def test_what_is_found_does_not_depend_on_how_many_machines_there_are(alphabet, machines):
    goal = parse_goal("behaviour", MODEL)
    model = partial(replay, variant=MODEL)
    one, two = (
        hunted(alphabet, goal, [(model, each) for each in several], (MODEL,))[1]
        for several in (machines[:1], machines)
    )
    assert one == two
    assert reach(grounds_of((MODEL,), goal, alphabet), one).counts.unknown > 0


def test_a_build_is_like_itself(alphabet, machines):
    grounds, levels = hunted(alphabet, parse_goal("any", MODEL), [machines])
    assert raw_findings(grounds, levels) == ()
    assert all(level.complete and level.depth == 2 for level in levels)


def test_what_a_command_does_while_a_job_goes_on_is_no_finding():
    slow = qmp("drive-backup", device="drive0", sync="full", target="/images/a.qcow2", speed=1)
    log = log_of(BASE, drive("file=/images/base.qcow2"), slow, {**WRITE, "device": "drive0"})
    trace = performed(log)
    other = Outcome("refused", error={"class": "GenericError"})
    steps = (*trace.steps[:3], replace(trace.steps[3], outcome=other))
    pair = (trace, replace(trace, steps=steps).renamed("other"))
    goal = parse_goal("behaviour", MODEL)
    assert goal.first(pair).seq == 4
    assert certain_goal(goal).first(pair) is None


def test_a_check_about_what_only_a_model_knows_is_refused(machines):
    goal = parse_goal("check written_data_stays", MODEL)
    with pytest.raises(ReplayError, match="can't be asked about qemu"):
        goal.first(play(machines[:1], log_of(BASE, drive("file=/images/base.qcow2"))))


def test_shrinking_leaves_the_wait_without_which_a_clock_has_a_say():
    slow = qmp("drive-backup", device="drive0", sync="full", target="/images/a.qcow2")
    write = {**WRITE, "device": "drive0"}
    log = log_of(BASE, drive("file=/images/base.qcow2"), slow, ended(), write)

    def other(given):
        """The build, but that it refuses writes once a backup has begun."""
        trace = warm(given)
        steps, begun = [], False
        for step in trace.steps:
            is_backup = getattr(step.event.payload, "name", "") == "drive-backup"
            begun |= is_backup and step.outcome == NOTHING
            refused = Outcome("refused", error={"class": "GenericError"})
            is_write = begun and isinstance(step.event.payload, Guest)
            steps.append(replace(step, outcome=refused) if is_write else step)
        return replace(trace, steps=tuple(steps)).renamed("other")

    goal = certain_goal(parse_goal("behaviour", MODEL))
    with Performer(find_build(), SUBJECT) as warm:
        shrunk = shortest(log, (warm, other), goal).log
    assert [event.payload for event in shrunk.events if isinstance(event.payload, Await)]
