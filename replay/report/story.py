"""The story of a diff: what each patch did, first those that the compared variants are named after.

What a patch did is told once, at the first event where it shows. Behaviour, which the guest or
the user can notice, stands apart from state, which only a debugger sees.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from replay.attribute import Cause
from replay.comparison import KINDS, Place, level
from replay.events import Payload
from replay.observe import ABSENT
from replay.report import DiffReport, Told
from replay.report.flags import BitFields, differing_bits
from replay.view import flag_names
from replay.way import Turn


class Deed(Struct, frozen=True):
    """What a patch did in one place, at the first event where it shows.

    For a bit field `before` and `after` are the names of the flags that are set only there.
    """

    seq: int
    event: Payload
    place: Place
    before: Any
    after: Any


class Chapter(Struct, frozen=True):
    """What one step of the way did: a patch, or several that apply only together."""

    turns: tuple[Turn, ...]
    deeds: tuple[Deed, ...]

    def of(self, wanted: str) -> tuple[Deed, ...]:
        """The deeds of a level: behaviour or state."""
        return tuple(deed for deed in self.deeds if level(deed.place) == wanted)


class Story(Struct, frozen=True):
    """The chapters of the patches that are asked about, and of the others that did something."""

    first: tuple[Chapter, ...]
    others: tuple[Chapter, ...]


def story(report: DiffReport) -> Story:
    """The story that the causes of a report's divergences tell, each part in the way's order.

    Of a patch that is asked about it says too that it did nothing, if nothing is left out.
    """
    named = {patch.name for patch in report.named}
    chapters = [Chapter(turns, _deeds(turns, report)) for turns in report.steps]
    whole = not report.partial
    told = [chapter for chapter in chapters if chapter.deeds or whole]
    first = [c for c in told if any(turn.patch.name in named for turn in c.turns)]
    others = [c for c in told if c.deeds and c not in first]
    return Story(tuple(first), tuple(others))


def _deeds(turns: Sequence[Turn], report: DiffReport) -> tuple[Deed, ...]:
    """Behaviour before state, then by first event and kind."""
    found: dict[Any, Deed] = {}
    for told in report.divergences:
        for cause in told.causes:
            if cause.turns is turns:
                for deed in deeds_of(told, cause, report.bits):
                    found.setdefault(repr((deed.place, deed.before, deed.after)), deed)
    deeds = list(_without_lower(found.values()))
    return tuple(sorted(deeds, key=lambda d: (level(d.place), d.seq, KINDS.index(d.place.kind))))


def deeds_of(told: Told, cause: Cause, bits: BitFields) -> Iterator[Deed]:
    """The deed that a cause of a divergence is; none if only flags changed that do not differ."""
    divergence, place = told.divergence, told.divergence.place
    before, after = cause.before, cause.after
    if ABSENT in (before, after):
        kind = "file" if place.kind == "file" else "node"
        place = Place(kind, place.path, "existence")
        before, after = ("absent" if value is ABSENT else "present" for value in (before, after))
    elif place.kind == "field" and place.field in bits:
        of_interest = differing_bits(divergence, bits)
        sets = [set(flag_names(value, bits[place.field])) for value in (before, after)]
        before, after = (
            tuple(flag for flag in of_interest if flag in here and flag not in there)
            for here, there in (sets, sets[::-1])
        )
        if before == after:
            return
    yield Deed(divergence.first_seq, told.event, place, before, after)


def _without_lower(deeds: Iterable[Deed]) -> Iterator[Deed]:
    """The deeds without those nodes that came or went with one above them."""
    deeds = list(deeds)
    moved = {deed.place.path: deed.after for deed in deeds if deed.place.kind == "node"}
    for deed in deeds:
        parts = deed.place.path.split(".")
        above = [".".join(parts[:end]) for end in range(1, len(parts))]
        if deed.place.kind != "node" or all(moved.get(path) != deed.after for path in above):
            yield deed
