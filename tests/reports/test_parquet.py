"""Tables of what is stored, read back as those read them who ask with other programs."""

import json
import sys
from pathlib import Path

import msgspec
import pytest
from pyarrow import parquet

from replay.api import read_log
from replay.cli import main
from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.errors import ReplayError, Unavailable
from replay.reports.documents.tables.parquet import COLUMNS, write_tables

INPUT = Path(__file__).parents[1] / "data" / "input"
README = Path(__file__).parents[2] / "replay" / "reports" / "README.md"


@pytest.fixture(scope="module")
def compared(toy):
    """Two logs of the toy with their diffs."""
    logs = [read_log(INPUT / name) for name in ("yard.jsonl", "same.jsonl")]
    variants = [toy.variant(name) for name in toy.config.default_variants]
    return [(log, diff(*(replay(log, variant) for variant in variants))) for log in logs]


def rows(directory: Path, table: str) -> list[dict[str, object]]:
    return parquet.read_table(directory / f"{table}.parquet").to_pylist()


def test_each_event_is_a_row(compared, tmp_path):
    write_tables(compared, tmp_path)
    events = rows(tmp_path, "events")
    assert len(events) == sum(len(log.events) for log, _ in compared) > 2
    for log, _ in compared:
        own = [row for row in events if row["fingerprint"] == log.fingerprint]
        assert [row["seq"] for row in own] == list(range(1, len(log.events) + 1))
        assert [row["origin_line"] for row in own] == [e.origin.line for e in log.events]
    assert all(json.loads(row["payload"])["kind"] == row["kind"] for row in events)


def test_each_event_of_each_variant_is_a_step(compared, tmp_path):
    write_tables(compared, tmp_path)
    steps = rows(tmp_path, "steps")
    outcomes = [
        (trace.player.name, step.seq, step.outcome.status)
        for _, difference in compared
        for trace in difference.traces
        for step in trace.steps
    ]
    assert [(row["variant"], row["seq"], row["status"]) for row in steps] == outcomes
    assert all((row["value"] is None) == (row["status"] != "returned") for row in steps)


def test_each_divergence_is_a_row_for_each_variant(compared, tmp_path):
    write_tables(compared, tmp_path)
    expected = [
        (log.name, *one.place.document().values(), one.first_seq, one.last_seq)
        for log, difference in compared
        for one in difference.divergences
        for _ in difference.traces
    ]
    values = [
        one.values.get(trace.player.name)
        for _, difference in compared
        for one in difference.divergences
        for trace in difference.traces
    ]
    names = ("log", "kind", "path", "field", "first_seq", "last_seq")
    divergences = rows(tmp_path, "divergences")
    assert [tuple(row[name] for name in names) for row in divergences] == expected != []
    assert [row["value"] and json.loads(row["value"]) for row in divergences] == [
        value if value is None else json.loads(msgspec.json.encode(value)) for value in values
    ]


def test_the_same_logs_make_the_same_files(compared, tmp_path):
    for name in ("a", "b"):
        write_tables(compared, tmp_path / name)
    for table in COLUMNS:
        first, second = (tmp_path / name / f"{table}.parquet" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_the_columns_are_those_that_are_documented(compared, tmp_path):
    write_tables(compared, tmp_path)
    text = README.read_text()
    for table, columns in COLUMNS.items():
        schema = parquet.read_schema(tmp_path / f"{table}.parquet")
        assert schema.names == list(columns)
        for name, (_, what) in columns.items():
            assert schema.field(name).metadata[b"description"].decode() == what
            assert f"| {table} | `{name}` | {what} |" in text


def test_a_failure_leaves_the_tables_that_were_there(compared, tmp_path):
    write_tables(compared[:1], tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def broken():
        yield compared[1]
        raise ReplayError("here it ends")

    with pytest.raises(ReplayError, match="here it ends"):
        write_tables(broken(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    with pytest.raises(ReplayError, match="cannot be written"):
        write_tables(compared, tmp_path / "events.parquet")


def test_without_the_library_it_is_said_what_to_install(compared, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Unavailable, match=r"pip install 'replay\[parquet\]'"):
        write_tables(compared, tmp_path)


def test_the_command_writes_the_logs_that_are_named(tmp_path, monkeypatch):
    for words in (
        ["import", str(INPUT / "yard.jsonl"), str(INPUT / "same.jsonl")],
        ["export", "yard", "--parquet", str(tmp_path / "out")],
    ):
        before = ["--db", str(tmp_path / "db"), "--patches", str(INPUT.parents[1] / "toy")]
        monkeypatch.setattr(sys, "argv", ["replay", *before, *words])
        with pytest.raises(SystemExit) as exit:
            main()
        assert not exit.value.code
    assert {row["log"] for row in rows(tmp_path / "out", "steps")} == {"yard"}
