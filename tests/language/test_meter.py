"""What the meter of an event counts, to the step."""

import pytest

from replay.language.limits import MAX_COMPARED, MAX_STEPS, Meter, StepLimitError


@pytest.fixture
def meter():
    return Meter()


@pytest.mark.parametrize(
    ("value", "steps"),
    [
        ([], 1),
        ([1, 2, 3], 2),
        ([0] * 10, 6),
        ({"a": 1, "b": 2}, 2),
        ([[0] * 10, {}, 7], 2 + 6 + 1),
        ({"a": [[0] * 4]}, 1 + 1 + 3),
        ("a text", 0),
        (None, 0),
    ],
)
def test_comparing_counts_every_list_and_dict_in_a_value_and_half_of_what_is_in_it(
    meter, value, steps
):
    meter.weigh(value)
    assert meter.total == steps


def test_lists_are_compared_up_to_a_depth(meter):
    value = []
    for _ in range(MAX_COMPARED - 1):
        value = [value]
    meter.weigh(value)
    with pytest.raises(StepLimitError, match=f"more than {MAX_COMPARED} lists and dicts"):
        meter.weigh([value])


def test_the_last_step_of_an_event_is_taken_and_one_more_is_refused(meter):
    meter.tick(MAX_STEPS)
    with pytest.raises(StepLimitError, match=f"more than {MAX_STEPS} steps"):
        meter.tick(1)


@pytest.mark.parametrize(
    ("item", "length", "steps"),
    [(1, 160, 10), ("x", 160, 40), ("x" * 1024, 160, 80), ([1], 3, 2), (None, 15, 0)],
)
def test_searching_counts_what_comparing_with_each_item_takes(meter, item, length, steps):
    meter.search([0] * length, item)
    assert meter.total == steps


def test_looking_through_a_text_counts_both_lengths(meter):
    meter.scan("t" * 1024, "p" * 3)
    assert meter.total == 1024 * 4 >> 9
    meter.look("t" * 2048)
    assert meter.total == (1024 * 4 >> 9) + 2
