"""Many logs are compared fast, and come out as if each had been compared by itself."""

import random
import re
from collections.abc import Iterable

import msgspec
import pytest

from replay.analysis.attribute import model_traces
from replay.engine.corpus import Corpus
from replay.engine.diff import Diff, Divergence, diff
from replay.engine.replay import replay
from replay.engine.trace import NOTHING
from replay.engine.transitions.memo import MEMO
from replay.events.event import Command, Guest, Image, Log, content
from replay.events.json_form import parse_object, parse_payload
from replay.formats import read as ingest
from replay.variants.variant import Subject, Variant, resolve
from tests import random_logs, traces
from tests.bench.corpus import Kind
from tests.bench.corpus import corpus as logs
from tests.examples import NAMES, example, log_of

WORDS = re.compile(r"(?<=/images/)\w+|\b(?:drive|hd|sr|fd|sc|cd|n|nd)\d\b")
"""Names in the recorded logs that say nothing to anybody."""


@pytest.fixture(scope="module")
def variants(qemu: Subject) -> tuple[Variant, ...]:
    """The three that the subject names, and two more."""
    return tuple(
        resolve(qemu, text, {}) for text in ("before", "with", "after", "base", "e971aa12")
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> list[Log]:
    """All logs that were recorded of QEMU."""
    directory = traces.unpack_logs(tmp_path_factory.mktemp("logs")) / "logs"
    files = sorted(directory.iterdir())
    return [Log.of(file.stem, one.events) for file in files for one in ingest.read(file)]


def plain(log: Log, variants: Iterable[Variant]) -> tuple[Divergence, ...]:
    """The definition."""
    return diff(*(replay(log, variant) for variant in variants)).divergences


def text_of(log: Log) -> str:
    """The log as the store gives it."""
    return "\n".join(content(event.payload).decode() for event in log.events)


def shared(log: Log, corpus: Corpus) -> tuple[Divergence, ...]:
    """What the corpus finds without a look at the log by itself."""
    found = corpus.shared_divergences(text_of(log))
    assert found is not None
    return found


def renamed(log: Log, seed: int) -> Log:
    """The log with other names, of other lengths."""
    numbers = random.Random(seed)
    names: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        letters = "".join(numbers.choices("zyxwvuqpjh", k=numbers.choice((3, 5, 9))))
        return names.setdefault(match[0], f"{letters}{len(names):02}")

    texts = (WORDS.sub(name, content(event.payload).decode()) for event in log.events)
    return log_of(*(parse_payload(parse_object(text.encode())) for text in texts))


def test_logs_share_their_work_in_every_tree_of_the_series(qemu):
    revisions = ["base", *(patch.sha for patch in qemu.series.patches)]
    shared(example("deleted-overlay"), Corpus([resolve(qemu, text, {}) for text in revisions]))


def test_recorded_logs_diverge_as_by_themselves_under_any_names(recorded, variants):
    corpus = Corpus(variants)
    for log in recorded:
        for same in (log, renamed(log, 1)):
            expected = plain(same, variants)
            assert shared(same, corpus) == expected, log.name
            assert msgspec.json.encode(shared(same, corpus)) == msgspec.json.encode(expected)


def assert_same(shared: Diff, own: Diff) -> None:
    """Both diffs say the same, down to the identity of every state."""
    assert shared.divergences == own.divergences
    assert shared.compared == own.compared
    assert msgspec.json.encode(shared.divergences) == msgspec.json.encode(own.divergences)
    for trace, expected in zip(model_traces(shared), model_traces(own), strict=True):
        assert trace.log == expected.log
        for done, plainly in zip(trace.steps, expected.steps, strict=True):
            assert done.state is plainly.state
            assert done.outcome == plainly.outcome
            assert done.event == plainly.event
            assert (done.outcome is NOTHING) == (plainly.outcome is NOTHING)


def test_recorded_logs_have_the_same_traces_under_any_names(recorded, variants):
    corpus = Corpus(variants)
    for log in recorded:
        for same in (log, renamed(log, 1)):
            own = diff(*(replay(same, variant) for variant in variants))
            assert_same(corpus.diff(same).diff, own)


@pytest.mark.parametrize("name", NAMES)
def test_examples_diverge_as_by_themselves(name, variants):
    log = example(name)
    assert Corpus(variants).divergences(log) == plain(log, variants)


@pytest.mark.parametrize("kind", Kind)
def test_random_logs_diverge_as_by_themselves(kind, variants):
    corpus = Corpus(variants)
    for log in logs(kind, 6, 3, 40):
        assert shared(log, corpus) == plain(log, variants)


@pytest.mark.parametrize("theme", random_logs.THEMES)
def test_logs_of_every_theme_diverge_as_by_themselves(theme, variants):
    corpus = Corpus(variants)
    for seed in range(3):
        log = random_logs.log(f"{seed:04}_{theme}")
        assert corpus.divergences(log) == plain(log, variants), log.name


def test_logs_that_differ_in_their_names_share_all_work(variants):
    corpus = Corpus(variants)
    first, second = logs(Kind.RICH, 2, 1, 60)
    shared(first, corpus)
    done = MEMO.misses
    found = shared(second, corpus)
    assert MEMO.misses == done
    assert any("m0000001" in divergence.place.path for divergence in found)
    assert not any("m0000000" in divergence.place.path for divergence in found)


def test_what_is_forgotten_is_worked_out_again(variants):
    corpus = Corpus(variants, most_moments=10)
    for log in logs(Kind.ODD, 4, 1, 30):
        assert shared(log, corpus) == plain(log, variants)


REPLY = {"return": [{"device": "drive0"}]}


@pytest.mark.parametrize(
    "reply", [None, REPLY, {"error": {"class": "GenericError", "desc": 'no "x"'}}]
)
def test_a_recorded_reply_is_a_success_or_none(reply, variants):
    """The dictionary asks whether a newer command succeeded."""
    arguments = {"driver": "qcow2", "node-name": "top", "file": "below"}
    log = log_of(
        Image("/i/a.qcow2", "qcow2", 1 << 20),
        Command(
            "qmp", "blockdev-add", {"driver": "file", "node-name": "below", "filename": "/i/a"}
        ),
        Command("qmp", "blockdev-add", arguments, reply),
        Command("qmp", "device_add", {"driver": "virtio-blk", "drive": "top", "id": "d"}, reply),
        Guest("read", "top", 0, 1),
    )
    assert shared(log, Corpus(variants)) == plain(log, variants)


@pytest.mark.parametrize(
    "payload",
    [
        Command("qmp", "eject", {"device": "drive0", "unheard-of": 1}),
        Command("cli", "drive", "if=none,id=a\tb,file=/i/a"),
        Command("qmp", "change", {"device": "drive\ue000", "target": "/i/a"}),
    ],
    ids=["a name as a key", "an escape that is a letter", "a name that looks renamed"],
)
def test_a_log_that_cannot_be_renamed_is_looked_at_by_itself(payload, variants):
    log = log_of(Image("/i/a.qcow2", "qcow2", 1 << 20), payload)
    corpus = Corpus(variants)
    assert corpus.shared_divergences(text_of(log)) is None
    assert corpus.divergences(log) == plain(log, variants)


def test_variants_of_one_name_are_refused(variants):
    with pytest.raises(ValueError, match="a name each"):
        Corpus([variants[0], variants[0]])
