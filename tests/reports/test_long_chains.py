"""What is told of a long chain takes as many steps as the chain has images, and is what it was."""

from random import Random

import pytest

from replay.analysis.attribute import attribute
from replay.engine.diff import diff
from replay.engine.places import FieldPlace, NodePlace
from replay.engine.replay import replay
from replay.events.event import Command, Event, Image, Log
from replay.reports.documents import flag_tables as tables
from replay.reports.documents.diff import diff_report
from replay.reports.documents.effects import Effect, _without_lower
from replay.reports.documents.flag_tables import flag_table, flag_tables
from replay.state import disk
from replay.variants.variant import Subject, resolve

SIZE = 1 << 20


def chain(length: int) -> Log:
    """A drive on so many images, and a snapshot of it."""
    images = [Image("/i0", "qcow2", SIZE)]
    images += [Image(f"/i{n}", "qcow2", SIZE, f"/i{n - 1}", "qcow2") for n in range(1, length)]
    drive = Command("cli", "drive", f"if=none,id=d,file=/i{length - 1},snapshot=on")
    overlay = {"device": "d", "snapshot-file": "/overlay"}
    events = (*images, drive, Command("qmp", "blockdev-snapshot-sync", overlay))
    return Log.of("chain", map(Event, events))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often the tables of flags and the lists of files were made."""
    counts = {"tables": 0, "lists": 0}
    table, listing = tables._table, disk.listing

    def counting(name, function):
        def count(*arguments):
            counts[name] += 1
            return function(*arguments)

        return count

    monkeypatch.setattr(tables, "_table", counting("tables", table))
    monkeypatch.setattr("replay.engine.view.listing", counting("lists", listing))
    return counts


def test_of_a_chain_no_more_is_made_for_more_images(qemu: Subject, calls: dict[str, int]) -> None:
    taken = []
    for length in (10, 40):
        before = dict(calls)
        variants = [resolve(qemu, word, {}) for word in ("before", "with", "after")]
        difference = diff(*(replay(chain(length), variant) for variant in variants))
        assert len(difference.divergences) > length
        diff_report(difference, attribute(difference))
        taken.append({name: calls[name] - before[name] for name in calls})
    assert taken[1]["tables"] == taken[0]["tables"] > 0
    assert taken[1]["lists"] < taken[0]["lists"] + 40  # and not one for each that differs


def test_each_table_is_what_its_divergence_alone_has(qemu: Subject) -> None:
    variants = [resolve(qemu, word, {}) for word in ("before", "with", "after")]
    difference = diff(*(replay(chain(5), variant) for variant in variants))
    bits = qemu.config.bits
    seen = set()
    for found in flag_tables(difference, bits):
        first = next(
            each
            for each in difference.divergences
            if (each.first_seq, each.place.field) == (found.seq, found.field)
        )
        alone = flag_table(difference, first, bits)
        expected = {row.path: row for row in alone.rows}
        assert {row.path: row for row in found.rows}.items() <= expected.items()
        seen.add((found.field, found.root, found.seq))
    assert seen


def test_a_node_that_went_with_one_above_it_is_left_out() -> None:
    random = Random("nodes")
    words = ("present", "absent")
    for _ in range(300):
        paths = {
            ".".join(random.choices("ab", k=random.randrange(1, 6)))
            for _ in range(random.randrange(1, 9))
        }
        effects = [
            Effect(1, Command("hmp", "x", ""), place, "", random.choice(words))
            for path in sorted(paths)
            for place in (NodePlace(path), FieldPlace(path, "flags"))
        ]
        assert [*_without_lower(effects)] == [e for e in effects if is_top(e, effects)]


def is_top(effect: Effect, effects: list[Effect]) -> bool:
    """Whether no node above an effect's came or went alike, by looking at each."""
    above = [
        other
        for other in effects
        if isinstance(other.place, NodePlace)
        and effect.place.path.startswith(f"{other.place.path}.")
    ]
    is_node = isinstance(effect.place, NodePlace)
    return not is_node or all(other.after != effect.after for other in above)


def test_a_node_a_thousand_levels_down_is_looked_for_above() -> None:
    paths = [".".join(["d", *["backing_hd"] * depth]) for depth in range(1200)]
    effects = [
        Effect(1, Command("hmp", "x", ""), NodePlace(path), "", "absent")
        for path in reversed(paths)
    ]
    assert [effect.place.path for effect in _without_lower(effects)] == ["d"]
