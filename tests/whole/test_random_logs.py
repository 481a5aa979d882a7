"""Random logs come again from their names, run in every era, and shrink to what matters."""

import pytest

from replay.engine.replay import replay
from replay.events.event import Command, Guest
from replay.variants.variant import load_subject, resolve
from tests import random_logs
from tests.examples import PATCHES, log_of

ERAS = ("before", "870f5681", "272d2d8e", "fc5d3f84", "18da7f94", "after", "b1e6fc08")


def test_a_name_makes_the_same_log_again():
    one, again = random_logs.log("0007_mirror"), random_logs.log("0007_mirror")
    assert random_logs.written(one) == random_logs.written(again)
    assert one.fingerprint != random_logs.log("0008_mirror").fingerprint


@pytest.mark.parametrize("name", ["cor", "x_cor", "0001_nothing"])
def test_a_name_without_seed_and_theme_is_an_error(name):
    with pytest.raises(ValueError, match="SEED_THEME"):
        random_logs.log(name)


@pytest.mark.parametrize("theme", random_logs.THEMES)
def test_no_log_of_a_theme_passes_a_limit_of_ours(theme):
    variants = [resolve(load_subject(PATCHES), era, {}) for era in ERAS]
    for seed in range(3):
        log = random_logs.log(f"{seed:04}_{theme}")
        for variant in variants:
            errors = [step.outcome.error or {} for step in replay(log, variant).steps]
            assert "StepLimit" not in [error.get("class") for error in errors]


def test_a_log_shrinks_to_what_still_holds():
    steps = [Guest("read", f"d{number}", 0, 1) for number in range(20)]
    log = log_of(*steps, Command("qmp", "stop", {}))

    def holds(part):
        devices = [getattr(event.payload, "device", "") for event in part.events]
        return "d3" in devices and "d17" in devices

    assert [event.payload.device for event in random_logs.shrunk(log, holds).events] == [
        "d3",
        "d17",
    ]


def test_what_tells_two_variants_apart_shrinks_to_little():
    found = random_logs.log("0003_snapshot")
    holds = random_logs.differs(("with", "after"))
    part = random_logs.shrunk(found, holds)
    assert holds(part)
    assert len(part.events) < len(found.events) // 2
