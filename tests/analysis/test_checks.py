"""Checks find what real trees breach, and say what is wrong with a file of checks."""

from pathlib import Path

import pytest

from replay.analysis.checks import Checks, breaches, check_named, load_checks
from replay.engine.replay import replay
from replay.engine.trace import ObservedStep, ObservedTrace, Observer
from replay.engine.view import Node, View
from replay.errors import ReplayError
from replay.events.event import Command, Event, Guest, Image, Log, LogHeader, Notice
from replay.variants.variant import Variant, resolve
from tests.examples import PATCHES, example, log_of


def found(log: Log, variant: Variant, checks: Checks) -> list[tuple[str, str, int, int]]:
    """Name, path and span of every breach."""
    return [
        (it.check.name, it.path, it.first_seq, it.last_seq)
        for it in breaches(replay(log, variant), checks)
    ]


# The subject's own invariants, on the founding logs


@pytest.mark.parametrize(
    ("name", "at", "expected"),
    [
        ("snapshot-on", "before", []),
        ("snapshot-on", "with", [("temporary_on_overlay", "drive0.backing_hd", 2, 3)]),
        ("snapshot-on", "after", [("snapshot_on_top", "drive0.backing_hd", 2, 3)]),
        ("snapshot-on", "b1e6fc08", []),
        (
            "lost-backing",
            "before",
            [
                ("backing_survives_reopen", "drive0", 5, 5),
                ("written_data_stays", "drive0 sector 0", 6, 7),
            ],
        ),
        ("lost-backing", "with", []),
        ("lost-backing", "after", []),
        (
            "lost-below",
            "with",
            [
                ("backing_survives_reopen", "drive0.backing_hd", 7, 7),
                ("written_data_stays", "drive0 sector 0", 8, 10),
            ],
        ),
        ("unprotected-medium", "with", [("temporary_on_overlay", "drive0.backing_hd", 3, 7)]),
        (
            "deleted-overlay",
            "b1e6fc08",
            [
                ("temporary_on_overlay", "drive0", 5, 6),
                ("temporary_on_overlay", "drive0.file", 5, 6),
                ("images_stay", "/images/overlay.qcow2", 5, 6),
            ],
        ),
    ],
)
def test_the_founding_logs_breach_exactly_these_invariants(qemu, name, at, expected):
    variant = resolve(qemu, at, {})
    checks = load_checks(PATCHES / "checks.py", variant)
    assert found(example(name), variant, checks) == expected


def test_the_invariants_can_be_asked_of_every_tree(qemu):
    for depth in range(len(qemu.series.trees)):
        variant = resolve(qemu, f"{qemu.series.patches[-1].sha}~{depth}", {})
        assert len(load_checks(PATCHES / "checks.py", variant).checks) == 6


# A file of checks


def checks_of(tmp_path: Path, variant: Variant, text: str) -> Checks:
    """The checks in a file with this text."""
    (tmp_path / "mine.py").write_text(text)
    return load_checks(tmp_path / "mine.py", variant)


TRAIN = (
    Command("cli", "train", "7,lit"),
    Command("qmp", "couple", {"train": "7", "load": 3}),
    Command("qmp", "uncouple", {"train": "7"}),
)


def test_a_check_is_about_what_its_parameters_name(toy, tmp_path):
    text = '''
def light(node):
    """Every wagon is empty."""
    return is_empty(node)


def is_empty(node):
    return node.load == 0


def alone(role):
    """A train has one wagon."""
    return role == [role[0]]


def single():
    """There is one train."""
    return len(machine.trains) <= 1
'''
    variant = resolve(toy, "after", {})
    checks = checks_of(tmp_path, variant, text)
    assert [(check.name, check.reason) for check in checks.checks] == [
        ("light", "Every wagon is empty."),
        ("alone", "A train has one wagon."),
        ("single", "There is one train."),
    ]
    events = log_of(*TRAIN, Command("cli", "train", "8"))
    assert found(events, variant, checks) == [
        ("light", "7.behind", 2, 2),
        ("alone", "7.behind", 2, 2),
        ("single", "machine", 4, 4),
    ]


def test_a_breach_that_ends_and_begins_again_is_two(toy, tmp_path):
    variant = resolve(toy, "after", {})
    text = 'def alone(role):\n    """A train has one wagon."""\n    return len(role) == 1\n'
    events = log_of(*TRAIN, TRAIN[1])
    assert found(events, variant, checks_of(tmp_path, variant, text)) == [
        ("alone", "7.behind", 2, 2),
        ("alone", "7.behind", 4, 4),
    ]


def test_a_field_that_only_another_tree_has_reads_as_none(toy, tmp_path):
    text = 'def braked(node):\n    """It brakes."""\n    return node.brake is None\n'
    before, after = (resolve(toy, name, {}) for name in ("before", "after"))
    assert found(log_of(*TRAIN), before, checks_of(tmp_path, before, text)) == []
    assert found(log_of(*TRAIN), after, checks_of(tmp_path, after, text)) == [
        ("braked", "7", 1, 3),
        ("braked", "7.behind", 2, 2),
    ]


