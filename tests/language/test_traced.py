"""The traced form does what the plain form does, and knows where every value came from."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.engine.replay import step
from replay.engine.transitions.request import request
from replay.errors import ReplayError
from replay.events.event import Command, Event, Guest, Image, Internal, Payload
from replay.language import Program, Returned, compile_tree
from replay.language.traced.program import TracedProgram, trace_tree
from replay.series import Tree, source_file
from replay.state.objects import State
from replay.variants.variant import Variant, load_subject, resolve
from tests.examples import NAMES, PATCHES, example

TOY = Path(__file__).parents[1] / "toy"
SUBJECTS = {"qemu": load_subject(PATCHES), "toy": load_subject(TOY)}
TREES = ("before", "with", "after")


def traced(variant: Variant) -> TracedProgram:
    """The variant's program in its traced form."""
    config = variant.subject.config
    return trace_tree(variant.tree, config.machine, config.node.class_name)


PROGRAMS = {
    (name, at): (resolve(subject, at, {}), traced(resolve(subject, at, {})))
    for name, subject in SUBJECTS.items()
    for at in TREES
}


def agree(subject: str, at: str, payloads: list[Payload]) -> None:
    """Runs a log in both forms: after each event states are the same, and so are endings."""
    variant, program = PROGRAMS[subject, at]
    state = variant.program.initial()
    for payload in payloads:
        if not isinstance(payload, Image) and state.machine is not None:
            asked = request(payload, variant.subject.config)
            if asked.handler in variant.program.functions:
                after, ending = variant.program.call(asked.handler, asked.arguments, state)
                told, end, record = program.trace(asked.handler, asked.arguments, state)
                assert told is after
                assert end == ending
                written(record.writes, after)
        state, _ = step(variant, state, Event(payload))


def written(writes, state: State) -> None:
    """What was written last is what is there now, unless it is an object that was freed."""
    values = {(it.id, field): value for it in state.objects for field, value in it.fields}
    for place, cell in writes.items():
        if place in values and isinstance(cell.value, bool | int | str):
            assert values[place] == cell.value


# Random logs

DRIVES = st.sampled_from(["drive0", "drive1"])
FILES = st.sampled_from([f"/images/{name}.qcow2" for name in ("base", "one", "two", "none")])
OPTIONS = st.lists(
    st.sampled_from(
        ["snapshot=on", "readonly=on", "cache=none", "copy-on-read=on", "format=raw", "if=ide", "x"]
    ),
    max_size=3,
    unique=True,
)
SECTORS = st.sampled_from([0, 1, 128, 8191, 9000])


def qmp(name: str, **arguments) -> st.SearchStrategy[Payload]:
    """A command with some of these arguments."""
    optional = st.fixed_dictionaries({}, optional=arguments)
    return optional.map(lambda given: Command("qmp", name, given))


QEMU = st.one_of(
    st.builds(
        lambda drive, file, options: Command(
            "cli", "drive", ",".join([f"if=none,id={drive},file={file}", *options])
        ),
        DRIVES,
        FILES,
        OPTIONS,
    ),
    DRIVES.map(lambda drive: Command("cli", "device", f"virtio-blk-pci,drive={drive}")),
    qmp("blockdev-snapshot-sync", device=DRIVES, **{"snapshot-file": FILES}),
    qmp("change", device=DRIVES, target=FILES),
    qmp("eject", device=DRIVES, force=st.booleans()),
    qmp("block-commit", device=DRIVES, top=FILES),
    qmp("block-stream", device=DRIVES, base=FILES),
    qmp("drive-mirror", device=DRIVES, target=FILES, sync=st.sampled_from(["full", "top", 1])),
    qmp("block_resize", device=DRIVES, size=st.sampled_from([0, 512, 1 << 24, -1])),
    DRIVES.map(lambda drive: Command("hmp", "commit", drive)),
    DRIVES.map(lambda drive: Command("hmp", "drive_del", drive)),
    st.builds(lambda d, depth: Internal("close-open", d, depth), DRIVES, st.integers(0, 2)),
    st.builds(lambda d, at: Guest("read", d, at, 128), DRIVES, SECTORS),
    st.builds(lambda d, at: Guest("write", d, at, 128, 7), DRIVES, SECTORS),
)
IMAGES = [Image(f"/images/{name}.qcow2", "qcow2", 1 << 22) for name in ("base", "one")]
START = Command("cli", "drive", "if=none,id=drive0,file=/images/base.qcow2")


@settings(max_examples=60, deadline=None)
@given(at=st.sampled_from(TREES), events=st.lists(QEMU, max_size=8), started=st.booleans())
def test_random_logs_of_the_block_layer_go_the_same_in_both_forms(at, events, started):
    agree("qemu", at, [*IMAGES, *([START] if started else []), *events])


TRAIN = st.sampled_from(["7", "8", ""])
YARD = st.one_of(
    st.builds(lambda train, lit: Command("cli", "train", train + lit), TRAIN, st.just(",lit")),
    qmp("couple", train=TRAIN, load=st.sampled_from([0, 3, -1, "x"])),
    qmp("uncouple", train=TRAIN),
    TRAIN.map(lambda train: Command("hmp", "turn", train)),
    TRAIN.map(lambda train: Command("hmp", "ring", train)),
    TRAIN.map(lambda train: Internal("inspect", train or "7", 1)),
)


