"""A run as text: each event, its outcome and what it changed."""

from collections.abc import Iterator, Mapping
from typing import Any

from replay.engine.places import FieldPlace, FilePlace, NodePlace
from replay.engine.view import View, flag_names
from replay.reports import words
from replay.reports.documents import RunReport, StateChange, StepReport
from replay.reports.text.chains import changed_chains
from replay.reports.text.page import Page, Piece, block, header, line, page


def run(report: RunReport) -> Page:
    """Every event with what came (+), went (-) and changed (before -> after)."""
    pieces: list[str | Piece] = [*header(report.log, [report.variant])]
    chains: Mapping[str, str] = {}
    for step in report.steps:
        pieces += ["", *_step(step, report, chains)]
        chains = step.graph.chains
    if chains:
        pieces += ["", line("Chains at the end", "heading"), *changed_chains({}, chains)]
    return page(pieces)


def _step(step: StepReport, report: RunReport, chains: Mapping[str, str]) -> Iterator[Piece]:
    shown = step.original if step.idle and step.original else step.event
    yield block(f"#{step.seq} ", words.event(shown), role="heading")
    if step.original:
        yield block("    ", words.recorded(step.original, step.note, step.idle), hang=4)
    outcome = step.outcome
    yield block("    ", words.outcome(outcome.status, outcome.value, outcome.error))
    yield from changed_chains(chains, step.graph.chains)
    for it in step.changes:
        yield block("    ", change(it, step.view, report), hang=4)


def change(change: StateChange, after: View, report: RunReport) -> str:
    """What came (+), went (-) or changed (before -> after), in a line; `after` is the view then."""
    name = f"{words.escape(change.place.path)}.{words.escape(change.place.field)}"
    match change.place:
        case NodePlace(field="existence"):
            return _node(change, after, report)
        case FilePlace():
            return _file(change, after)
        case FieldPlace(field=field) if field in report.bits:
            return f"{name}: {_flags(change, report.bits[field])}"
        case _:
            return f"{name}: {words.value(change.before)} -> {words.value(change.after)}"


def _node(change: StateChange, after: View, report: RunReport) -> str:
    path = change.place.path
    if change.after == "absent":
        return f"- {words.escape(path)}"
    node = after.all_nodes.get(path)
    if node is None and path in after.edges:
        return f"+ {words.escape(path)} is {words.escape(after.edges[path])} again"
    fields = node.fields if node else after.jobs[path]
    told = [_field(name, value, report) for name, value in fields.items() if tells(value)]
    return " ".join([f"+ {words.escape(path)}", *told])


def tells(value: Any) -> bool:
    """Whether a new node's field is worth a word: it is not empty, zero or a list of zeros."""
    return any(value) if isinstance(value, list) else bool(value)


def _field(name: str, value: Any, report: RunReport) -> str:
    if name in report.bits:
        return f"{name}={'|'.join(sorted(flag_names(value, report.bits[name]))) or 'none'}"
    return f"{words.escape(name)}={words.value(value)}"


def _file(change: StateChange, after: View) -> str:
    path, field = change.place.path, change.place.field
    file = after.files.get(path)
    name = f"file {words.escape(path)}"
    if field == "existence":
        if file is None or file.unlinked:
            return f"- {name} unlinked"
        backing = f", on {words.escape(file.backing_file)}" if file.backing_file else ""
        return f"+ {name}: {words.escape(file.format)}, {words.size(file.size)}{backing}"
    show = words.of_field(change.place)
    return f"{name}: {field} {show(change.before)} -> {show(change.after)}"


def _flags(change: StateChange, bits: Mapping[str, int]) -> str:
    before, after = (set(flag_names(value, bits)) for value in (change.before, change.after))
    came, went = sorted(after - before), sorted(before - after)
    return " ".join([*(f"+{name}" for name in came), *(f"-{name}" for name in went)])
