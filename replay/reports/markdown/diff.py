"""Diffs as Markdown."""

from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.diff import DiffReport, DiffReports
from replay.reports.documents.divergences import named
from replay.reports.documents.divergences import values as value_texts
from replay.reports.documents.effects import (
    LEVELS,
    PatchEffects,
    by_change,
    listed,
    phrases,
)
from replay.reports.documents.flag_tables import FlagTable
from replay.reports.documents.many.groups import groups_of, history_of
from replay.reports.documents.many.history import (
    History,
    RunChanges,
    change_rows,
    run_name,
    some,
)
from replay.reports.documents.search.reach import ChangeReach, fields, missing
from replay.reports.markdown.markup import (
    MOST,
    REST,
    cell,
    code,
    header,
    limited,
    patch_name,
    prose,
    size,
    table,
)

MOST_EFFECTS = 12_000
"""Characters for what one patch did in one log."""

MOST_LOGS = 100
"""So many logs are named of which the same is to be told."""

MOST_PHRASES = 20
"""So many things are named that a patch did which is not of interest."""


def diffs(document: DiffReports) -> str:
    """The diffs one after another, with as many of their values as there is room for."""
    reports = {report.log.name: report for report in document.logs}
    groups = groups_of(document).groups if len(reports) > 1 else ()
    alike = {group.brief.log.name: group.others for group in groups} or dict.fromkeys(reports, ())
    heads = [[*_head(reports[name], others)] for name, others in alike.items()]
    shown, room = 0, MOST - REST
    while shown < len(heads) and room >= size(heads[shown]):
        room -= size(heads[shown])
        shown += 1
    texts = []
    for index, report in enumerate(reports[name] for name in [*alike][:shown]):
        values = [*_values(report, room // (shown - index))] if report.divergences else []
        room -= size(values)
        texts.append("\n".join([*heads[index], *values]) + "\n")
    return "\n".join([*texts, *_left_out([*alike.values()][shown:]), *_since(document)])


def _left_out(alike: Sequence[Sequence[str]]) -> Iterator[str]:
    if logs := sum(1 + len(others) for others in alike):
        yield f"{words.count(logs, 'more log')} found no room; `--format json` has all.\n"


def _since(document: DiffReports) -> Iterator[str]:
    """Which logs are not as in the run before."""
    previous = history_of(document).previous if document.before else None
    if previous is None:
        return
    yield f"### Since {prose(run_name(previous))}\n"
    yield from [*_changes(history_of(document))] or ["All logs are as they were."]
    yield ""


def _changes(history: History) -> Iterator[str]:
    for text, logs in change_rows(history.runs[-1].changes or RunChanges()):
        yield f"- {text}: {code(some(logs, MOST_LOGS))}"


def _head(report: DiffReport, alike: Sequence[str]) -> Iterator[str]:
    """All but the values: which log and code, the headline, what the patches did.

    And the logs of which the same is to be told.
    """
    yield from header(report.log, report.variants)
    if alike:
        yield ""
        yield f"So it is in {words.count(len(alike), 'more log')}: {code(some(alike, MOST_LOGS))}"
    for remark in report.remarks:
        yield from ("", f"Note: {prose(remark)}")
    yield from ("", f"**{prose(str(report.headline))}**")
    if report.chosen_when:
        yield from ("", f"`#{report.chosen_seq}` was recorded at {report.chosen_when}.")
    yield from _reached(report.reach)
    first, others = report.effects.first, report.effects.others
    for done in first:
        yield from ("", *limited(_effects(done, report), "changes", MOST_EFFECTS))
    if others:
        heading = "Other patches between them" if first else "Patches between them"
        yield from ("", f"### {heading}", "")
        yield from table(["patch", "did"], _others(others, report))


def _reached(reaches: Sequence[ChangeReach]) -> Iterator[str]:
    """Of each change the places that nothing reached, and the fields of one variant only."""
    for reach in reaches:
        between = f" from {reach.before} to {reach.after}" if len(reaches) > 1 else ""
        if places := missing(reach):
            yield from ("", f"Not reached{prose(between)}: {code(places)}")
        for name, names in fields(reach).items():
            yield from ("", f"Only in {code(name)}, and not compared: {code(words.few(names))}")


def _values(report: DiffReport, room: int) -> Iterator[str]:
    """The flags that differ, and every divergence."""
    frame = ["", "<details><summary>All divergences</summary>", "", "### All values", ""]
    room -= size(frame)
    yield from frame[:2]
    flags = [line for one in report.flag_tables for line in ("", *_flags(one))]
    if size(flags) <= room // 2:
        room -= size(flags)
        yield from flags
    yield from frame[2:]
    yield from limited(_divergences(report), "divergences", room - len("</details>") - 2)
    yield from ("", "</details>")


def _effects(done: PatchEffects, report: DiffReport) -> Iterator[str]:
    """What a patch of interest did: behaviour, then state."""
    yield f"### {_patches(done)}"
    yield ""
    if not done.effects:
        yield "Changes nothing here."
    for level in LEVELS:
        for change, places in by_change(done.of(level), report.bits).items():
            yield f"- {level}: {code(listed(places))}: {code(change)}"


def _patches(done: PatchEffects) -> str:
    names = (("without " if c.out else "") + patch_name(c.patch) for c in done.step)
    return " with ".join(names)


def _others(others: Sequence[PatchEffects], report: DiffReport) -> list[list[str]]:
    rows = []
    for done in others:
        every = phrases(done, report.bits)
        more = [f"{len(every) - MOST_PHRASES} more"] if len(every) > MOST_PHRASES else []
        texts = ", ".join([*every[:MOST_PHRASES], *more])
        rows.append([_patches(done), f"{done.effects[0].place.level}: {cell(texts)}"])
    return rows


def _flags(flags: FlagTable) -> Iterator[str]:
    """A row for each node and flag that differs, a column for each variant."""
    yield f"### {code(flags.field)} after event {flags.seq}"
    yield ""
    rows = []
    for row in flags.rows:
        for flag in row.differing:
            cells = [_set(flag, row.set_in.get(name)) for name in flags.variants]
            rows.append([cell(words.path(row.path)), cell(flag), *cells])
    yield from table(["node", "flag", *map(prose, flags.variants)], rows)


def _set(flag: str, set_here: tuple[str, ...] | None) -> str:
    if set_here is None:
        return "no such node"
    return "**set**" if flag in set_here else "cleared"


def _divergences(report: DiffReport) -> Iterator[str]:
    names = [variant.name for variant in report.variants]
    rows = []
    for entry in report.divergences:
        divergence = entry.divergence
        texts = value_texts(entry, report.bits)
        values = [cell(texts.get(name, "not there")) for name in names]
        where = " ".join(filter(None, (named(entry), divergence.place.field)))
        span = words.span(divergence.first_seq, divergence.last_seq)
        rows.append([cell(span), cell(where), *values])
    yield from table(["events", "what", *map(prose, names)], rows)
