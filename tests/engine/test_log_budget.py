"""What the states of a whole log hold is limited, and it is said where a log goes past that."""

from pathlib import Path

import pytest

from replay.engine import log_budget
from replay.engine.compared import compared, limit_of
from replay.engine.corpus import Corpus
from replay.engine.diff import diff
from replay.engine.log_budget import CHARACTERS, OBJECT, budget, growth_of
from replay.engine.replay import replay
from replay.engine.trace import GapReason, ModelTrace
from replay.engine.transitions.memo import Memo
from replay.engine.transitions.request import request
from replay.events.event import Command, Event, Log
from replay.state.disk import Disk
from replay.state.objects import FrozenMap, Object, State
from replay.variants.variant import Subject, load_subject, resolve

TOY = Path(__file__).parents[1] / "toy"
GROW = """--- /dev/null
+++ b/grow.py
@@ -0,0 +1,4 @@
+def hmp_grow(arguments):
+    machine.trains.append(range(900))
+    machine.trains.append(arguments)
+    return None
"""


@pytest.fixture
def toy() -> Subject:
    return load_subject(TOY)


def grown(toy: Subject, directory: Path, events: int) -> ModelTrace:
    """A log of events each of which adds a thousand values to the state."""
    (directory / "grow.patch").write_text(GROW)
    log = Log.of("grows", [Event(Command("hmp", "grow", str(n))) for n in range(events)])
    return replay(log, resolve(toy, f"before+{directory / 'grow.patch'}", {}))


def test_the_event_that_goes_past_the_limit_of_the_log_is_stopped_and_a_gap(
    toy, tmp_path, monkeypatch
):
    monkeypatch.setattr(log_budget, "MOST_VALUES", 20_000)
    monkeypatch.setattr(log_budget, "MORE_VALUES", 10)
    trace = grown(toy, tmp_path, 30)
    end = limit_of(trace)
    assert 3 < end < 20
    outcome = trace.steps[end].outcome
    assert outcome.status == "stopped"
    assert outcome.error["desc"] == "the states of the log hold too many values"
    assert trace.steps[end].state.machine is None
    assert [step.outcome.gap for step in trace.steps[end + 1 :]] == [GapReason.NO_MACHINE] * (
        29 - end
    )
    (first, *_) = compared([trace]).gaps
    assert (first.reason, first.first_seq) == (GapReason.LIMIT, end + 1)


def test_a_long_log_may_hold_more(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(log_budget, "MOST_VALUES", 20_000)
    assert budget(2).values == 20_000
    assert budget(1000).values == 1_000_000
    assert limit_of(grown(toy, tmp_path, 3)) == 3


def test_no_log_of_less_than_a_few_events_at_their_limit_is_cut(toy, tmp_path):
    assert limit_of(grown(toy, tmp_path, 20)) == 20


def state(*values: object) -> State:
    objects = tuple(Object(n, "C", (("x", value),)) for n, value in enumerate(values, 1))
    return State(objects, 1, 9, Disk())


@pytest.mark.parametrize(
    ("value", "weight"),
    [
        (1, 1),
        ("short", 1),
        ("x" * 10 * CHARACTERS, 11),
        ((), 1),
        ((1, 2, 3), 4),
        (((1,), (2,)), 5),
        (FrozenMap((("a", 1), ("b" * CHARACTERS, (1, 2)))), 1 + 2 + 2 + 3),
    ],
)
def test_what_counts_is_what_the_objects_before_did_not_hold(value, weight):
    before, after = state(7), state(7, value)
    assert growth_of(before, after, None) == OBJECT + weight
    assert growth_of(after, after, None) == 0
    assert growth_of(after, before, None) == 0
    assert growth_of(before, before, ["x" * CHARACTERS, {"k": 1}]) == 1 + 2 + 1 + 1 + 1 - 1


def test_a_memo_forgets_the_oldest_when_it_holds_too_many_values(toy, tmp_path, monkeypatch):
    trace = grown(toy, tmp_path, 2)
    program, config = trace.variant.program, toy.config
    monkeypatch.setattr("replay.engine.transitions.memo.MEMO_VALUES", 2500)
    memo = Memo()
    asked = [request(Command("hmp", "grow", str(n)), config) for n in range(4)]
    for one in asked:
        memo.run(program, program.initial(), one)
    assert memo.misses == 4
    memo.run(program, program.initial(), asked[3])
    assert (memo.misses, memo.hits) == (4, 1)
    memo.run(program, program.initial(), asked[0])
    assert memo.misses == 5


SEARCH = """--- /dev/null
+++ b/search.py
@@ -0,0 +1,4 @@
+def hmp_search(arguments):
+    for number in range(1000):
+        found = number
+    return None
"""


def test_events_that_take_too_many_steps_together_end_the_log_too(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(log_budget, "MOST_STEPS", 20_000)
    monkeypatch.setattr(log_budget, "MORE_STEPS", 10)
    (tmp_path / "search.patch").write_text(SEARCH)
    variant = resolve(toy, f"before+{tmp_path / 'search.patch'}", {})
    events = [Event(Command("hmp", "search", str(n))) for n in range(30)]
    trace = replay(Log.of("searches", events), variant)
    end = limit_of(trace)
    assert 5 < end < 20
    assert trace.steps[end].outcome.error["desc"] == "the events of the log take too many steps"
    assert trace.steps[end].state.machine is None


def test_logs_that_go_past_the_limit_are_compared_each_by_itself(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(log_budget, "MOST_VALUES", 20_000)
    monkeypatch.setattr(log_budget, "MORE_VALUES", 10)
    (tmp_path / "grow.patch").write_text(GROW)
    variants = [
        resolve(toy, f"{name}+{tmp_path / 'grow.patch'}", {}) for name in ("before", "after")
    ]
    log = Log.of("grows", [Event(Command("hmp", "grow", str(n))) for n in range(30)])
    plain = diff(*(replay(log, variant) for variant in variants))
    shared = Corpus(variants).diff(log).diff
    assert shared.divergences == plain.divergences
    assert shared.compared == plain.compared
    assert plain.compared.compared < 30
