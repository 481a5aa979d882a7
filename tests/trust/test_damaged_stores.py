"""Random damage of a SQLite store leaves a right answer, or an error that says what is damaged."""

from tests.trust.damaged_stores import failures


def test_a_damaged_store_gives_a_right_answer_or_an_error_and_verify_misses_no_changed_row():
    assert list(failures(40, seed=1000)) == []
