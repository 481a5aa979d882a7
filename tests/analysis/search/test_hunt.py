"""A hunt leaves nothing out, tells each cause once, and gives the same in any number of parts."""

from collections.abc import Iterator
from functools import cache, partial
from itertools import product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.analysis.search.finding import findings
from replay.analysis.search.frontier import decoded, encoded, hunt_id
from replay.analysis.search.goal import parse_goal
from replay.analysis.search.hunt import grounds_of, hunt, raw_findings, reach
from replay.analysis.search.joint_state import joint_digest
from replay.analysis.search.level import Ground, advanced, probed, reached
from replay.analysis.search.random_walks import random_hunt
from replay.cli.work.pools import processes
from replay.engine.replay import replay
from replay.engine.view import view
from replay.errors import BadInput, ReplayError
from replay.events.event import content
from replay.variants.alphabet import Alphabet, read_alphabet
from replay.variants.variant import load_subject
from tests.conftest import TOY
from tests.examples import NAMES, PATCHES, example


@cache
def subject(directory):
    """A subject, checked once."""
    return load_subject(directory)


def alphabet(directory, starts=(), steps=(), probes=True) -> Alphabet:
    """The subject's alphabet, or only these starts and steps of it."""
    whole = read_alphabet(directory / "alphabet.jsonl")
    return msgspec.structs.replace(
        whole,
        starts=tuple(it for it in whole.starts if not starts or it.name in starts),
        steps=tuple(it for it in whole.steps if not steps or it.name in steps),
        probes=whole.probes if probes else (),
    )


def grounds(directory, variants, goal="behaviour", **parts) -> tuple[Ground, ...]:
    """What a hunt goes over."""
    named = [subject(directory).variant(text) for text in variants]
    return grounds_of(named, parse_goal(goal, named[-1]), alphabet(directory, **parts))


def last(ground, depth, **options):
    """Where a hunt stands in the end."""
    *_, levels = hunt(ground, depth, **options)
    return levels


def found(ground, depth, examples=()):
    """The causes that a hunt finds."""
    players = [partial(replay, variant=variant) for variant in ground[0].variants]
    raw = raw_findings(ground, last(ground, depth))
    return findings(raw, players, ground[0].goal, examples)


def every_sequence(it: Ground, depth: int) -> Iterator[tuple[tuple[int, ...], object]]:
    """All sequences up to a depth and the states after them, none left out.

    None goes on after one at which the goal is reached.
    """
    ended = set()
    for length in range(depth + 1):
        for walk in product(range(len(it.steps)), repeat=length):
            if any(walk[:at] in ended for at in range(length)):
                continue
            if walk:
                after = advanced(it, reached(it, walk[:-1]), it.steps[walk[-1]].events)
                if after.sighting is not None:
                    ended.add(walk)
                    continue
            states = reached(it, walk)
            if any(probed(it, states, walk)):
                ended.add(walk)
            yield walk, states


# Nothing is left out

SMALL = [
    (TOY, ("before", "with"), "any", {"starts": ["one train"]}, 3),
    (TOY, ("with", "after"), "behaviour", {"starts": ["one train"]}, 3),
    (
        PATCHES,
        ("with", "after"),
        "behaviour",
        {
            "starts": ["snapshot=on"],
            "steps": ["snapshot onto a file", "mirror", "stream", "cancel"],
        },
        3,
    ),
    (
        PATCHES,
        ("3a389e79^", "3a389e79"),
        "behaviour",
        {"starts": ["ordinary"], "steps": ["snapshot", "close and open", "write"]},
        4,
    ),
]


@pytest.mark.parametrize(("directory", "variants", "goal", "parts", "depth"), SMALL)
def test_a_hunt_meets_every_joint_state_that_any_sequence_leads_to(
    directory, variants, goal, parts, depth
):
    (it,) = grounds(directory, variants, goal, **parts)
    (level,) = last([it], depth)
    digests = {joint_digest(states, it.groups) for _, states in every_sequence(it, depth)}
    assert level.states == digests