@settings(max_examples=100, deadline=None)
@given(at=st.sampled_from(TREES), events=st.lists(YARD, max_size=8))
def test_random_logs_of_the_yard_go_the_same_in_both_forms(at, events):
    agree("toy", at, [Command("cli", "train", "7,lit"), *events])


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_go_the_same_in_both_forms(name):
    for at in TREES:
        agree("qemu", at, [event.payload for event in example(name).events])


# The language, construct by construct

HEAD = """
LIMIT = 3
TABLE = {"one": [1, 2], "two": {"x": 5}}


class Machine:
    number: int = 0
    words: list = []
    node: Node = None


class Node:
    number: int = 4
    next: Node = None
    held: dict = {}


def helper(a, b=LIMIT):
    if a > b:
        return a - b
    return b


def deep(n):
    return deep(n + 1)
"""

CONSTRUCTS = """
# arithmetic
    a = [7 // 2, 7 % 4, 2 ** 5, 1 << 4, 256 >> 2]
    return [a, 6 & 3, 6 | 1, 6 ^ 3, ~6, -x, -5]
# comparing
    return [1 < x < 9, x == 5, [x] == [5], None is None, x in [1, 5], 'a' not in 'c']
# choosing
    return [x if x > 3 else 0, x and 0, 0 or x, not x, not None]
# unpacking
    a, b = [x, 2]
    c, d = b, a
    return [a, b, c, d]
# too few
    a, b = [x]
    return a
# too many
    a, b = [x, x, x]
    return a
# unpacking nothing
    a, b = None
    return a
# defaults
    return [helper(x), helper(1), helper(1, 9)]
# texts
    a = ['a-b'.split('-'), 'x'.join(['1', '2']), 'abc'[1:]]
    return [a, 'Ab'.lower(), 'ab'.partition('b')]
# lists
    a = [x]
    a.append(2)
    a.insert(0, 9)
    a += [4]
    a.remove(2)
    b = [a.pop(), a.pop(0), a.index(5)]
    return [a, b, a + [1], a[0], len(a), a.count(5)]
# dicts
    d = {'a': x}
    d['b'] = 2
    del d['a']
    return [d, d.get('c'), d.get('b', 1), d.keys(), d.values(), d.items(), 'b' in d]
# builtins
    a = [min(3, x), max([1, x]), sorted([3, x, 1]), range(3), str(x), int('7')]
    return [a, bool(x), list({'a': 1}), dict({'a': x}), type_of(x), type_of([])]
# loops
    t = 0
    for i in range(9):
        if i == 2:
            continue
        if i > x:
            break
        t += i
    return t
# items
    t = []
    for k, v in TABLE.items():
        t.append(k)
    for k in TABLE:
        t.append(k)
    return t
# early
    for i in [1, 2]:
        if i == 2:
            return i
    return 0
# objects
    n = new(Node)
    n.next = new(Node)
    n.next.next = n
    machine.node = n
    n.held['k'] = [x]
    t = 0
    for w in walk(n, 'next'):
        t += w.number
        w.number = t
    return t
# swapping
    a = new(Node)
    b = new(Node)
    a.number = x
    swap(a, b)
    machine.node = b
    return [a.number, b.number]
# leaking
    machine.words = [x]
    machine.words.append('w')
    new(Node)
# freeing
    n = new(Node)
    machine.node = n
    free(n)
# freeing twice
    n = new(Node)
    free(n)
    free(n)
# refusing
    machine.number = x
    refuse('Busy', 'no ' + str(x))
# failing
    fail(-16)
# asserting
    assert x == 4
# asserting with a message
    assert x == 4, 'not four'
# nothing there
    return machine.node.number
# no such item
    return TABLE['three']
# no such place
    return [1][5]
# by zero
    return x // 0
# adding apples
    return x + 'a'
# masking apples
    return 'a' & 3
# masking apples in place
    y = 'a'
    y &= 3
    return y
# a constant
    TABLE['one'].append(3)
# a constant's item
    TABLE['four'] = 3
# before it is there
    if x == 4:
        y = 1
    return y
# endless
    for i in range(1000):
        for j in range(1000):
            sorted(range(1000))
    return x
# bottomless
    return deep(0)
# too large
    return 2 ** 63
# an object
    return new(Node)
# text as a list
    return 'abc'.append(3)
# number as a text
    return x.lower()
"""
BODIES = {
    name: body.strip()
    for name, _, body in (part.partition("\n") for part in CONSTRUCTS.split("# ")[1:])
}


def both(body: str) -> tuple[Program, TracedProgram]:
    """A program of one function, in both forms."""
    tree = Tree((source_file("m.py", f"{HEAD}\n\ndef main(x):\n    {body}\n"),))
    return compile_tree(tree, "Machine", "Node"), trace_tree(tree, "Machine", "Node")


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_each_construct_does_the_same_in_both_forms(body):
    plain, program = both(body)
    state, ending = plain.call("main", [5], plain.initial())
    told, end, _ = program.trace("main", [5], plain.initial())
    assert told is state
    assert (type(end), *fields(end)) == (type(ending), *fields(ending))


