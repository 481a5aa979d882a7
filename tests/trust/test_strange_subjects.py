"""No subject, patch or file of checks ends in a traceback, or takes more than seconds."""

import pytest

from tests.trust.strange_subjects import CASES, run
from tests.whole.children import finish

NAMES = list(CASES)
GROUPS = [NAMES[start::6] for start in range(6)]


@pytest.mark.parametrize("names", GROUPS, ids=range(len(GROUPS)))
def test_what_is_large_deep_or_odd_is_read_in_seconds_or_refused(names, tmp_path):
    out = tmp_path / "out"
    assert finish(run, out, names) == 0
    ends = dict(line.split("\t")[:2] for line in out.read_text().splitlines())
    assert ends.keys() == set(names)
    assert {name: end for name, end in ends.items() if end.startswith("ESCAPED")} == {}
