"""Diffs and runs as Markdown.

Strings of a recording stand in code spans, where nothing is markup, link, mention or reference.
"""

import re
from collections.abc import Iterator, Sequence

from replay.reports import values as shown
from replay.reports import words
from replay.reports.documents import DiffReport, LogId, RunReport, VariantId
from replay.reports.effects import (
    LEVELS,
    Effect,
    PatchEffects,
    change,
    day,
    effects_of,
    listed,
    phrase,
    title,
)
from replay.reports.flag_tables import FlagTable
from replay.reports.text import run as runtext
from replay.reports.text.page import translation

_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w)")
_REFERENCE = re.compile(r"#\d+|@|(?<=\w)://|\bwww\.")


def diffs(reports: Sequence[DiffReport]) -> str:
    """The diffs one after another."""
    return "\n".join("\n".join(_diff(report)) + "\n" for report in reports)


def run(report: RunReport) -> str:
    """A replay: each event with its outcome and what it changed."""
    lines = [*_header(report.log, [report.variant]), ""]
    for step in report.steps:
        outcome = words.outcome(step.outcome.status, step.outcome.value, step.outcome.error)
        event = step.original if step.idle and step.original else step.event
        lines.append(f"{step.seq}. {code(words.event(event))}: {code(outcome)}")
        if step.original:
            lines.append(f"    - {code(words.recorded(step.original, step.note, step.idle))}")
        told = (runtext.change(change, step.view, report) for change in step.changes)
        lines += [f"    - {code(text)}" for text in told]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """A text as a code span that shows it as it is."""
    told = words.escape(text)
    if not told.strip():
        return "(empty)"
    fence = "`" * (1 + max(map(len, re.findall("`+", told)), default=0))
    pad = " " if told[0] in "` " or told[-1] in "` " else ""
    return f"{fence}{pad}{told}{pad}{fence}"


def prose(text: str) -> str:
    """A text in which nothing is markup; what would become a reference stands in code."""
    parts = re.split(f"({_REFERENCE.pattern})", words.escape(text))
    return "".join(
        f"`{part}`" if at % 2 else _SPECIAL.sub(r"\\\g<0>", part) for at, part in enumerate(parts)
    )


def cell(text: str) -> str:
    """A text in code in a cell of a table, in which a bar has to be escaped."""
    return code(text).replace("|", "\\|")


def _diff(report: DiffReport) -> Iterator[str]:
    yield from _header(report.log, report.variants)
    for remark in report.remarks:
        yield from ("", f"Note: {prose(remark)}")
    yield from ("", f"**{prose(report.headline)}**")
    told = effects_of(report)
    for chapter in told.first:
        yield from ("", *_chapter(chapter, report))
    if told.others:
        heading = "Other patches between them" if told.first else "Patches between them"
        yield from (
            "",
            f"### {heading}",
            "",
            *_table(["patch", "did"], _others(told.others, report)),
        )
    if report.divergences:
        yield from ("", "<details><summary>All divergences</summary>")
        for chain in report.chains:
            yield from ("", *_flags(chain))
        yield from ("", "### All values", "", *_divergences(report), "", "</details>")


def _header(log: LogId, variants: Sequence[VariantId]) -> Iterator[str]:
    events = words.count(log.events, "event")
    yield f"## {code(log.name)}: {events}, fingerprint `{log.fingerprint[:12]}`"
    yield ""
    rows = [[code(v.name), cell(v.revision), f"`{v.digest[:12]}`"] for v in variants]
    yield from _table(["variant", "revision", "digest"], rows)
    if log.translation:
        yield from ("", f"Said in {prose(translation(log.translation))}")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _chapter(chapter: PatchEffects, report: DiffReport) -> Iterator[str]:
    """What a patch did that is asked about: behaviour, then state."""
    yield f"### {_patches(chapter)}"
    yield ""
    if not chapter.deeds:
        yield "Changes nothing here."
    for which, name in LEVELS.items():
        found: dict[str, list[Effect]] = {}
        for deed in chapter.of(which):
            found.setdefault(change(deed, report.bits), []).append(deed)
        for told, places in found.items():
            yield f"- {name.partition(',')[0]}: {code(listed(places))}: {code(told)}"


def _patches(chapter: PatchEffects) -> str:
    names = []
    for turn in chapter.turns:
        without = "without " if turn.out else ""
        sha = f"{code(turn.patch.sha[:8])} " if turn.patch.sha else ""
        date = f" ({prose(day(turn.patch))})" if turn.patch.date else ""
        names.append(f"{without}{sha}{prose(title(turn.patch))}{date}")
    return " with ".join(names)


def _others(chapters: Sequence[PatchEffects], report: DiffReport) -> list[list[str]]:
    rows = []
    for chapter in chapters:
        did = dict.fromkeys(phrase(deed, report.bits) for deed in chapter.deeds)
        first = chapter.deeds[0].place.level
        rows.append([_patches(chapter), f"{first}: {cell(', '.join(did))}"])
    return rows


def _flags(chain: FlagTable) -> Iterator[str]:
    """A row for each node and flag that differs, a column for each variant."""
    yield f"### {code(chain.field)} after event {chain.seq}"
    yield ""
    rows = []
    for row in chain.rows:
        for flag in row.differing:
            cells = [_set(flag, row.set_in.get(name)) for name in chain.variants]
            rows.append([cell(row.path), cell(flag), *cells])
    yield from _table(["node", "flag", *map(prose, chain.variants)], rows)


def _set(flag: str, set_here: tuple[str, ...] | None) -> str:
    if set_here is None:
        return "no such node"
    return "**set**" if flag in set_here else "cleared"


def _divergences(report: DiffReport) -> Iterator[str]:
    names = [variant.name for variant in report.variants]
    rows = []
    for told in report.divergences:
        it = told.divergence
        texts = shown.values(told, report.bits)
        values = [cell(texts.get(name, "not there")) for name in names]
        where = " ".join(filter(None, (it.place.path, it.place.field)))
        rows.append([cell(words.span(it.first_seq, it.last_seq)), cell(where), *values])
    yield from _table(["events", "what", *map(prose, names)], rows)
