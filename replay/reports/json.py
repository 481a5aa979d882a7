"""Writing documents as JSON, escaped so that a terminal cannot be attacked."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from replay.analysis.attribute import Cause
from replay.engine.places import ABSENT
from replay.engine.trace import Outcome
from replay.engine.view import Node, flag_names
from replay.reports.documents import (
    FORMAT_VERSION,
    DiffReport,
    DivergenceReport,
    InteractionReport,
    RunReport,
    StepReport,
    log_json,
)
from replay.reports.flag_tables import BitFields
from replay.state.disk import header
from replay.variants.path import PatchChange


def document(told: Any) -> str:
    """The text of a JSON document, indented, with a line end."""
    return escaped(msgspec.json.format(msgspec.json.encode(told), indent=2).decode()) + "\n"


def escaped(json: str) -> str:
    """The same JSON, with every character as an escape that is not printable, but line ends.

    JSON has to escape only the first 32. A terminal obeys DEL and those from U+0080 to U+009F too.
    """
    if json.isascii() and "\x7f" not in json:
        return json
    return "".join(c if c.isprintable() or c == "\n" else _units(c) for c in json)


def _units(char: str) -> str:
    """The escapes of a character, one for each unit of UTF-16."""
    code = char.encode("utf-16-be").hex()
    return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))


def diffs(reports: Sequence[DiffReport]) -> str:
    """The object of one diff; of several a list.

    A divergence's `patches` are those that it comes from, each with the value before and after
    it; without an attribution there are none.
    """
    told = [_diff(report) for report in reports]
    return document(told[0] if len(told) == 1 else told)


def run(report: RunReport) -> str:
    """A replay, with the whole view after each event."""
    return document(
        {
            "format_version": FORMAT_VERSION,
            "log": log_json(report.log),
            "revision": report.variant.revision,
            "digest": report.variant.digest,
            "steps": [_step(step, report.bits) for step in report.steps],
            "final_files": report.final_files,
        }
    )


def _diff(report: DiffReport) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "log": log_json(report.log),
        "variants": report.variants,
        "events": report.log.events,
        "headline": report.headline,
        **_attribution(report),
        **({"remarks": report.remarks} if report.remarks else {}),
        "divergences": [_divergence(told) for told in report.divergences],
    }


def _divergence(told: DivergenceReport) -> dict[str, Any]:
    divergence = told.divergence
    return {
        **divergence.place.document(),
        "level": divergence.place.level,
        "values": divergence.values,
        "first_seq": divergence.first_seq,
        "last_seq": divergence.last_seq,
        "patches": [entry for cause in told.causes for entry in _cause(cause)],
    }


def _attribution(report: DiffReport) -> dict[str, Any]:
    """The patches that did something, in order, and what it took to know that."""
    if report.work is None:
        return {}
    did = {_id(turn) for told in report.divergences for c in told.causes for turn in c.turns}
    turns = [turn for step in report.steps for turn in step if _id(turn) in did]
    return {
        "attribution": report.work,
        "left_out": report.hidden,
        "patches": [_patch(turn) for turn in turns],
        **({} if report.together is None else {"interactions": [*map(_together, report.together)]}),
    }


def _together(found: InteractionReport) -> dict[str, Any]:
    """Two patches, the earlier first, where a statement of it is meant, and what both do."""
    part = found.part
    place = {"file": part.file, "line": part.line, "statement": part.text} if part.lines else {}
    return {
        "patches": [part.patch.sha or part.patch.name, _id(found.turn)],
        "dormant": found.dormant,
        **place,
        "divergences": [_divergence(told) for told in found.divergences],
    }


def _patch(turn: PatchChange) -> dict[str, Any]:
    patch = turn.patch
    told = {key: getattr(patch, key) for key in ("sha", "name", "date", "subject")}
    return {"patch": _id(turn), **told, "out": turn.out}


def _cause(cause: Cause) -> Iterator[dict[str, Any]]:
    """Each patch with the values before and after it, unless they are not there.

    `together` are the others without which the patch does not apply on the way.
    """
    values = {"before": cause.before, "after": cause.after}
    there = {key: value for key, value in values.items() if value is not ABSENT}
    for turn in cause.turns:
        together = [_id(other) for other in cause.turns if other != turn]
        yield {"patch": _id(turn), **there, **({"together": together} if together else {})}


def _id(turn: PatchChange) -> str:
    return turn.patch.sha or turn.patch.name


def _step(step: StepReport, bits: BitFields) -> dict[str, Any]:
    seen = step.view
    return {
        "seq": step.seq,
        "event": step.event,
        **({"original": step.original, "note": step.note} if step.original else {}),
        "outcome": _outcome(step.outcome),
        "nodes": [_node(node, bits) for node in seen.nodes.values()],
        "other": [_node(node, bits) for node in seen.other.values()],
        "jobs": [{"path": path, **job} for path, job in seen.jobs.items()],
        "files": {
            name: {**header(file.inode), "unlinked": file.unlinked}
            for name, file in seen.files.items()
        },
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if outcome.status == "returned":
        return {"status": outcome.status, "value": outcome.value}
    return {"status": outcome.status, "error": outcome.error}


def _node(node: Node, bits: BitFields) -> dict[str, Any]:
    names = {
        f"{field}_names": sorted(flag_names(node.fields[field], bits[field]))
        for field in bits
        if field in node.fields
    }
    return {"path": node.path, "id": node.id, **node.fields, **names}
