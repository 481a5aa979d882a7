"""A run as text: each event, its outcome and what it changed."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.run import RunReport, StepReport
from replay.reports.text.chains import Chains, changed_chains
from replay.reports.text.page import Page, Piece, block, header, line, page


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
