"""The history of runs as a page and a JSON document keep it, and reading it from them.

What is read was perhaps written by others. It is data of these types and sizes, or an error.
"""

import base64
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from replay.errors import BadInput
from replay.reports.documents.many.history import DIGEST, CorpusRun, History, LogState, RunVariant
from replay.reports.documents.many.likeness import own_likeness
from replay.reports.verdict import Verdict

FILE_LIMIT = 1 << 30
"""Bytes that a file may have: JSON has all that differs in each log."""

UNPACKED_LIMIT = 200_000_000
"""Bytes that the history in a page may have when it is unpacked."""

KEPT = re.compile(rb'<script type="application/json\+gzip;base64" id="history">([^<]*)</script>')

DO = "name a page, or JSON, that replay diff wrote"


def packed(history: History) -> str:
    """The history for a page: base64 of gzip of JSON."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return base64.b64encode(packer.compress(msgspec.json.encode(history)) + packer.flush()).decode()


def read_history(path: Path) -> History:
    """The history in a page or a JSON document. Raises BadInput for what is neither."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", where=str(path), do=DO) from None
    if len(data) > FILE_LIMIT:
        raise BadInput(f"has more than {FILE_LIMIT} bytes", where=str(path), do=DO)
    try:
        return _checked(_of_json(data) if data.lstrip()[:1] in (b"{", b"[") else _of_page(data))
    except (ValueError, zlib.error, EOFError) as error:  # msgspec's and base64's are ValueErrors
        what = f"has no history of runs: {error}"
        raise BadInput(what, where=str(path), do=DO) from None


def _of_page(data: bytes) -> History:
    kept = KEPT.findall(data)
    if len(kept) != 1:
        raise ValueError("it is no page of a diff, or one that had no room for it")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    text = unpacker.decompress(base64.b64decode(kept[0], validate=True), UNPACKED_LIMIT)
    if not unpacker.eof:
        raise ValueError("it is cut off, or too large")
    return msgspec.json.decode(text, type=History)


def _checked(history: History) -> History:
    names = {state.name for state in history.logs}
    if not len(names) == len(history.logs) == history.runs[-1].logs:
        raise ValueError("a log is missing in it, or there twice")
    return history


# JSON


class _Log(Struct):
    name: str
    fingerprint: str


class _Variant(Struct):
    name: str
    revision: str
    digest: str


class _Divergence(Struct):
    kind: str
    path: str
    field: str
    values: dict[str, Any]
    first_seq: int
    last_seq: int


class _Diff(Struct):
    """As much of a log's diff as a history is made of."""

    log: _Log
    variants: Annotated[tuple[_Variant, ...], Meta(min_length=1)]
    verdict: Verdict
    divergences: list[_Divergence]


class _Diffs(Struct):
    """A document that has a history of its own."""

    history: History


def _of_json(data: bytes) -> History:
    if data.lstrip()[:1] == b"[":
        return _begun(msgspec.json.decode(data, type=Annotated[list[_Diff], Meta(min_length=1)]))
    if "history" in msgspec.json.decode(data, type=dict[str, msgspec.Raw]):
        return msgspec.json.decode(data, type=_Diffs).history
    return _begun([msgspec.json.decode(data, type=_Diff)])


def _begun(diffs: list[_Diff]) -> History:
    """The history that begins with a run which found this."""
    variants = tuple(RunVariant(it.name, it.revision, it.digest) for it in diffs[0].variants)
    if any(diff.variants != diffs[0].variants for diff in diffs):
        raise ValueError("its logs were not compared in the same variants")
    states = tuple(
        LogState(it.log.name, it.log.fingerprint[:DIGEST], it.verdict, own_likeness(_rows(it)))
        for it in diffs
    )
    return History(1, (CorpusRun(variants, len(states)),), states)


def _rows(diff: _Diff) -> Iterator[list[Any]]:
    names = [variant.name for variant in diff.variants]
    for it in diff.divergences:
        values = [[it.values[name]] if name in it.values else [] for name in names]
        yield [it.kind, it.path, it.field, values, it.first_seq, it.last_seq]
