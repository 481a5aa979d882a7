"""Reports as plain text of at most WIDTH columns where words allow it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from replay.comparison import KINDS
from replay.report import DiffReport, LogId, Told, VariantId, words
from replay.report.flags import Chain, Row
from replay.report.headline import groups, phrases

WIDTH = 96
INDENT = 6
SECTIONS = {"outcome": "Outcomes", "file": "Files", "node": "Nodes", "edge": "Nodes"}


def headlines(reports: Sequence[DiffReport]) -> str:
    """A headline a line; of several logs, each after its log's name."""
    if len(reports) == 1:
        return f"{reports[0].headline}\n"
    return "".join(f"{words.escape(told.log.name)}: {told.headline}\n" for told in reports)


def diffs(reports: Sequence[DiffReport]) -> str:
    """The texts of the diffs, one after another."""
    return f"\n{'-' * WIDTH}\n".join(map(diff, reports))


def diff(report: DiffReport) -> str:
    """The headline, then what differs: outcomes, files, nodes, flags and other fields."""
    lines = [*header(report.log, report.variants), "", *wrap(report.headline, WIDTH)]
    by_section: dict[str, list[Told]] = {name: [] for name in (*SECTIONS.values(), "Fields")}
    for told in report.divergences:
        by_section[SECTIONS.get(told.divergence.place.kind, "Fields")].append(told)
    for name, group in by_section.items():
        if name == "Fields":
            for chain in report.chains:
                lines += ["", *_table(chain)]
            group = [t for t in group if t.divergence.place.field not in report.bits]
        if group:
            lines += ["", name, *_section(group, with_paths=name != SECTIONS["outcome"])]
    if report.divergences:
        lines += ["", _count(report)]
    return "\n".join(lines) + "\n"


def header(log: LogId, variants: Iterable[VariantId]) -> Iterator[str]:
    """Which log and which code."""
    variants = list(variants)
    name, revision = (max(len(getattr(v, key)) for v in variants) for key in ("name", "revision"))
    events = words.count(log.events, "event")
    yield f"log      {words.escape(log.name)}  {log.fingerprint[:12]}  {events}"
    for variant in variants:
        left = f"{words.escape(variant.name):{name}}  {words.escape(variant.revision):{revision}}"
        yield f"variant  {left}  {variant.digest[:12]}"


def block(lead: str, body: str, hang: int = 0) -> list[str]:
    """A text after a lead, going on below its beginning or `hang` columns further in."""
    return wrap(
        body,
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * (len(lead) + hang),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [lead.rstrip()]


def _section(group: Iterable[Told], with_paths: bool) -> Iterator[str]:
    """Divergences below the path that they share; an outcome's event says more than its path."""
    by_path: dict[str, list[Told]] = {}
    for told in group:
        by_path.setdefault(told.divergence.place.path, []).append(told)
    for path, tolds in by_path.items():
        if with_paths:
            yield f"  {words.escape(path)}"
        for told in tolds:
            yield from _divergence(told)


def _divergence(told: Told) -> Iterator[str]:
    """On one line if it fits, else a line for each value."""
    where = words.span(told.divergence.first_seq, told.divergence.last_seq)
    title = f"{where} {told.divergence.place.field}"
    if _is_outcome(told):
        title = f"{where} {words.event(told.event)}"
    texts = list(groups(_texts(told)))
    line = f"    {title}: {phrases(texts)}"
    if len(line) <= WIDTH:
        yield line
        return
    yield from block("    ", title, hang=2)
    for text, names in texts:
        yield from block("      ", f"{words.listing(names)}: {text}", hang=2)


def _is_outcome(told: Told) -> bool:
    return told.divergence.place.kind == "outcome" and told.divergence.place.path != "machine"


def _texts(told: Told) -> dict[str, str]:
    """The value in each variant, in words."""
    if _is_outcome(told):
        outcomes = told.outcomes.items()
        return {name: words.outcome(o.status, o.value, o.error) for name, o in outcomes}
    show = words.of_field(told.divergence.place)
    return {name: show(value) for name, value in told.divergence.values.items()}


def _table(chain: Chain) -> Iterator[str]:
    """A row a node, a column a variant; a cell has the flags that differ, + set and - cleared."""
    labels = {row.path: _label(row) for row in chain.rows}
    cell = max(len(word) for word in (*chain.variants, *_flags(chain), "no such node")) + 3
    path = max(map(len, labels.values())) + 2
    if path + cell * len(chain.variants) > WIDTH:
        path = INDENT
    columns = (WIDTH - path) // cell or 1
    yield f"{chain.field} after #{chain.seq}: + set, - cleared, = set in all"
    for start in range(0, len(chain.variants), columns):
        variants = chain.variants[start : start + columns]
        yield (" " * path + "".join(f"{words.escape(name):{cell}}" for name in variants)).rstrip()
        for row in chain.rows:
            yield from _row(row, variants, labels[row.path], path, cell)


def _label(row: Row) -> str:
    where = row.divergence
    span = f"  {words.span(where.first_seq, where.last_seq)}" if where else ""
    return f"  {words.escape(row.path)}{span}"


def _flags(chain: Chain) -> Iterator[str]:
    return (words.escape(flag) for row in chain.rows for flag in row.differing)


def _row(row: Row, variants: Iterable[str], label: str, width: int, cell: int) -> Iterator[str]:
    if len(label) > width:
        yield label
        label = ""
    for flag in row.differing:
        cells = (_cell(flag, row.set_in.get(name)) for name in variants)
        yield (f"{label:{width}}" + "".join(f"{text:{cell}}" for text in cells)).rstrip()
        label = ""
    yield from block(f"{label:{width}}", f"= {words.flags(row.common)}", hang=2)


def _cell(flag: str, set_here: tuple[str, ...] | None) -> str:
    if set_here is None:
        return "no such node"
    return f"{'+' if flag in set_here else '-'}{words.escape(flag)}"


def _count(report: DiffReport) -> str:
    """How many divergences there are, by kind."""
    kinds = Counter(told.divergence.place.kind for told in report.divergences)
    told = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kind in kinds)
    return f"{words.count(len(report.divergences), 'divergence')}: {told}"
