"""No secret that was planted into a recording is kept."""

from tests.trust.planted_secrets import recordings, staying


def test_no_planted_secret_stays_in_any_place():
    assert len([*recordings()]) > 1500
    assert staying() == []
