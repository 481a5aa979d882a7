"""An event does the same wherever it starts: from where the last one ended, or from a state."""

import pytest

from replay.engine.replay import replay
from replay.engine.transitions.request import request
from replay.language import Program, compile_tree
from replay.series import Tree, source_file
from replay.state.objects import State
from replay.variants.variant import Subject, resolve
from tests.bench.corpus import Kind, log
from tests.examples import NAMES, example


def program(qemu: Subject, revision: str) -> Program:
    """A program that nobody else has run anything in."""
    tree = resolve(qemu, revision, {}).tree
    return compile_tree(tree, qemu.config.machine, qemu.config.node.class_name)


@pytest.mark.parametrize("revision", ["base", "before", "after", "3a389e79"])
def test_events_from_their_ends_do_as_events_from_their_starts(qemu, revision):
    """Backwards no event starts where the one before it ended, so that all is thawed."""
    variant = resolve(qemu, revision, {})
    backwards, forwards = program(qemu, revision), program(qemu, revision)
    logs = [*map(example, NAMES), *(log(Kind.UNIQUE, n, n, 60) for n in range(6))]
    for trace in (replay(one, variant) for one in logs):
        states = [variant.program.initial(), *(step.state for step in trace.steps)]
        asked = [request(step.event.payload, qemu.config) for step in trace.steps]
        calls = [
            (it.handler, it.arguments, state)
            for it, state in zip(asked, states, strict=False)
            if state.machine is not None and it.handler in variant.program.functions
        ]
        ends = [forwards.call(*call) for call in calls]
        assert ends == [backwards.call(*call) for call in reversed(calls)][::-1]


TEXT = """
class Machine:
    top: object = None
    spare: list = [1, 2]
    table: dict = {}


class Node:
    name: str = ""
    parts: list = []
    below: object = None


def start(a):
    machine.top = new(Node)
    machine.top.below = new(Node)
    machine.top.parts = machine.spare


def share(a):
    machine.top.parts = machine.spare
    machine.top.parts.append(3)


def grow(a):
    machine.top.parts.append(4)


def put(a):
    machine.top.parts[0] = a


def key(a):
    machine.table["k"] = a


def bury(a):
    free(machine.top.below)


def look(a):
    return [machine.top.below is None, machine.top.parts, machine.spare, machine.table]


def fault(a):
    machine.top.parts.append(9)
    assert False
"""


def run(*calls: str) -> list[object]:
    """The endings of these calls in a row, and of each from its state in a program of its own."""
    tree = Tree((source_file("model.py", TEXT),))
    going_on = compile_tree(tree, "Machine")
    state: State = going_on.initial()
    endings = []
    for call in calls:
        alone = compile_tree(tree, "Machine").call(call, [True], state)
        after, ending = going_on.call(call, [True], state)
        assert (after, ending) == alone
        endings.append(getattr(ending, "value", ending))
        state = after if after.machine is not None else state
    return endings


def test_two_fields_share_a_list_within_an_event_only():
    *_, last = run("start", "share", "look", "grow", "look")
    assert last == (False, (1, 2, 3, 4), (1, 2, 3), last[3])


def test_an_item_that_is_put_into_a_list_is_a_change():
    *_, last = run("start", "look", "put", "look")
    assert last[1] == (True, 2) and type(last[1][0]) is bool


def test_a_reference_to_what_is_freed_is_none_in_the_next_event():
    *_, last = run("start", "look", "bury", "look")
    assert last[0] is True


def test_what_an_event_did_before_it_crashed_is_gone():
    *_, last = run("start", "fault", "look")
    assert last[1] == (1, 2)
