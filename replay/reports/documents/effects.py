"""What each patch changed, grouped, in words.

What a patch did stands once, at the first event where it shows. Behaviour, which the guest or
the user can notice, stands apart from state, which only a debugger sees."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from replay.analysis.attribute import Attribution, Cause
from replay.engine.places import (
    ABSENT,
    EdgePlace,
    FieldPlace,
    FilePlace,
    Level,
    MachinePlace,
    NodePlace,
    OutcomePlace,
    Place,
)
from replay.engine.view import flag_names
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents.divergences import DivergenceReport
from replay.reports.documents.flag_tables import differing_bits
from replay.series import Patch, label
from replay.variants.path import PatchChange
from replay.variants.subject import BitFields


class Effect(Struct, frozen=True):
    """What a patch did in one place, at the first event where it shows.

    For a bit field `before` and `after` are the names of the flags that are set only there. `file`
    is the file of a node whose path is long.
    """

    seq: int
    event: Payload
    place: Place
    before: Any
    after: Any
    file: str = ""


class PatchEffects(Struct, frozen=True):
    """What one step between two variants did: a patch, or several that apply only together."""

    step: tuple[PatchChange, ...]
    effects: tuple[Effect, ...]

    def of(self, level: str) -> tuple[Effect, ...]:
        """The effects of a level: behaviour or state."""
        return tuple(effect for effect in self.effects if effect.place.level == level)


class Effects(Struct, frozen=True):
    """What the patches of interest did, and the others that did something."""

    first: tuple[PatchEffects, ...] = ()
    others: tuple[PatchEffects, ...] = ()


def effects_of(
    divergences: Sequence[DivergenceReport],
    attribution: Attribution,
    named: Collection[str],
    bits: BitFields,
) -> Effects:
    """What the causes of divergences say that each step did, in the order of the steps.

    `named` are the names of the patches of interest: of those it says too that they did
    nothing, if nothing is left out.
    """
    steps = [PatchEffects(step, _of_step(step, divergences, bits)) for step in attribution.steps]
    steps = [step for step in steps if step.effects or not attribution.partial]
    first = [s for s in steps if any(change.patch.name in named for change in s.step)]
    others = [step for step in steps if step.effects and step not in first]
    return Effects(tuple(first), tuple(others))


def _of_step(
    step: Sequence[PatchChange], divergences: Sequence[DivergenceReport], bits: BitFields
) -> tuple[Effect, ...]:
    """Behaviour before state, then by first event and kind."""
    by_content: dict[Any, Effect] = {}
    for report in divergences:
        for cause in report.causes:
            if cause.changes is step:
                for effect in effects_in(report, cause, bits):
                    content = repr((effect.place, effect.before, effect.after))
                    by_content.setdefault(content, effect)
    effects = _without_lower([*by_content.values()])
    return tuple(sorted(effects, key=lambda e: (e.place.level, e.seq, e.place.order)))


def effects_in(report: DivergenceReport, cause: Cause, bits: BitFields) -> Iterator[Effect]:
    """The effect that a cause of a divergence is; none if only flags changed that are alike."""
    divergence, place = report.divergence, report.divergence.place
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
    yield Effect(divergence.first_seq, report.event, place, before, after, report.file)


def _without_lower(effects: Sequence[Effect]) -> Iterator[Effect]:
    """The effects without those nodes that came or went with one above them."""
    moved = {e.place.path: e.after for e in effects if isinstance(e.place, NodePlace)}
    above = _Above(moved)
    for effect in effects:
        path = effect.place.path
        if not isinstance(effect.place, NodePlace) or effect.after not in above[path]:
            yield effect


class _Above(dict[str, frozenset[Any]]):
    """For each path what became of the nodes above it."""

    def __init__(self, moved: Mapping[str, Any]) -> None:
        super().__init__({"": frozenset()})
        self._moved = moved

    def __missing__(self, path: str) -> frozenset[Any]:
        """Finds it out for the nodes above first, one after another: chains are long."""
        unknown = [path]
        while unknown:
            parent = unknown[-1].rpartition(".")[0]
            if parent not in self:
                unknown.append(parent)
                continue
            own = {self._moved[parent]} if parent in self._moved else set()
            self[unknown.pop()] = self[parent] | own
        return self[path]


# In words


MOST = 6
"""At so many events a list has places; the rest is a number."""

LEVELS: Mapping[Level, str] = {
    "behaviour": "behaviour",
    "state": "state, which only a debugger sees",
}


def title(patch: Patch) -> str:
    """The patch's subject; for a group of commits the name of its file, which stands for all."""
    return words.escape(patch.title)