def shown(it: Ground, states) -> str:
    """What is to be seen in states, without the numbers of nodes and files."""
    views = [
        view(state, variant.subject) for state, variant in zip(states, it.variants, strict=True)
    ]
    return repr(
        [
            (
                [(path, node.fields) for path, node in after.all_nodes.items()],
                after.edges,
                [
                    (name, f.format, f.size, f.unlinked, f.inode.extents)
                    for name, f in after.files.items()
                ],
            )
            for after in views
        ]
    )


def test_of_two_orders_on_drives_that_share_nothing_one_is_enough():
    steps = ["write", "grow", "snapshot"]
    (it,) = grounds(PATCHES, ("with", "after"), starts=["two drives"], steps=steps)
    (level,) = last([it], 3)
    assert level.counts.by_order > 0
    met = set()
    for depth in range(4):
        *_, levels = hunt([it], depth) if depth else [last([it], 1)]
        if depth:
            met |= {shown(it, reached(it, walk)) for walk in levels[0].frontier}
    named_in_order = {
        shown(it, states)
        for walk, states in every_sequence(it, 3)
        if walk and all(in_order(it, walk, drive) for drive in ("drive0", "drive1"))
    }
    start = shown(it, reached(it, ()))
    assert named_in_order - {start} == met - {start}


def in_order(it: Ground, walk, drive: str) -> bool:
    """Whether of a drive's interchangeable names the first is used first."""
    names = [name for at in walk for name in it.steps[at].alike if drive in name]
    return not names or names[0].endswith("-a.qcow2")


def test_steps_on_one_drive_are_tried_in_both_orders():
    (it,) = grounds(PATCHES, ("with", "after"), starts=["ordinary"], steps=["write", "grow"])
    assert last([it], 2)[0].counts.by_order == 0


def test_names_that_are_alike_are_tried_in_one_order_only():
    (it,) = grounds(PATCHES, ("with", "after"), starts=["ordinary"], steps=["snapshot"])
    (level,) = last([it], 2)
    assert [it.words(walk) for walk in level.frontier] == [
        ("snapshot drive0 a", "snapshot drive0 b")
    ]
    assert level.counts.by_name == 1


def test_a_refused_command_leads_to_no_new_state():
    """Objects that it made and freed do not count."""
    (it,) = grounds(PATCHES, ("with", "after"), starts=["snapshot=on"], steps=["snapshot"])
    (level,) = last([it], 3)
    assert level.counts.states <= 2


# What is found


@pytest.fixture(scope="module")
def causes():
    """What a hunt in the story's last step finds from where most of it happens."""
    it = grounds(PATCHES, ("with", "after"), starts=["snapshot=on", "chain"])
    return found(it, 3, [example(name) for name in NAMES])


@pytest.mark.parametrize(
    "name",
    [
        *("deleted-overlay", "deleted-mirror", "deleted-backup"),
        *("deleted-base", "unprotected-medium", "lost-below"),
    ],
)
def test_the_regressions_of_the_last_revert_are_found_unaided(causes, name):
    (cause,) = [cause for cause in causes if cause.known == name]
    assert [change.patch.sha[:8] for change in cause.changes] == ["7e3d98dd"]
    assert cause.shrunk.minimal


def test_a_cause_is_told_once(causes):
    told = [content(cause.shrunk.log.events[-1].payload) for cause in causes]
    logs = {cause.shrunk.log.fingerprint for cause in causes}
    assert len(logs) == len(causes) <= len(told)
    assert len({cause.known for cause in causes if cause.known}) == 6


def test_the_shortest_come_first(causes):
    lengths = [len(cause.steps) for cause in causes]
    assert lengths == sorted(lengths)


def test_what_the_first_patch_mended_is_found_unaided():
    it = grounds(PATCHES, ("3a389e79^", "3a389e79"), starts=["ordinary"])
    (cause,) = found(it, 2, [example("lost-backing")])
    assert cause.known == "lost-backing"
    assert cause.steps == ("snapshot drive0 a", "close and open drive0 0", "read drive0")


def test_variants_that_are_the_same_have_no_finding():
    it = grounds(PATCHES, ("with", "7e3d98dd^"), starts=["snapshot=on"])
    assert found(it, 2) == ()


