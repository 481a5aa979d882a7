"""A log runs through variants of a toy subject, which the engine knows nothing about."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from replay.engine.replay import replay, step
from replay.engine.trace import ModelTrace, Outcome
from replay.engine.transitions.memo import MEMO
from replay.engine.view import view
from replay.errors import ReplayError
from replay.events.event import (
    Await,
    Command,
    Event,
    Guest,
    Image,
    Internal,
    Log,
    LogHeader,
    Notice,
    Payload,
    Run,
    fingerprint,
)
from replay.state.disk import final_files
from replay.state.objects import Ref, State, plain
from replay.variants.subject import ChannelConfig
from replay.variants.variant import Subject, Variant, load_subject, resolve

TOY = Path(__file__).parents[1] / "toy"


@pytest.fixture(scope="module")
def toy() -> Subject:
    """The shunting yard."""
    return load_subject(TOY)


@pytest.fixture
def before(toy: Subject) -> Variant:
    """The yard before its patches."""
    return resolve(toy, "before", {})


@pytest.fixture
def after(toy: Subject) -> Variant:
    """The yard with all its patches."""
    return resolve(toy, "after", {})


def log(*payloads: Payload) -> Log:
    """A log of these events."""
    events = tuple(Event(payload) for payload in payloads)
    return Log("yard", LogHeader("yard"), events, fingerprint(events))


def cli(name: str, arguments: str) -> Command:
    """An option of the machine's command line."""
    return Command("cli", name, arguments)


def qmp(name: str, **arguments: Any) -> Command:
    """A command with an object."""
    return Command("qmp", name, arguments)


def outcomes(trace: ModelTrace) -> list[Outcome]:
    """The outcome of every event."""
    return [step.outcome for step in trace.steps]


def wagons(state: State) -> list[dict[str, Any]]:
    """The fields of all wagons, by id."""
    return [dict(thing.fields) for thing in state.objects if thing.cls == "Wagon"]


def line_of(variant: Variant, text: str) -> int:
    """The line of shunting.py that holds this text."""
    file = next(file for file in variant.tree.files if file.name == "shunting.py")
    return next(at for at, line in enumerate(file.lines, 1) if text in line.text)


TRAIN = cli("train", "T1,lit")
COUPLE = qmp("couple", train="T1", load=3)


def test_every_kind_of_event_reaches_its_handler(before: Variant) -> None:
    trace = replay(
        log(
            Image("/files/old", "cooked", 4096, data=(Run(7, 0, 512),)),
            cli("ledger", "book"),
            TRAIN,
            COUPLE,
            Command("hmp", "turn", "T1"),
            Notice("SIGNAL", {"to": "go"}),
            Internal("inspect", "T1", 2),
            Await("end", "T1"),
            Guest("write", "T1", 0, 1, 9),
            Guest("read", "T1", 0, 1),
            Guest("read", "T1", 0, 2),
        ),
        before,
    )
    assert [outcome.status for outcome in outcomes(trace)] == ["returned"] * 11
    assert [outcome.value for outcome in outcomes(trace)] == [
        *({}, {}, {}, {"wagons": 2}, {}, {}, {}, {"until": "end"}, {}),
        *({"pattern": 9}, {"pattern": "mixed"}),
    ]
    assert [step.seq for step in trace.steps] == list(range(1, 12))
    last = trace.steps[-1].state
    assert dict(last.objects[0].fields)["signal"] == "go"
    assert [(w["number"], w["load"]) for w in wagons(last)] == [("T1", 3), ("", 0)]
    files = final_files(last.disk)
    assert sorted(files) == ["/files/book", "/files/old"]
    assert files["/files/book"]["content_runs_KiB"] == [["mixed", 64], [0, 960]]


def test_a_view_shows_the_toy_under_its_own_words(toy: Subject, before: Variant) -> None:
    trace = replay(log(TRAIN, COUPLE, Internal("inspect", "T1", 1)), before)
    seen = view(trace.steps[-1].state, toy)
    assert list(seen.nodes) == ["T1", "T1.behind"]
    assert seen.nodes["T1"].fields["inspected"] is True
    assert list(seen.jobs) == ["T1.inspector"]


def test_variants_differ_where_their_patches_do(toy: Subject) -> None:
    events = log(TRAIN, COUPLE, qmp("uncouple", train="T1"))
    states = {
        name: replay(events, resolve(toy, name, {})).steps[-1].state
        for name in ("before", "with", "after")
    }
    assert [len(wagons(state)) for state in states.values()] == [2, 1, 1]
    assert ["brake" in wagons(state)[0] for state in states.values()] == [False, False, True]


