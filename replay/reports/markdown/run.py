"""A run as Markdown."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.run import RunReport
from replay.reports.markdown.markup import MOST, code, header, limited, size


def run(report: RunReport) -> str:
    """A replay: each event with its outcome and what it changed."""
    head = [*header(report.log, [report.variant]), ""]
    lines = limited(_steps(report), "lines of events", MOST - size(head))
    return "\n".join([*head, *lines]) + "\n"


def _steps(report: RunReport) -> Iterator[str]:
    for step in report.steps:
        outcome = words.outcome(step.outcome.status, step.outcome.value, step.outcome.error)
        event = step.original if step.idle and step.original else step.event
        when = f" ({step.when})" if step.when else ""
        yield f"{step.seq}. {code(words.event(event))}{when}: {code(outcome)}"
        if step.original:
            yield f"    - {code(words.recorded(step.original, step.note, step.idle))}"
        yield from (f"    - {code(change.text)}" for change in step.changes)
