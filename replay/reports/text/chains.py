"""Chains of nodes as text: [base] <-- [overlay]."""

from collections.abc import Iterator, Mapping

from replay.reports import words
from replay.reports.documents.diff import DiffReport
from replay.reports.text.page import Piece, block, line


def apart(report: DiffReport) -> Iterator[str | Piece]:
    """What chains the variants have where the headline's difference begins."""
    for top, chains in report.chains.items():
        yield ""
        yield line(f"{words.path(top)} after #{report.chosen_seq}", "heading")
        yield from _variants(chains)


def _variants(chains: Mapping[str, str]) -> Iterator[Piece]:
    """A line for each chain, after the variants that have it."""
    rows = [(text, words.listing(names)) for text, names in words.groups(chains)]
    if len(rows) == 1:
        yield block("  ", rows[0][0], hang=2)
        return
    wide = max(len(names) for _, names in rows)
    for text, names in rows:
        yield block(f"  {names:{wide}}  ", text, hang=2)


Chains = Mapping[str, tuple[str, ...]]


def changed_chains(before: Chains, after: Chains) -> Iterator[Piece]:
    """The chains that an event made or changed."""
    for top, links in after.items():
        if before.get(top) != links:
            text = words.chain(links, [before.get(top, links), links])
            yield block(f"    {words.path(top)}: ", text, hang=2)