def test_a_variant_can_leave_a_patch_out(toy: Subject) -> None:
    state = replay(log(TRAIN, COUPLE), resolve(toy, "bbbb2222-aaaa1111", {})).steps[-1].state
    assert [wagon["brake"] for wagon in wagons(state)] == [0, 1]
    with pytest.raises(ReplayError, match="unknown"):
        resolve(toy, "cccc3333", {})


def test_a_refusal_has_the_shape_of_its_channel(before: Variant) -> None:
    trace = replay(
        log(
            TRAIN,
            qmp("couple", train="T9"),
            Command("hmp", "turn", "T9"),
            Command("hmp", "turn", "T1"),
            Guest("read", "T9", 0, 1),
            Internal("inspect", "T9"),
        ),
        before,
    )
    missing = {"class": "NoSuchTrain", "desc": "there is no train T9"}
    assert [outcome.error for outcome in outcomes(trace)[1:]] == [
        missing,
        {"text": missing["desc"]},
        {"text": "a train of one wagon looks the same"},
        missing,
        missing,
    ]
    assert len({step.state for step in trace.steps}) == 1


def test_the_subject_says_what_a_refusal_is_on_a_channel(toy: Subject) -> None:
    channels = {"hmp": ChannelConfig(refusal_stops=True), "qmp": ChannelConfig(refusal="text")}
    subject = replace(toy, config=structs.replace(toy.config, channels=channels))
    trace = replay(
        log(
            cli("train", ",lit"),
            TRAIN,
            qmp("couple", train="T9"),
            Command("hmp", "turn", "T9"),
            TRAIN,
        ),
        resolve(subject, "before", {}),
    )
    missing = {"class": "NoSuchTrain", "desc": "there is no train T9"}
    first, train, couple, turn, last = outcomes(trace)
    assert (first.error, train.status) == ({"errno": "ENOENT"}, "returned")
    assert (couple.error, turn.error) == ({"text": missing["desc"]}, missing)
    assert last.error == {"class": "NotRunning", "desc": "no machine runs"}


def test_what_nobody_handles_is_refused_or_passed_over(before: Variant) -> None:
    trace = replay(
        log(
            TRAIN,
            qmp("fly-away"),
            Command("hmp", "help", "me"),
            Internal("explode", "T1"),
            Notice("WHISTLE", {"long": True}),
            Await("settled"),
        ),
        before,
    )
    told = outcomes(trace)
    assert told[1].error == {"class": "CommandNotFound", "desc": "the model has no qmp_fly_away"}
    assert told[2].error == {"class": "CommandNotFound", "desc": "the model has no hmp_help"}
    assert [outcome.status for outcome in told[1:]] == ["refused"] * 3 + ["returned"] * 2
    assert len({step.state for step in trace.steps}) == 1


@pytest.mark.parametrize(
    "refused", [cli("train", ",lit"), cli("wings", "two"), cli("ledger", "/files/no/dir/x")]
)
def test_after_a_refused_command_line_no_machine_runs(before: Variant, refused: Command) -> None:
    image = Image("/files/x", "cooked", 512)
    later = Image("/files/y", "cooked", 512)
    trace = replay(log(image, refused, TRAIN, later, COUPLE, Await("settled")), before)
    assert outcomes(trace)[1].status == "refused"
    states = [step.state for step in trace.steps]
    assert [state.machine for state in states] == [1, None, None, None, None, None]
    assert states[1].objects == ()
    not_running = {"class": "NotRunning", "desc": "no machine runs"}
    told = outcomes(trace)
    assert [told[index].error for index in (2, 4, 5)] == [not_running] * 3
    assert told[3].status == "returned"
    assert sorted(final_files(states[-1].disk)) == ["/files/x", "/files/y"]


def test_a_failure_is_told_by_its_errno(before: Variant) -> None:
    assert outcomes(replay(log(cli("train", ",")), before))[0].error == {"errno": "ENOENT"}


def test_after_a_crash_no_machine_runs_and_the_disk_stays(after: Variant) -> None:
    trace = replay(log(cli("ledger", "/f/book"), TRAIN, qmp("couple", train="T1", load=-1)), after)
    last = trace.steps[-1]
    assert last.outcome.status == "crashed"
    assert last.outcome.error == {
        "class": "Assertion",
        "desc": "wagon.load >= 0",
        "file": "shunting.py",
        "line": line_of(after, "assert wagon.load >= 0"),
    }
    assert last.state.machine is None
    assert list(final_files(last.state.disk)) == ["/f/book"]
    assert step(after, last.state, Event(TRAIN))[1].error == {
        "class": "NotRunning",
        "desc": "no machine runs",
    }


