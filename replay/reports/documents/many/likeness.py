"""Which logs differ alike: in the same places by the same values, under whatever names.

Drives and files are called otherwise in every log. So the names in what differs get numbers in
order of their appearance; which words are names, the sources that were compared say.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from msgspec.json import Encoder

from replay.analysis.attribute import Cause, model_traces
from replay.engine.compared import Compared
from replay.engine.diff import Diff, Divergence
from replay.engine.renaming import PAD, NotShareable, Renaming, renaming
from replay.reports.documents.many.history import DIGEST
from replay.variants.variant import Variant

_encode = Encoder(order="sorted").encode


def likeness(
    diff: Diff, statement: str, causes: Sequence[Sequence[Cause]] = (), hidden: int = 0
) -> str:
    """What is equal for logs that differ alike, by the same patches, and else is not.

    They also lack the same: what was not compared, and how many divergences are left out. Of logs
    in which nothing differs it is their `statement`, which says how far they went.
    """
    players = [trace.player.name for trace in diff.traces]
    rows = [row(divergence, players) for divergence in diff.divergences]
    said = _gaps(diff.compared, players) if rows else statement
    text = _encode([rows, said]).decode()
    patches = [[change.patch.name for c in several for change in c.changes] for several in causes]
    return _digest([_renamed(text, diff), patches, hidden])


def row(divergence: Divergence, players: Sequence[str]) -> list[Any]:
    """A divergence as JSON; variants count by their position, not by their name."""
    place = divergence.place
    values = [[divergence.values[name]] if name in divergence.values else [] for name in players]
    return [
        *(place.kind, place.path, place.field),
        *(values, divergence.first_seq, divergence.last_seq),
    ]


def own_likeness(rows: Iterable[list[Any]]) -> str:
    """What is equal for a log in which the same differs under the same names; "" for nothing."""
    every = [*rows]
    return _digest(every) if every else ""


def _gaps(compared: Compared, players: Sequence[str]) -> list[Any]:
    """What was not compared, and whether anything was, wherever in the log."""
    gaps = {(players.index(gap.player), gap.reason.value, gap.what) for gap in compared.gaps}
    return [[compared.is_all, compared.is_nothing], *sorted(gaps)]


def _renamed(text: str, diff: Diff) -> str:
    """The text with numbers for names; as it is where no source says which words are names."""
    variants = tuple(trace.variant for trace in model_traces(diff))
    try:
        return _renaming(variants).rename(text).text.replace(PAD, "") if variants else text
    except NotShareable:
        return text


# Many logs are compared in the same variants.
@lru_cache(maxsize=4)
def _renaming(variants: tuple[Variant, ...]) -> Renaming:
    return renaming(variants[0].subject, variants)


def _digest(value: Any) -> str:
    return sha256(_encode(value)).hexdigest()[:DIGEST]
