"""A run as Markdown."""

from replay.reports import words
from replay.reports.documents.run import RunReport
from replay.reports.markdown.markup import code, header


def run(report: RunReport) -> str:
    """A replay: each event with its outcome and what it changed."""
    lines = [*header(report.log, [report.variant]), ""]
    for step in report.steps:
        outcome = words.outcome(step.outcome.status, step.outcome.value, step.outcome.error)
        event = step.original if step.idle and step.original else step.event
        lines.append(f"{step.seq}. {code(words.event(event))}: {code(outcome)}")
        if step.original:
            lines.append(f"    - {code(words.recorded(step.original, step.note, step.idle))}")
        lines += [f"    - {code(change.text)}" for change in step.changes]
    return "\n".join(lines) + "\n"
