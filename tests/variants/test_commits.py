"""The list of QEMU's commits says where each is in the model, and by which log it shows."""

import pytest

from replay.analysis.search.statements import code
from replay.variants.variant import load_subject, resolve
from tests import traces
from tests.examples import NAMES, PATCHES
from tests.model_statements import every_revision

SUBJECT = load_subject(PATCHES)
LINES = [
    line.split(maxsplit=3)
    for line in (PATCHES / "commits.txt").read_text().splitlines()
    if not line.startswith("#")
]


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """The names of all recorded logs and examples."""
    names = {*NAMES}
    for data in traces.COLLECTIONS:
        directory = traces.unpack_logs(tmp_path_factory.mktemp("logs"), data)
        names |= {file.stem for file in (directory / "logs").iterdir()}
    return names


def test_every_commit_of_the_list_stands_in_its_patch():
    members = {
        (sha[:10], patch.name)
        for patch in SUBJECT.series.patches
        for sha in (patch.sha, *patch.commits)
    }
    assert [line for line in LINES if (line[0], line[2]) not in members] == []


def test_every_commit_is_shown_by_a_log_or_has_a_reason(logs):
    shown = [rest.split() for *_, rest in LINES if not rest.startswith("in part: ")]
    trees = (resolve(SUBJECT, revision, {}).tree for revision in every_revision())
    names = {function.name for tree in trees for function in code(tree).functions}
    assert [log for _, log in shown if log not in logs] == []
    assert [function for function, _ in shown if function not in names] == []
    assert len(LINES) == 118
