"""Every report says which logs and which code it is about, so that it can be repeated."""

from pathlib import Path

import pytest

from replay.formats import read as ingest
from replay.store.event_store import open_store
from replay.variants.variant import load_subject, resolve
from tests.whole.children import command, finish

ROOT = Path(__file__).parents[2]
LOG = ROOT / "patches" / "examples" / "snapshot-on.jsonl"
SUBJECT = load_subject(ROOT / "patches")
SHORT = 12
"""Digits of a digest in a text that people read."""


@pytest.fixture
def db(tmp_path) -> Path:
    with open_store(tmp_path / "replay.db") as store:
        store.add(ingest.read(LOG))
    return tmp_path / "replay.db"


@pytest.mark.parametrize(
    ("words", "variants", "digits"),
    [
        (["run"], ["after"], SHORT),
        (["run", "--at", "before", "--format", "json"], ["before"], 64),
        (["diff"], ["before", "with", "after"], SHORT),
        (["diff", "--format", "json"], ["before", "with", "after"], 64),
        (["diff", "--format", "md"], ["before", "with", "after"], SHORT),
        (["diff", "--format", "html"], ["before", "with", "after"], SHORT),
        (["bisect", "before..after"], ["before", "after"], SHORT),
        (["bisect", "before..after", "--format", "json"], ["before", "after"], 64),
        (["check"], ["after"], SHORT),
        (["check", "--format", "json"], ["after"], 64),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_report_names_the_log_and_the_variants_by_digest(db, tmp_path, words, variants, digits):
    first, *rest = words
    given = [LOG.stem, *rest] if first != "bisect" else [*rest[1:], LOG.stem, rest[0]]
    patches = ROOT / "patches"
    out = tmp_path / "out"
    assert finish(command, out, "--db", db, "--patches", patches, first, *given) in (0, 1)
    told = out.read_text()
    with open_store(db) as store:
        assert store.load(LOG.stem).fingerprint[:digits] in told
    for variant in variants:
        assert resolve(SUBJECT, variant, {}).digest[:digits] in told


def test_a_list_of_logs_names_their_fingerprints(db, tmp_path):
    for words in (["logs"], ["log", LOG.stem], ["verify"]):
        out = tmp_path / words[0]
        assert finish(command, out, "--db", db, *words) == 0
        with open_store(db) as store:
            assert store.load(LOG.stem).fingerprint[:SHORT] in out.read_text()