def test_one_variant_is_hunted_for_crashes():
    parts = {"starts": ["one train"], "probes": False}
    it = grounds(TOY, ("with",), "crash", **parts)
    assert found(it, 2) == ()
    broken = msgspec.structs.replace(
        alphabet(TOY, **parts), values={"train": ("7",), "load": (-1,)}
    )
    named = [subject(TOY).variant("with")]
    it = grounds_of(named, parse_goal("crash", named[0]), without_books(broken))
    (cause,) = found(it, 2)
    assert cause.steps == ("couple 7 -1",)
    assert cause.first.values["with"]["status"] == "crashed"


def without_books(whole: Alphabet) -> Alphabet:
    """The toy's alphabet without its books."""
    return msgspec.structs.replace(
        whole, steps=tuple(it for it in whole.steps if it.name != "book"), alike=()
    )


def test_one_variant_is_hunted_for_a_breach():
    it = grounds(PATCHES, ("after",), "check images_stay", starts=["snapshot=on"])
    names = {cause.steps[-1] for cause in found(it, 1)}
    assert {"mirror drive0 a", "backup drive0 a", "snapshot onto a file drive0 a"} <= names


# In parts


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_nothing(workers):
    it = grounds(PATCHES, ("with", "after"), starts=["snapshot=on", "chain"])
    assert last(it, 2, pool=processes(workers)) == last(it, 2)


def test_a_hunt_goes_on_from_its_file_as_if_it_had_never_stopped(tmp_path):
    it = grounds(PATCHES, ("with", "after"), starts=["snapshot=on", "chain"])
    id = hunt_id(it, alphabet(PATCHES))
    saved = b"".join(encoded(id, last(it, 1)))
    again = decoded(saved, id, it, "file")
    assert again == last(it, 1)
    assert last(it, 3, levels=again) == last(it, 3)


def test_a_state_takes_less_than_100_bytes_in_the_file():
    it = grounds(PATCHES, ("with", "after"), starts=["chain"])
    levels = last(it, 3)
    size = len(b"".join(encoded(hunt_id(it, alphabet(PATCHES)), levels)))
    assert size < 100 * sum(len(level.states) for level in levels)


@cache
def toy_file():
    """A hunt in the toy: its grounds, what it is about, and its file."""
    it = grounds(TOY, ("before", "with"), "any")
    id = hunt_id(it, alphabet(TOY))
    return it, id, b"".join(encoded(id, last(it, 2)))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_is_refused_or_stands_for_a_hunt(data):
    it, id, saved = toy_file()
    at = data.draw(st.integers(0, len(saved) - 1))
    change = data.draw(st.sampled_from(["cut", "flip", "grow"]))
    if change == "cut":
        saved = saved[:at]
    elif change == "grow":
        saved = saved[:at] + b"\x07" + saved[at:]
    else:
        saved = saved[:at] + bytes([saved[at] ^ 0x55]) + saved[at + 1 :]
    try:
        levels = decoded(saved, id, it, "file")
    except BadInput:
        return
    assert reach(it, levels).depth >= 0
    assert all(
        it[level.start].words(walk) is not None for level in levels for walk in level.frontier
    )


def test_the_file_of_another_hunt_is_refused():
    it, id, saved = toy_file()
    other = msgspec.structs.replace(id, goal="something else")
    with pytest.raises(BadInput, match="something else"):
        decoded(saved, other, it, "file")


def test_time_that_is_up_ends_a_hunt_and_is_told():
    it = grounds(PATCHES, ("with", "after"), starts=["chain"])
    levels = last(it, 3, until=0.0)
    assert reach(it, levels).depth == 0


# Random walks


def test_the_same_seed_finds_the_same():
    it = grounds(PATCHES, ("with", "after"), starts=["snapshot=on"])
    assert random_hunt(it, 1, 12) == random_hunt(it, 1, 12)


def test_random_walks_find_what_a_hunt_by_length_finds():
    it = grounds(PATCHES, ("with", "after"), starts=["snapshot=on"])
    levels = random_hunt(it, 1, 60)
    players = [partial(replay, variant=variant) for variant in it[0].variants]
    causes = findings(raw_findings(it, levels), players, it[0].goal, map(example, NAMES))
    assert {"deleted-mirror", "deleted-overlay"} <= {cause.known for cause in causes}


def test_a_hunt_that_goes_over_nothing_that_can_be_built_is_refused():
    with pytest.raises(ReplayError):
        grounds(PATCHES, ("with", "nowhere"))
