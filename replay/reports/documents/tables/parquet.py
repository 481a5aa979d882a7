"""Writing logs and what variants did with them as tables, for DuckDB, Polars or pandas.

A value of the model is in canonical JSON. Rows stand in the order of logs, events and variants, so
that the same logs and the same series give the same rows.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET

from replay.engine.diff import Diff
from replay.engine.trace import Trace
from replay.errors import ReplayError, Unavailable
from replay.events.event import Log, channel, content, kind, name
from replay.files import file_beside

COLUMNS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "events": {
        "log": ("string", "the log's name"),
        "fingerprint": ("string", "the log's fingerprint"),
        "seq": ("int64", "the event's number in its log, from 1"),
        "kind": ("string", "image, start, command, notice, guest, await, ..."),
        "channel": ("string", "qmp or hmp; null where there is none"),
        "name": ("string", "the command's or event's name; null where there is none"),
        "payload": ("string", "all that the event says, as JSON"),
        "origin_file": ("string", "the recording that it was read from; null if unknown"),
        "origin_line": ("int64", "the line there"),
        "recorded": ("float64", "when it was recorded, in seconds since 1970; null if unknown"),
    },
    "steps": {
        "log": ("string", "the log's name"),
        "seq": ("int64", "the event's number"),
        "variant": ("string", "the variant's name"),
        "digest": ("string", "sha256 of the variant's code"),
        "status": ("string", "returned, refused, crashed, stopped or unknown"),
        "value": ("string", "what it returned, as JSON; null if it did not"),
        "error": ("string", "why it did not, as JSON"),
        "gap": ("string", "why it was not compared; null if it was"),
    },
    "divergences": {
        "log": ("string", "the log's name"),
        "kind": ("string", "outcome, file, node, edge or field"),
        "path": ("string", "the path of the node, the name of the file, the event in words"),
        "field": ("string", "the field; empty where there is none"),
        "level": ("string", "behaviour: what a user can notice; else state"),
        "first_seq": ("int64", "the event at which it begins"),
        "last_seq": ("int64", "the last event at which it is so"),
        "variant": ("string", "the variant's name; a row for each"),
        "value": ("string", "the value there, as JSON; null where the place is not there"),
    },
}
"""The tables, their columns, and what stands in each."""

ROWS = 50_000
"""Rows of a group, which is what is held in memory."""

Rows = dict[str, list[dict[str, Any]]]


def write_tables(diffs: Iterable[tuple[Log, Diff]], directory: Path) -> None:
    """Writes NAME.parquet for each table to a directory; each appears when all are whole.

    Raises Unavailable without pyarrow, and ReplayError where it can't be written.
    """
    try:
        import pyarrow  # noqa: PLC0415
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415
    except ImportError:
        raise Unavailable(
            "Parquet needs the library pyarrow", do="pip install 'replay[parquet]'"
        ) from None
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with ExitStack() as files:
            besides = {
                table: files.enter_context(file_beside(_path(directory, table)))
                for table in COLUMNS
            }
            schemas = {table: _schema(pyarrow, table) for table in COLUMNS}
            with ExitStack() as open_writers:
                writers = {
                    table: open_writers.enter_context(ParquetWriter(beside, schemas[table]))
                    for table, beside in besides.items()
                }
                for table, rows in _groups(diffs):
                    group = pyarrow.Table.from_pylist(rows, schemas[table])
                    writers[table].write_table(group)
            for table, beside in besides.items():
                beside.replace(_path(directory, table))
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        raise ReplayError(what, where=str(directory)) from None


def _path(directory: Path, table: str) -> Path:
    return directory / f"{table}.parquet"


def _schema(arrow: Any, table: str) -> Any:
    fields = [
        arrow.field(name, getattr(arrow, type_name)(), metadata={"description": what})
        for name, (type_name, what) in COLUMNS[table].items()
    ]
    return arrow.schema(fields)


def _groups(diffs: Iterable[tuple[Log, Diff]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of each table by groups of about as many as are held in memory."""
    waiting: Rows = {table: [] for table in COLUMNS}
    for log, difference in diffs:
        waiting["events"] += _events(log)
        for trace in difference.traces:
            waiting["steps"] += _steps(trace)
        waiting["divergences"] += _divergences(difference)
        for table, rows in waiting.items():
            if len(rows) >= ROWS:
                yield table, rows
                waiting[table] = []
    yield from waiting.items()


def _events(log: Log) -> Iterator[dict[str, Any]]:
    for seq, event in enumerate(log.events, 1):
        payload, origin = event.payload, event.origin
        yield {
            "log": log.name,
            "fingerprint": log.fingerprint,
            "seq": seq,
            "kind": kind(payload),
            "channel": channel(payload),
            "name": name(payload),
            "payload": content(payload).decode(),
            "origin_file": origin.file if origin else None,
            "origin_line": origin.line if origin else None,
            "recorded": event.recorded,
        }


def _steps(trace: Trace) -> Iterator[dict[str, Any]]:
    for step in trace.steps:
        outcome = step.outcome
        has_value = outcome is not None and outcome.status == "returned"
        yield {
            "log": trace.log.name,
            "seq": step.seq,
            "variant": trace.player.name,
            "digest": trace.player.digest,
            "status": outcome.status if outcome else "unknown",
            "value": _json(outcome.value) if outcome and has_value else None,
            "error": _json(outcome.error) if outcome and outcome.error else None,
            "gap": str(outcome.gap.value) if outcome and outcome.gap else None,
        }


def _divergences(difference: Diff) -> Iterator[dict[str, Any]]:
    for divergence in difference.divergences:
        place = divergence.place
        for trace in difference.traces:
            value = divergence.values.get(trace.player.name, UNSET)
            yield {
                "log": trace.log.name,
                **place.document(),
                "level": place.level,
                "first_seq": divergence.first_seq,
                "last_seq": divergence.last_seq,
                "variant": trace.player.name,
                "value": None if value is UNSET else _json(value),
            }


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
