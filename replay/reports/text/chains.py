"""Chains of nodes as text: [base] <-- [overlay]."""

from collections.abc import Iterator, Mapping

from replay.engine.trace import compared_views
from replay.reports import words
from replay.reports.documents import DiffReport
from replay.reports.drawing.graph import graph
from replay.reports.headline import chief, groups
from replay.reports.text.page import Piece, block, line


def apart(report: DiffReport) -> Iterator[str | Piece]:
    """What chains the variants have where the headline's difference begins.

    Told are those that differ, else the one that the headline is about.
    """
    first = chief(report.diff, report.bits)
    config = report.diff.traces[0].player.subject.config
    seen = compared_views(report.diff.traces, first.first_seq - 1) or {}
    found = {name: graph(view, config).chains for name, view in seen.items()}
    tops = list(dict.fromkeys(top for chains in found.values() for top in chains))
    differing = [top for top in tops if len({chains.get(top) for chains in found.values()}) > 1]
    for top in differing or [top for top in tops if first.place.path.split(".")[0] == top]:
        yield ""
        yield line(f"{words.escape(top)} after #{first.first_seq}", "heading")
        yield from _variants({name: chains.get(top, GONE) for name, chains in found.items()})


GONE = "not there"


def _variants(told: Mapping[str, str]) -> Iterator[Piece]:
    """A line for each chain, after the variants that have it."""
    found = [(text, words.listing(names)) for text, names in groups(told)]
    if len(found) == 1:
        yield block("  ", found[0][0], hang=2)
        return
    wide = max(len(names) for _, names in found)
    for text, names in found:
        yield block(f"  {names:{wide}}  ", text, hang=2)


def changed_chains(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Piece]:
    """The chains that an event made or changed."""
    for top, told in after.items():
        if before.get(top) != told:
            yield block(f"    {words.escape(top)}: ", told, hang=2)
