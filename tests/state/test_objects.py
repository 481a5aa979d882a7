"""States are plain values; alike values are one object."""

import gc
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.state.disk import Disk
from replay.state.objects import FrozenMap, Object, Ref, State, Value, plain, stopped

atoms = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["", "a", "1"]))
values = st.recursive(
    st.one_of(atoms, st.builds(Ref, st.integers(1, 2))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(tuple),
        st.dictionaries(atoms, inner, max_size=2).map(lambda d: FrozenMap(tuple(d.items()))),
    ),
    max_leaves=4,
)


def spelled(value: Value) -> str:
    """A text that tells apart what the model can tell apart."""
    if isinstance(value, tuple):
        return f"[{','.join(map(spelled, value))}]"
    if isinstance(value, FrozenMap):
        return f"{{{','.join(f'{spelled(k)}:{spelled(v)}' for k, v in value.items())}}}"
    return f"ref {value.id}" if isinstance(value, Ref) else repr(value)


@given(values, values)
def test_objects_are_the_same_exactly_if_their_values_are_alike(one: Value, other: Value) -> None:
    first, second = Object(1, "Node", (("a", one),)), Object(1, "Node", (("a", other),))
    assert (first is second) == (spelled(one) == spelled(other))


@pytest.mark.parametrize("one, other", [(-1, -2), (0, 2**61 - 1), (5, 2**61 + 4), (1, True)])
def test_values_that_python_gives_one_hash_are_not_all_looked_for_in_one_place(
    one: Value, other: Value
) -> None:
    keys = [
        [Object(1, "Node", (("a", 3), ("b", value)))._key() for value in (one, other)],
        [Object(1, "Node", (("a", (0, (value,))),))._key() for value in (one, other)],
        [FrozenMap((("a", value),))._key() for value in (one, other)],
        [FrozenMap(((value, "a"),))._key() for value in (one, other)],
    ]
    for first, second in keys:
        assert hash(first) != hash(second)


def test_equal_states_are_the_same_object() -> None:
    def made(field: Value) -> State:
        return State((Object(1, "Machine", (("on", field),)),), 1, 2, Disk())

    assert made(7) is made(7)
    assert made(7) is not made(8)
    assert made(True) is not made(1)
    assert hash(made(7)) == hash(made(7))
    assert made(7) is not State(made(7).objects, 1, 3, Disk())


def test_the_order_of_a_dict_counts() -> None:
    pairs: tuple[tuple[str, Value], ...] = (("a", 1), ("b", 2))
    assert FrozenMap(pairs) is not FrozenMap(pairs[::-1])


def test_a_frozen_dict_reads_like_one() -> None:
    frozen = FrozenMap((("a", 1), ("b", (2,))))
    assert (frozen["b"], len(frozen), list(frozen)) == ((2,), 2, ["a", "b"])
    with pytest.raises(KeyError):
        frozen["c"]


def test_a_state_can_not_be_changed() -> None:
    state = State((), None, 1, Disk())
    with pytest.raises(AttributeError):
        state.machine = 1  # type: ignore[misc]


def test_a_state_that_nobody_holds_is_forgotten() -> None:
    thing = Object(99, "OnlyHere", ())
    references = sys.getrefcount(thing)
    state = State((thing,), None, 100, Disk())
    assert sys.getrefcount(thing) > references
    del state
    gc.collect()
    assert sys.getrefcount(thing) == references


def test_a_stopped_state_keeps_the_disk_only() -> None:
    disk = Disk(temporaries=3)
    state = State((Object(1, "Machine", ()),), 1, 2, disk)
    assert stopped(state) is State((), None, 2, disk)


def test_a_plain_value_is_as_json_has_it() -> None:
    value = FrozenMap((("a", (1, None, True)), (2, FrozenMap())))
    assert plain(value) == {"a": [1, None, True], "2": {}}
    assert plain(Ref(4)) == 4