def test_a_file_is_asked_about_even_when_the_machine_is_gone(qemu, tmp_path):
    variant = resolve(qemu, "after", {})
    text = 'def small(file):\n    """Images are small."""\n    return file["size"] < 4096\n'
    events = log_of(
        Image("/images/a.qcow2", "qcow2", 8192), Command("cli", "drive", "file=/no/where")
    )
    assert replay(events, variant).steps[1].state.machine is None
    checks = checks_of(tmp_path, variant, text)
    assert found(events, variant, checks) == [("small", "/images/a.qcow2", 1, 2)]


def test_what_was_written_is_followed_until_it_is_overwritten(toy, tmp_path):
    text = '''
def kept(write):
    """It is as the seventh part was written."""
    return write["pattern"] == 7 and write["reads"] == 7 and write["commands"] == []
'''
    events = log_of(
        Image("/yard/a", "cooked", 1 << 20),
        Command("cli", "train", "7"),
        Command("cli", "ledger", "/yard/ledger"),
        Guest("write", "7", 0, 384, 9),
        Guest("write", "7", 128, 128, 7),
        Command("qmp", "couple", {"train": "7"}),
    )
    variant = resolve(toy, "after", {})
    assert found(events, variant, checks_of(tmp_path, variant, text)) == [
        ("kept", "7 sector 0", 4, 6),
        ("kept", "7 sector 256", 5, 6),
        ("kept", "7 sector 128", 6, 6),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("def a(node):\n    return True\n", "holds no check"),
        ("def a(:\n", "mine.py:1: not Python"),
        ('def a(node):\n    """A."""\n    return node.lod == 1\n', "mine.py:3: .*load"),
        (
            'def a(wagon):\n    """A."""\n    return True\n',
            "mine.py:1: .*it can take node, role; file; write",
        ),
        ('def a(node, file):\n    """A."""\n    return True\n', "takes node, file"),
        ('def a(node):\n    """A."""\n    while True:\n        pass\n', "mine.py:3: While"),
    ],
    ids=lambda value: value[:30],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(toy, tmp_path, text, told):
    with pytest.raises(ReplayError, match=told):
        checks_of(tmp_path, resolve(toy, "after", {}), text)


@pytest.mark.parametrize(
    ("body", "told"),
    [("return 1", "answers 1"), ("assert False", "fails"), ("return node.number < 3", "fails")],
)
def test_a_check_that_does_not_answer_is_told_with_path_and_event(toy, tmp_path, body, told):
    variant = resolve(toy, "after", {})
    checks = checks_of(tmp_path, variant, f'def a(node):\n    """A."""\n    {body}\n')
    with pytest.raises(ReplayError, match=rf"mine.py:1: a: {told}.*about 7 after event 1"):
        found(log_of(*TRAIN), variant, checks)


def test_an_unknown_check_is_told_with_the_nearest(qemu):
    checks = load_checks(PATCHES / "checks.py", resolve(qemu, "after", {}))
    assert check_named(checks, "images_stay").parameters == ("file",)
    with pytest.raises(ReplayError, match="no check image_stays; nearest: images_stay"):
        check_named(checks, "image_stays")


# Real machines


def test_of_a_real_machine_what_was_observed_can_be_a_breach(qemu):
    log = example("deleted-overlay")
    whole = replay(log, resolve(qemu, "after", {}))
    steps = tuple(
        ObservedStep(
            step.seq, step.event, step.outcome, whole.view_at(index) if index != 2 else None
        )
        for index, step in enumerate(whole.steps)
    )
    seen = ObservedTrace(log, Observer("o", "", "", qemu), steps, lambda view: view)
    checks = load_checks(PATCHES / "checks.py", whole.variant)
    names = {breach.check.name for breach in breaches(whole, checks)}
    assert {breach.check.name for breach in breaches(seen, checks)} == names - {
        "written_data_stays"
    }


def test_a_check_of_what_was_not_observed_holds(qemu, tmp_path):
    event = Event(Notice("x"))
    node = Node(("drive0",), 5, {"driver": "qcow2"})
    after = View(running=True, nodes={"drive0": node})
    log = Log("l", LogHeader("l"), (event,), "")
    steps = (ObservedStep(1, event, None, after),)
    seen = ObservedTrace(log, Observer("o", "", "", qemu), steps, lambda view: view)
    variant = resolve(qemu, "after", {})
    assert breaches(seen, load_checks(PATCHES / "checks.py", variant)) == ()
    own = tmp_path / "own.py"
    own.write_text('def no_drive(node):\n    "There is none."\n    return node.drv != "qcow2"\n')
    (breach,) = breaches(seen, load_checks(own, variant))
    assert breach.path == "drive0"
