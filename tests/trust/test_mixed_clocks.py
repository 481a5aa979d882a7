"""Files whose clocks jump, stand, disagree or are missing make a log in the order of each."""

from tests.trust.mixed_clocks import failures


def test_no_clock_reorders_a_file_or_gives_a_reply_to_another():
    assert list(failures(300, seed=20)) == []
