"""What was not reached of a change, as text."""

from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.search.reach import ChangeReach, fields, missing
from replay.reports.text.page import Piece, block


def reached(reaches: Sequence[ChangeReach]) -> Iterator[Piece]:
    """Of each change the places that nothing reached, and the fields of one variant only."""
    for reach in reaches:
        between = f" from {reach.before} to {reach.after}" if len(reaches) > 1 else ""
        if places := missing(reach):
            yield block("", f"not reached{words.escape(between)}: {places}", hang=4)
        for name, names in fields(reach).items():
            text = f"only in {words.escape(name)}, and not compared: {words.few(names)}"
            yield block("", text, hang=4)