def fields(ending) -> list:
    """What an ending says; where a crash was need not be told to the last node."""
    names = [name for name in ending.__slots__ if name != "node"]
    return [getattr(ending, name) for name in names]


def test_calls_too_deep_end_in_the_same_function():
    plain, program = both("return other(x)\n\n\ndef other(x):\n    return main(x)")
    ended = plain.call("main", [5], plain.initial())[1]
    assert program.trace("main", [5], plain.initial())[1] == ended
    assert ended.cls == "StepLimit"


@pytest.mark.parametrize("end", ["fail(-5)", "refuse('A', 'b')", "return 1"])
def test_what_a_state_cannot_keep_is_the_same_fault_however_the_event_ended(end):
    plain, program = both(
        f"machine.node = new(Node)\n    machine.node.held[machine] = 1\n    {end}"
    )
    ended = plain.call("main", [5], plain.initial())[1]
    assert program.trace("main", [5], plain.initial())[1] == ended
    assert ended.desc == "an object as a key"


def test_an_event_of_too_many_values_is_not_followed(monkeypatch):
    _, program = both("return [x, x, x, x]")
    monkeypatch.setattr("replay.language.traced.operations.MAX_TRACED_VALUES", 2)
    with pytest.raises(ReplayError, match="too many to follow"):
        program.trace("main", [5], program.initial())


def test_a_wrong_number_of_arguments_is_the_same_fault():
    plain, program = both("return x")
    assert (
        program.trace("main", [], plain.initial())[1] == plain.call("main", [], plain.initial())[1]
    )


# Where values come from


def kinds(body: str) -> list[str]:
    """The kinds of cells from what is returned back, the first source each time."""
    plain, program = both(body)
    _, ending, record = program.trace("main", [5], plain.initial())
    assert isinstance(ending, Returned)
    found, cell = [], record.end
    while cell is not None:
        found.append(f"{cell.kind} {cell.name}".strip())
        cell = cell.sources[0] if cell.sources else None
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x", ["return", "event x"]),
        ("y = LIMIT\n    return y", ["return", "variable y", "constant LIMIT"]),
        ("return helper(x, 9)", ["return", "return", "argument b", "literal"]),
        ("return helper(1)", ["return", "return", "default b", "constant LIMIT"]),
        ("return machine.number", ["return", "before number"]),
        (
            "machine.number = x\n    return machine.number",
            ["return", "read number", "write number", "event x"],
        ),
        (
            "a = new(Node)\n    machine.number = x\n    b = new(Machine)\n"
            "    swap(machine, b)\n    return b.number",
            ["return", "read number", "swap number", "write number", "event x"],
        ),
        ("return new(Node).number", ["return", "read number", "default number"]),
        ("a = [x]\n    return a[0]", ["return", "item", "event x"]),
        (
            "a = {}\n    a['k'] = x\n    return a.get('k')",
            ["return", "item", "variable", "event x"],
        ),
        ("a = {}\n    return a.get('k', x)", ["return", "item", "event x"]),
        ("return TABLE['one'][0]", ["return", "item", "item", "constant TABLE"]),
        ("for i in [x]:\n        return i", ["return", "variable i", "item", "event x"]),
        ("return x | 2", ["return", "operation BitOr", "event x"]),
        ("return x if x else 0", ["return", "choice", "event x"]),
    ],
)
def test_a_value_knows_where_it_came_from(body, expected):
    assert kinds(body) == expected


def test_what_was_done_inside_a_condition_knows_it():
    plain, program = both("if x > 3:\n        if x < 9:\n            machine.number = helper(x)")
    _, _, record = program.trace("main", [5], plain.initial())
    [(place, cell)] = record.writes.items()
    assert place[1] == "number"
    assert [test.node.lineno for test in cell.guards] == sorted(t.node.lineno for t in cell.guards)
    assert len(cell.guards) == 2
    assert all(test.cell.value is True for test in cell.guards)


SKIPPING = """
class Node:
    flags: int = 0


class Machine:
    node: Node = None


def begin(n):
    machine.node = new(Node)


def keep(n):
    node = machine.node
    if n:
        node.flags = 1


def reach(n):
    if n:
        late = machine.node
        late.flags = 1
"""


@pytest.mark.parametrize(("function", "line"), [("keep", 3), ("reach", None)])
def test_a_branch_kept_a_field_from_being_set_where_its_variable_had_the_object(function, line):
    program = trace_tree(Tree((source_file("m.py", SKIPPING),)), "Machine", "Node")
    state, _, _ = program.trace("begin", [0], program.initial())
    (node,) = [thing.id for thing in state.objects if thing.cls == "Node"]
    _, _, record = program.trace(function, [0], state)
    test = program.skipped(record, 0, node, "flags")
    assert (test.node.lineno if test else None) == line
