"""A log and a run as text: each event, and of a run its outcome and what it changed."""

from collections.abc import Iterator

from replay.events.event import Event
from replay.reports import words
from replay.reports.documents.common import LogReport
from replay.reports.documents.run import RunReport, StepReport
from replay.reports.text.chains import Chains, changed_chains
from replay.reports.text.page import Page, Piece, block, header, line, listing, page


def log(report: LogReport) -> Page:
    """What the header says, then a line an event: when it was recorded, and perhaps where it is."""
    log, with_source = report.log, report.with_source
    events = words.count(len(log.events), "event")
    if log.observations:
        events += f", {words.count(len(log.observations), 'observation')}"
    head = [f"{words.escape(log.name)}  {log.fingerprint[:12]}  {events}"]
    if log.header.description:
        head.append(words.escape(log.header.description))
    numbered = enumerate(log.events, 1)
    return listing([*head, *(_event(seq, event, with_source) for seq, event in numbered)])


def _event(seq: int, event: Event, with_source: bool) -> str:
    source = f"  [{words.escape(str(event.origin))}]" if with_source and event.origin else ""
    parts = (f"#{seq}", words.when(event.recorded), words.event(event.payload))
    return " ".join(filter(None, parts)) + source


def run(report: RunReport) -> Page:
    """Every event with what came (+), went (-) and changed (before -> after)."""
    pieces: list[str | Piece] = [*header(report.log, [report.variant])]
    chains: Chains = {}
    for step in report.steps:
        pieces += ["", *_step(step, chains)]
        chains = step.graph.chains
    if chains:
        pieces += ["", line("Chains at the end", "heading"), *changed_chains({}, chains)]
    return page(pieces)


def _step(step: StepReport, chains: Chains) -> Iterator[Piece]:
    shown = step.original if step.idle and step.original else step.event
    yield block(f"#{step.seq} ", words.event(shown), role="heading")
    if step.when:
        yield line(f"    {step.when}", "faint")
    if step.original:
        yield block("    ", words.recorded(step.original, step.note, step.idle), hang=4)
    outcome = step.outcome
    yield block("    ", words.outcome(outcome.status, outcome.value, outcome.error))
    yield from changed_chains(chains, step.graph.chains)
    for change in step.changes:
        yield block("    ", change.text, hang=4)
