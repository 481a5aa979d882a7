"""What each patch changed, grouped, in words.

What a patch did is told once, at the first event where it shows. Behaviour, which the guest or
the user can notice, stands apart from state, which only a debugger sees."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from replay.analysis.attribute import Cause
from replay.engine.places import (
    ABSENT,
    EdgePlace,
    FieldPlace,
    FilePlace,
    MachinePlace,
    NodePlace,
    OutcomePlace,
    Place,
)
from replay.engine.view import flag_names
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents import DiffReport, DivergenceReport
from replay.reports.flag_tables import BitFields, differing_bits
from replay.series import Patch
from replay.variants.path import PatchChange


class Effect(Struct, frozen=True):
    """What a patch did in one place, at the first event where it shows.

    For a bit field `before` and `after` are the names of the flags that are set only there.
    """

    seq: int
    event: Payload
    place: Place
    before: Any
    after: Any


class PatchEffects(Struct, frozen=True):
    """What one step of the way did: a patch, or several that apply only together."""

    turns: tuple[PatchChange, ...]
    deeds: tuple[Effect, ...]

    def of(self, wanted: str) -> tuple[Effect, ...]:
        """The deeds of a level: behaviour or state."""
        return tuple(deed for deed in self.deeds if deed.place.level == wanted)


class Effects(Struct, frozen=True):
    """The chapters of the patches that are asked about, and of the others that did something."""

    first: tuple[PatchEffects, ...]
    others: tuple[PatchEffects, ...]


def effects_of(report: DiffReport) -> Effects:
    """The story that the causes of a report's divergences tell, each part in the way's order.

    Of a patch that is asked about it says too that it did nothing, if nothing is left out.
    """
    named = {patch.name for patch in report.named}
    chapters = [PatchEffects(turns, _deeds(turns, report)) for turns in report.steps]
    whole = not report.partial
    told = [chapter for chapter in chapters if chapter.deeds or whole]
    first = [c for c in told if any(turn.patch.name in named for turn in c.turns)]
    others = [c for c in told if c.deeds and c not in first]
    return Effects(tuple(first), tuple(others))


def _deeds(turns: Sequence[PatchChange], report: DiffReport) -> tuple[Effect, ...]:
    """Behaviour before state, then by first event and kind."""
    found: dict[Any, Effect] = {}
    for told in report.divergences:
        for cause in told.causes:
            if cause.turns is turns:
                for deed in deeds_of(told, cause, report.bits):
                    found.setdefault(repr((deed.place, deed.before, deed.after)), deed)
    deeds = list(_without_lower(found.values()))
    return tuple(sorted(deeds, key=lambda d: (d.place.level, d.seq, d.place.order)))


def deeds_of(told: DivergenceReport, cause: Cause, bits: BitFields) -> Iterator[Effect]:
    """The deed that a cause of a divergence is; none if only flags changed that do not differ."""
    divergence, place = told.divergence, told.divergence.place
    before, after = cause.before, cause.after
    if ABSENT in (before, after):
        place = place.existence
        before, after = ("absent" if value is ABSENT else "present" for value in (before, after))
    elif isinstance(place, FieldPlace) and place.field in bits:
        of_interest = differing_bits(divergence, bits)
        sets = [set(flag_names(value, bits[place.field])) for value in (before, after)]
        before, after = (
            tuple(flag for flag in of_interest if flag in here and flag not in there)
            for here, there in (sets, sets[::-1])
        )
        if before == after:
            return
    yield Effect(divergence.first_seq, told.event, place, before, after)


def _without_lower(deeds: Iterable[Effect]) -> Iterator[Effect]:
    """The deeds without those nodes that came or went with one above them."""
    deeds = list(deeds)
    moved = {deed.place.path: deed.after for deed in deeds if isinstance(deed.place, NodePlace)}
    for deed in deeds:
        parts = deed.place.path.split(".")
        above = [".".join(parts[:end]) for end in range(1, len(parts))]
        if not isinstance(deed.place, NodePlace) or all(
            moved.get(path) != deed.after for path in above
        ):
            yield deed


Level = Literal["behaviour", "state"]

MOST = 6
"""At so many events a list of places is told; the rest is a number."""

LEVELS: Mapping[Level, str] = {
    "behaviour": "behaviour",
    "state": "state, which only a debugger sees",
}


def title(patch: Patch) -> str:
    """The patch's subject; for a group of commits the name of its file, which stands for all."""
    if patch.commits:
        name = re.sub(r"^\d\w*-", "", patch.name.removesuffix(".patch"))
        return f"{words.escape(name)} ({len(patch.commits) + 1} commits)"
    return words.escape(patch.subject or patch.name)


