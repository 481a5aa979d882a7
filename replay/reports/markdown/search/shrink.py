"""A shrunk log as Markdown."""

from replay.reports import words
from replay.reports.documents.search.shrink import ShrinkReport, minimality
from replay.reports.markdown.markup import cell, header, prose, table


def shrink(report: ShrinkReport) -> str:
    """How much is left, its events, what it shows, and whether it is minimal."""
    count = f"{words.count(report.log.events, 'event')} became {len(report.events)}"
    rows = [[str(seq), cell(words.event(event))] for seq, event in enumerate(report.events, 1)]
    lines = [
        *header(report.log, report.variants),
        "",
        f"**{prose(f'{count} that still show: {report.goal}.')}**",
        "",
        *table(["event", "what"], rows),
        "",
        f"At event {report.sighting.seq}: {prose(report.sighting.sentence)}.",
        "",
        prose(minimality(report)),
    ]
    return "\n".join(lines) + "\n"
