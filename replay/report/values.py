"""All values of a diff as plain text: outcomes, files, nodes, flags and other fields."""

from collections.abc import Iterable, Iterator
from functools import partial

from replay.report import DiffReport, Told, words
from replay.report.headline import groups, phrases
from replay.report.page import Piece, line, wrapped
from replay.report.table import table

SECTIONS = {"outcome": "Outcomes", "file": "Files", "node": "Nodes", "edge": "Nodes"}


def values(report: DiffReport) -> Iterator[str | Piece]:
    """Each divergence with its value in each variant, section by section, by path."""
    by_section: dict[str, list[Told]] = {name: [] for name in (*SECTIONS.values(), "Fields")}
    for told in report.divergences:
        by_section[SECTIONS.get(told.divergence.place.kind, "Fields")].append(told)
    for name, group in by_section.items():
        if name == "Fields":
            for chain in report.chains:
                yield ""
                yield from table(chain)
            group = [t for t in group if t.divergence.place.field not in report.bits]
        if group:
            yield from (
                "",
                line(name, "heading"),
                *_section(group, with_paths=name != SECTIONS["outcome"]),
            )


def _section(group: Iterable[Told], with_paths: bool) -> Iterator[str | Piece]:
    """Divergences below the path that they share; an outcome's event says more than its path."""
    by_path: dict[str, list[Told]] = {}
    for told in group:
        by_path.setdefault(told.divergence.place.path, []).append(told)
    for path, tolds in by_path.items():
        if with_paths:
            yield f"  {words.escape(path)}"
        for told in tolds:
            yield Piece(partial(_divergence, told))


def _divergence(told: Told, width: int) -> Iterator[str]:
    """On one line if it fits, else a line for each value."""
    where = words.span(told.divergence.first_seq, told.divergence.last_seq)
    title = f"{where} {told.divergence.place.field}"
    if _is_outcome(told):
        title = f"{where} {words.event(told.event)}"
    texts = list(groups(_texts(told)))
    whole = f"    {title}: {phrases(texts)}"
    if len(whole) <= width:
        yield whole
        return
    yield from wrapped("    ", title, 2, width)
    for text, names in texts:
        yield from wrapped("      ", f"{words.listing(names)}: {text}", 2, width)


def _is_outcome(told: Told) -> bool:
    return told.divergence.place.kind == "outcome" and told.divergence.place.path != "machine"


def _texts(told: Told) -> dict[str, str]:
    """The value in each variant, in words."""
    if _is_outcome(told):
        outcomes = told.outcomes.items()
        return {name: words.outcome(o.status, o.value, o.error) for name, o in outcomes}
    show = words.of_field(told.divergence.place)
    return {name: show(value) for name, value in told.divergence.values.items()}