def day(patch: Patch) -> str:
    """The date of a patch without weekday, time and zone: "14 May 2012"."""
    return words.escape(" ".join(patch.date.partition(",")[2].split()[:3]))


def titles(turns: Iterable[PatchChange]) -> str:
    """The titles of all that a step turns, most often one."""
    told = [f"{'without ' if turn.out else ''}{title(turn.patch)}" for turn in turns]
    return " with ".join(told)


def heading(turns: Iterable[PatchChange]) -> list[str]:
    """A line for each patch of a step: sha, date, title."""
    lines = []
    for turn in turns:
        parts = (turn.patch.sha[:8], day(turn.patch), title(turn.patch))
        lines.append("  ".join(filter(None, ("without" if turn.out else "", *parts))))
    return lines


def listed(deeds: Iterable[Effect]) -> str:
    """Where deeds were done: "#2 drive0 and drive0.file, #5 drive0.backing_hd"."""
    by_seq: dict[int, list[str]] = {}
    for deed in deeds:
        by_seq.setdefault(deed.seq, []).append(subject(deed))
    told = [f"#{seq} {' and '.join(names)}" for seq, names in by_seq.items()]
    more = [f"{len(told) - MOST} later ones"] if len(told) > MOST else []
    return ", ".join([*told[:MOST], *more])


def subject(deed: Effect) -> str:
    """What the deed was done to."""
    match deed.place:
        case MachinePlace():
            return "the machine"
        case OutcomePlace():
            return words.event(deed.event)
        case FilePlace(path=path):
            return f"file {words.escape(path)}"
        case place:
            return words.escape(place.path)


def change(deed: Effect, bits: BitFields, to: str = "->") -> str:
    """What was changed: "exists -> unlinked", "open_flags +TEMPORARY -SNAPSHOT"."""
    sides = (deed.before, deed.after)
    match deed.place:
        case FieldPlace(field=field) if field in bits:
            return f"{words.escape(field)} {_flags(deed)}"
        case OutcomePlace():
            return f" {to} ".join(words.outcome(o["status"], o.get("value"), o) for o in sides)
        case MachinePlace():
            return f" {to} ".join("runs" if value else "is gone" for value in sides)
    text = f" {to} ".join(map(words.of_field(deed.place), sides))
    return text if is_whole(deed.place) else f"{words.escape(deed.place.field)} {text}"


def is_whole(place: Place) -> bool:
    """Whether the path alone says what is meant: a node's or file's existence, an edge."""
    return place.field in ("existence", "target")


def _flags(deed: Effect) -> str:
    return words.escape(" ".join([*(f"+{f}" for f in deed.after), *(f"-{f}" for f in deed.before)]))


def phrase(deed: Effect, bits: BitFields) -> str:
    """A deed in the fewest words: where it ended."""
    path, field = words.escape(deed.place.path), deed.place.field
    match deed.place:
        case FieldPlace():
            return _flags(deed) if field in bits else words.escape(field)
        case OutcomePlace():
            status, value = deed.after["status"], deed.after.get("value")
            return f"{path} {words.outcome(status, value, deed.after)}"
        case NodePlace() | FilePlace(field="existence"):
            return f"{path} {deed.after}"
        case EdgePlace():
            return subject(deed)
        case _:
            return f"{subject(deed)} {words.escape(field)}"