def test_a_crash_by_a_bad_argument_names_the_line(before: Variant) -> None:
    told = outcomes(replay(log(TRAIN, qmp("couple")), before))[1]
    assert told.error == {
        "class": "Fault",
        "desc": "no item 'train'",
        "file": "shunting.py",
        "line": line_of(before, "def qmp_couple") + 1,
    }


def test_a_command_may_have_arguments_that_the_model_can_not(before: Variant) -> None:
    told = outcomes(replay(log(TRAIN, qmp("couple", train="T1", load=0.5)), before))[1]
    assert told.error == {"class": "InvalidArgument", "desc": "a float is no value of the model"}


def test_an_image_shows_its_backing_file_around_its_data(before: Variant) -> None:
    trace = replay(
        log(
            Image("/f/base", "raw", 1 << 20, data=(Run(1, 0, 1 << 20),)),
            Image("/f/top", "cooked", 1 << 20, "base", data=(Run(2, 512, 512),)),
            Image("/f/lost", "cooked", 1 << 20, "nowhere", data=(Run(2, 512, 512),)),
            Image("/f/no/dir", "raw", 512),
        ),
        before,
    )
    files = final_files(trace.steps[-1].state.disk)
    assert files["/f/top"]["content_runs_KiB"] == [["mixed", 64], [1, 960]]
    assert outcomes(trace)[3].error == {"errno": "ENOENT"}
    assert "/f/nowhere" in files["/f/lost"]["content_runs_KiB"]


def test_a_cycle_of_nodes_is_a_state_like_any_other(before: Variant) -> None:
    trace = replay(log(TRAIN, COUPLE, Command("hmp", "ring", "T1"), COUPLE), before)
    assert outcomes(trace)[-1].value == {"wagons": 3}
    ring = [wagon["behind"] for wagon in wagons(trace.steps[2].state)]
    assert ring == [Ref(3), Ref(2)]


def test_a_step_is_a_function_of_variant_state_and_event(before: Variant) -> None:
    start = before.program.initial()
    one, first = step(before, start, Event(TRAIN))
    other, second = step(before, start, Event(Command("cli", "train", "T1,lit", {"return": 1})))
    assert one is other
    assert first is second
    assert start is before.program.initial()


def test_a_replay_is_the_same_a_second_time(before: Variant) -> None:
    events = log(TRAIN, COUPLE, COUPLE, Command("hmp", "turn", "T1"))
    one, other = replay(events, before), replay(events, before)
    assert [s.state for s in one.steps] == [s.state for s in other.steps]
    assert [s.outcome for s in one.steps] == [s.outcome for s in other.steps]


def test_variants_share_the_work_where_they_say_the_same(toy: Subject) -> None:
    events = log(cli("train", "shared"), Command("hmp", "ring", "shared"))
    replay(events, resolve(toy, "before", {}))
    misses, hits = MEMO.misses, MEMO.hits
    replay(events, resolve(toy, "with", {}))
    assert (MEMO.misses, MEMO.hits) == (misses, hits + 2)
    replay(events, resolve(toy, "after", {}))
    assert MEMO.misses == misses + 2


def test_a_remembered_crash_has_the_line_of_each_tree(toy: Subject, tmp_path: Path) -> None:
    change = tmp_path / "remark.patch"
    change.write_text(
        "--- a/shunting.py\n+++ b/shunting.py\n@@ -1,1 +1,2 @@\n"
        ' """What is done in the yard."""\n+# A remark.\n'
    )
    events = log(cli("train", "T7"), qmp("couple", train="T7", load=-1))
    plainly = replay(events, resolve(toy, "before", {})).steps[-1].outcome
    misses = MEMO.misses
    remarked = replay(events, resolve(toy, f"before+{change}", {})).steps[-1].outcome
    assert MEMO.misses == misses
    assert plainly.error is not None
    assert remarked.error == {**plainly.error, "line": plainly.error["line"] + 1}


def test_the_value_of_a_command_is_plain(before: Variant) -> None:
    told = outcomes(replay(log(TRAIN, COUPLE), before))[1]
    assert told.value == {"wagons": 2}
    assert plain(told.value) == told.value