def day(patch: Patch) -> str:
    """The date of a patch without weekday, time and zone: "14 May 2012"."""
    return words.escape(" ".join(patch.date.partition(",")[2].split()[:3]))


def titles(step: Iterable[PatchChange]) -> str:
    """The titles of all patches of a step, most often one."""
    texts = [f"{'without ' if change.out else ''}{title(change.patch)}" for change in step]
    return " with ".join(texts)


def step_name(step: Iterable[PatchChange]) -> str:
    """The patches of a step by sha and subject."""
    return " and ".join(
        words.escape(label(change.patch)) + (" taken out" if change.out else "") for change in step
    )


def heading(step: Iterable[PatchChange]) -> list[str]:
    """A line for each patch of a step: sha, date, title."""
    lines = []
    for change in step:
        parts = (change.patch.sha[:8], day(change.patch), title(change.patch))
        lines.append("  ".join(filter(None, ("without" if change.out else "", *parts))))
    return lines


def by_change(
    effects: Iterable[Effect], bits: BitFields, to: str = "->"
) -> dict[str, list[Effect]]:
    """The effects by what they changed, in words."""
    groups: dict[str, list[Effect]] = {}
    for effect in effects:
        groups.setdefault(change(effect, bits, to), []).append(effect)
    return groups


def listed(effects: Iterable[Effect]) -> str:
    """Where effects are: "#2 drive0 and drive0.file, #5 drive0.backing_hd"."""
    by_seq: dict[int, list[str]] = {}
    for effect in effects:
        by_seq.setdefault(effect.seq, []).append(subject(effect))
    texts = [f"#{seq} {' and '.join(names)}" for seq, names in by_seq.items()]
    more = [f"{len(texts) - MOST} later ones"] if len(texts) > MOST else []
    return ", ".join([*texts[:MOST], *more])


def subject(effect: Effect) -> str:
    """What was changed."""
    match effect.place:
        case MachinePlace():
            return "the machine"
        case OutcomePlace():
            return words.event(effect.event)
        case FilePlace(path=path):
            return f"file {words.escape(path)}"
        case place:
            return words.path(place.path) + (
                f" [{words.escape(effect.file)}]" if effect.file else ""
            )


def change(effect: Effect, bits: BitFields, to: str = "->") -> str:
    """What was changed: "exists -> unlinked", "open_flags +TEMPORARY -SNAPSHOT"."""
    sides = (effect.before, effect.after)
    match effect.place:
        case FieldPlace(field=field) if field in bits:
            return f"{words.escape(field)} {_flags(effect)}"
        case OutcomePlace():
            return f" {to} ".join(words.outcome(o["status"], o.get("value"), o) for o in sides)
        case MachinePlace():
            return f" {to} ".join("runs" if value else "is gone" for value in sides)
    text = f" {to} ".join(map(words.of_field(effect.place), sides))
    return text if is_whole(effect.place) else f"{words.escape(effect.place.field)} {text}"


def is_whole(place: Place) -> bool:
    """Whether the path alone says what is meant: a node's or file's existence, an edge."""
    return place.field in ("existence", "target")


def _flags(effect: Effect) -> str:
    signs = [*(f"+{flag}" for flag in effect.after), *(f"-{flag}" for flag in effect.before)]
    return words.escape(" ".join(signs))


def phrases(done: PatchEffects, bits: BitFields) -> list[str]:
    """What a patch did in a few words, each once."""
    return list(dict.fromkeys(phrase(effect, bits) for effect in done.effects))


def phrase(effect: Effect, bits: BitFields) -> str:
    """An effect in the fewest words: where it ended."""
    path, field = words.path(effect.place.path), effect.place.field
    match effect.place:
        case FieldPlace():
            return _flags(effect) if field in bits else words.escape(field)
        case OutcomePlace():
            status, value = effect.after["status"], effect.after.get("value")
            return f"{path} {words.outcome(status, value, effect.after)}"
        case NodePlace() | FilePlace(field="existence"):
            return f"{path} {effect.after}"
        case EdgePlace():
            return subject(effect)
        case _:
            return f"{subject(effect)} {words.escape(field)}"
