"""No model takes more time or memory than the limit of steps allows."""

import pytest

from replay.language.limits import MAX_STEPS
from tests.trust.costly_models import GROWING, models, run, run_log
from tests.whole.children import finish

FEW_STEPS = 30_000
NAMES = list(models(10))
GROUPS = [NAMES[start::6] for start in range(6)]

ENDED = {
    "doubled, indexed": "Fault list.index(x): x not in list",
    "doubled, removed": "Fault list.remove(x): x not in list",
    "doubled, counted": "Returned",
    "doubled, searched": "Returned",
    "doubled, not equal": "Returned",
    "doubled, as a key": "Fault unhashable type: 'list'",
    "doubled, popped": "Fault no such item",
    "doubled, in an error": "Fault a list where a number is needed",
    "doubled, refused": "Fault a list where a text is needed",
    "doubled, added": "Fault a list + a number",
    "doubled, made a text": "Fault str of a list",
    "doubled, sorted": "Fault a list has no order",
    "doubled, asserted": "Assertion x == 1",
    "z == [u, u, u, u]": "StepLimit",
}
"""How those end that are not stopped, but simply no longer take long."""


def endings(out) -> dict[str, str]:
    """How each model ended."""
    lines = [line.split("\t") for line in out.read_text().splitlines()]
    return {name: end.strip() for name, end, *_ in lines}


def wrong(ends: dict[str, str]) -> dict[str, str]:
    """Those that did not end as they should: stopped, or as ENDED says."""
    return {
        name: end for name, end in ends.items() if not end.startswith(ENDED.get(name, "StepLimit "))
    }


@pytest.mark.parametrize("form", ["plain", "traced"])
@pytest.mark.parametrize("names", GROUPS, ids=range(len(GROUPS)))
def test_a_costly_model_is_stopped(names, form, tmp_path):
    out = tmp_path / "out"
    assert finish(run, out, form, 2000, FEW_STEPS, names) == 0
    assert endings(out).keys() == set(names)
    assert wrong(endings(out)) == {}


@pytest.mark.parametrize("name", GROWING)
def test_a_log_of_sixty_events_keeps_less_than_500_megabytes(name):
    assert finish(run_log, GROWING[name], 60) == 0


@pytest.mark.large
@pytest.mark.parametrize("form", ["plain", "traced"])
@pytest.mark.parametrize("name", NAMES)
def test_a_costly_model_is_stopped_at_full_size_within_ten_seconds_and_a_gigabyte(
    name, form, tmp_path
):
    out = tmp_path / "out"
    assert finish(run, out, form, 100_000, MAX_STEPS, [name]) == 0
    assert wrong(endings(out)) == {}
