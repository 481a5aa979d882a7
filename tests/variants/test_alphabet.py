"""An alphabet is checked when it is read, and its holes are filled in every way."""

from pathlib import Path

import pytest

from replay.errors import BadInput
from replay.events.event import Command, Image
from replay.variants.alphabet import read_alphabet
from tests.conftest import TOY
from tests.examples import PATCHES

HEAD = '{"replay_alphabet": 1}\n'
START = '{"start": "s", "events": [{"kind": "notice", "name": "N"}]}\n'
STEP = '{"step": "t", "events": [{"kind": "notice", "name": "$hole"}]}\n'
VALUES = '{"values": {"hole": ["x", "y"]}}\n'


@pytest.fixture
def written(tmp_path):
    """written(TEXT): the alphabet of a file with this text."""

    def read(text: str):
        file = tmp_path / "alphabet.jsonl"
        file.write_text(text)
        return read_alphabet(file)

    return read


@pytest.mark.parametrize(
    "file",
    [PATCHES / "alphabet.jsonl", PATCHES / "alphabet-later.jsonl", TOY / "alphabet.jsonl"],
    ids=["qemu", "later", "toy"],
)
def test_the_alphabets_of_the_subjects_can_be_read(file):
    alphabet = read_alphabet(file)
    assert all(alphabet.steps_from(start) for start in alphabet.starts)
    assert all(alphabet.probes_from(start) for start in alphabet.starts)


def test_a_hole_takes_each_of_its_values():
    alphabet = read_alphabet(TOY / "alphabet.jsonl")
    steps = {step.name: step for step in alphabet.steps_from(alphabet.starts[1])}
    assert [name for name in steps if name.startswith("couple")] == [
        *("couple 7 0", "couple 7 1", "couple 8 0", "couple 8 1"),
    ]
    assert steps["couple 8 1"].events[0].payload == Command(
        "qmp", "couple", {"train": "8", "load": 1}
    )
    assert steps["couple 8 1"].roots == {"8"}


def test_a_step_may_be_for_some_starts_only():
    alphabet = read_alphabet(TOY / "alphabet.jsonl")
    names = [{step.name for step in alphabet.steps_from(start)} for start in alphabet.starts]
    assert "write 7" in names[0] and "write 7" not in names[1]


def test_interchangeable_names_are_told_group_by_group():
    alphabet = read_alphabet(TOY / "alphabet.jsonl")
    assert alphabet.groups(alphabet.starts[0]) == (("/yard/a", "/yard/b"),)
    (book, _) = [s for s in alphabet.steps_from(alphabet.starts[0]) if s.name.startswith("book")]
    assert book.alike == {"/yard/a"}
    assert isinstance(book.events[0].payload, Image)


def test_names_in_braces_may_stand_before_letters(written):
    step = '{"step": "t", "events": [{"kind": "notice", "name": "${hole}s"}]}\n'
    alphabet = written(HEAD + START + step + VALUES)
    names = [it.events[0].payload.name for it in alphabet.steps_from(alphabet.starts[0])]
    assert names == ["xs", "ys"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ('{"replay_log": 1}\n', "is no alphabet"),
        (HEAD, "has no start or no step"),
        (HEAD + START, "has no start or no step"),
        (HEAD + START + STEP, "from s a hole has no values: hole"),
        (HEAD + START + STEP + VALUES + '{"stop": "x"}\n', ":5: .*unknown field"),
        (HEAD + '{"start": "s", "step": "t"}\n', ":2: a line is about one"),
        (HEAD + '{"start": "s", "events": [{"kind": "nothing"}]}\n', ":2: not an event"),
        (HEAD + START + STEP + '{"values": {"hole": [[]]}}\n', ":4: "),
        (HEAD + "nonsense\n", ":2: "),
        (
            HEAD
            + '{"start": "s", "events": [{"kind": "notice", "name": "x"}]}\n'
            + STEP
            + '{"values": {"hole": ["x", "y"]}, "alike": ["hole"]}\n',
            "the start s names x",
        ),
    ],
)
def test_what_is_no_alphabet_is_refused_with_its_place(written, text, message):
    with pytest.raises(BadInput, match=message):
        written(text)


def test_more_steps_than_can_be_searched_are_refused(written):
    values = f'{{"values": {{"hole": {[*range(2000)]}}}}}\n'
    with pytest.raises(BadInput, match="more than 1000 steps"):
        written(HEAD + START + STEP.replace('"$hole"', '"N", "data": {"n": "$hole"}') + values)


def test_no_file_is_an_error_of_the_user():
    with pytest.raises(Exception, match=r"nowhere\.jsonl"):
        read_alphabet(Path("nowhere.jsonl"))
