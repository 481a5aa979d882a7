"""As few patches as bring an answer about, as Markdown."""

from replay.reports import words
from replay.reports.documents.search.minimal_patches import MinimalReport
from replay.reports.markdown.markup import code, header, patch_name, prose, table


def minimal_patches(report: MinimalReport) -> str:
    """How many patches it takes, and a row for each: what does not apply without it."""
    before, after = report.texts
    count = words.count(len(report.patches), "patch", "patches")
    answers = f"{report.about}: {before} before, {after} with {count} of {report.between}."
    rows = [
        [
            patch_name(patch).replace("|", "\\|"),
            code(words.few([item.sha[:8] or item.name for item in others])) if others else "itself",
        ]
        for patch, others in zip(report.patches, report.standing, strict=True)
    ]
    lines = [
        *header(report.log, report.variants),
        "",
        f"**{prose(answers)}**",
        "",
        *table(["patch", "what it matters for"], rows),
        "",
        f"{words.count(report.replays, 'variant')} replayed",
    ]
    return "\n".join(lines) + "\n"
