"""What a search is after: a way to differ, a crash, or the breach of a check."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from replay.analysis.checks import Breach, Checks, breaches, check_named, load_checks, needs_all
from replay.engine.diff import diff
from replay.engine.places import (
    FieldPlace,
    FilePlace,
    Level,
    MachinePlace,
    OutcomePlace,
    Place,
    comparable,
    label,
)
from replay.engine.trace import ModelTrace, Outcome, Trace
from replay.errors import ReplayError
from replay.events.event import Await, Notice
from replay.variants.variant import Variant


class CheckPlace(Place, frozen=True):
    """What a check is about; the field is the check's name. The value is breached or holds."""

    kind: ClassVar[str] = "check"
    level: ClassVar[Level] = "behaviour"

    @property
    def order(self) -> int:
        """Before all others."""
        return -1


class Sighting(Struct, frozen=True):
    """Where a goal is reached: the event, the place, and its value in each player."""

    seq: int
    place: Place
    values: Mapping[str, Any]


Accept = Callable[[Place, Mapping[str, Any]], bool]
"""Whether a difference, by its place and its value in each player, is what is looked for."""


class Goal(Struct, frozen=True):
    """What is looked for, in words. `accepts` judges a difference, `sightings` whole traces.

    Of a goal about `whole` traces `accepts` takes nothing. `of_behaviour` says that it is about
    nothing but what a guest or a user can notice, `certain` that no clock has a say in it.
    """

    words: str
    accepts: Accept
    sightings: Callable[[Sequence[Trace]], Iterator[Sighting]]
    of_behaviour: bool = True
    whole: bool = False
    certain: bool = False

    def first(self, traces: Sequence[Trace]) -> Sighting | None:
        """The first event at which traces of one log reach it, None if they never do."""
        return next(self.sightings(traces), None)


FORMS = (
    "behaviour, outcome, file, gone, data, read, refusal, crash, any, "
    "field [PATH.FIELD], check NAME"
)
"""How goals are written."""


def parse_goal(text: str, variant: Variant, checks: Path | None = None) -> Goal:
    """The goal that a user writes, for searches in this variant or beside it.

    Raises ReplayError with what there is for a word that is no goal, NotFound for an unknown
    check.
    """
    word, _, rest = text.strip().partition(" ")
    if word == "crash" and not rest:
        return Goal("a crash", _crashes, _crash_sightings)
    if word == "check" and rest:
        file = checks or variant.subject.directory / "checks.py"
        name = check_named(load_checks(file, variant), rest.strip()).name
        sightings = partial(_breach_sightings, file, name, variant)
        return Goal(f"a breach of the check {name}", _nothing, sightings, whole=True)
    if word == "field":
        path = rest.strip()
        return difference_goal(path or "a field", partial(_is_field, path), of_behaviour=False)
    if word not in DIFFERENCES or rest:
        raise ReplayError(f"{text!r} is no goal", do=f"goals are {FORMS}")
    words, accepts = DIFFERENCES[word]
    return difference_goal(words, accepts, word != "any")


def difference_goal(words: str, accepts: Accept, of_behaviour: bool = True) -> Goal:
    """The goal that players differ in such a way."""
    return Goal(words, accepts, partial(_differing, accepts), of_behaviour)


def same_way(words: str, place: Place, values: Mapping[str, Any]) -> Goal:
    """The goal that players differ as they do there, in words; names do not count."""
    accepts = partial(_is_way, way(place, values), place.flag)
    return difference_goal(words, accepts, place.level == "behaviour")


def _is_way(wanted: tuple[Any, ...], flag: str, place: Place, values: Mapping[str, Any]) -> bool:
    return way(place, values, flag) == wanted


def way(place: Place, values: Mapping[str, Any], flag: str = "") -> tuple[Any, ...]:
    """In which way players differ: all that counts but the names of files and of roots.

    Of a value that is data or a number only which players have the same.
    """
    shapes = tuple(_shape(place, value) for value in values.values())
    alike = tuple(list(values.values()).index(value) for value in values.values())
    return place.kind, _role(place), place.field, place.flag or flag, shapes, alike


def _role(place: Place) -> str:
    """The path without the name of a file or root."""
    match place:
        case FilePlace() | CheckPlace():
            return ""
        case OutcomePlace(path=path):
            words = path.split()
            return " ".join(words[:2]) if words[0] in ("guest", "internal", "await") else path
        case _:
            return place.path.partition(".")[2]


def _shape(place: Place, value: Any) -> Any:
    if isinstance(place, OutcomePlace) and isinstance(value, Mapping):
        result = value.get("value")
        read = result.get("pattern") if isinstance(result, Mapping) else None
        kind = "zeros" if read == 0 else type(read).__name__
        return value.get("status"), value.get("class"), value.get("errno"), kind
    return value if isinstance(value, str) and place.field == "existence" else type(value).__name__


WAITS = Await | Notice
"""What does the same while a job goes on, however fast that is."""


def certain_goal(goal: Goal) -> Goal:
    """The goal, up to the first command that a program is given while a job of it goes on.

    What comes of that depends on how fast the machine is.
    """

    def sightings(traces: Sequence[Trace]) -> Iterator[Sighting]:
        last = min(map(_certain_until, traces))
        return (item for item in goal.sightings(traces) if item.seq <= last)

    return replace(goal, sightings=sightings, certain=True)


def _certain_until(trace: Trace) -> int:
    """How many events of a trace come of what the log says alone."""
    steps = trace.steps
    for index in range(1, len(steps)):
        is_moving = trace.view_at(index - 1) is None
        if is_moving and not isinstance(steps[index].event.payload, WAITS):
            return index
    return len(steps)


# Differences


def _differing(accepts: Accept, traces: Sequence[Trace]) -> Iterator[Sighting]:
    for divergence in diff(*traces).divergences:
        if accepts(divergence.place, divergence.values):
            yield Sighting(divergence.first_seq, divergence.place, divergence.values)


def _nothing(_place: Place, _values: Mapping[str, Any]) -> bool:
    return False


def _is_any(_place: Place, _values: Mapping[str, Any]) -> bool:
    return True


def _is_behaviour(place: Place, values: Mapping[str, Any]) -> bool:
    return place.level == "behaviour" and not _limited(values)


def _is_outcome(place: Place, values: Mapping[str, Any]) -> bool:
    return isinstance(place, OutcomePlace | MachinePlace) and not _limited(values)


def _is_file(place: Place, _values: Mapping[str, Any]) -> bool:
    return isinstance(place, FilePlace)


def _is_gone(place: Place, values: Mapping[str, Any]) -> bool:
    return isinstance(place, FilePlace) and {"unlinked", "exists"} <= {*map(str, values.values())}


def _is_data(place: Place, values: Mapping[str, Any]) -> bool:
    in_file = isinstance(place, FilePlace) and place.field == "data"
    return in_file or _is_gone(place, values) or _is_read(place, values)


def _is_read(place: Place, values: Mapping[str, Any]) -> bool:
    return isinstance(place, OutcomePlace) and all(map(_has_pattern, values.values()))


def _has_pattern(outcome: Any) -> bool:
    value = outcome.get("value") if isinstance(outcome, Mapping) else None
    return isinstance(value, Mapping) and "pattern" in value


def _is_refusal(place: Place, values: Mapping[str, Any]) -> bool:
    return "refused" in _statuses(place, values) and not _limited(values)


def _is_field(text: str, place: Place, _values: Mapping[str, Any]) -> bool:
    """Whether it is that field, named from the root or from below it; any if none is named."""
    name = f"{place.path}.{place.field}"
    is_named = not text or name == text or name.endswith(f".{text}")
    return isinstance(place, FieldPlace) and is_named


def _statuses(place: Place, values: Mapping[str, Any]) -> set[Any]:
    if not isinstance(place, OutcomePlace):
        return set()
    return {value.get("status") for value in values.values() if isinstance(value, Mapping)}


def _limited(values: Mapping[str, Any]) -> bool:
    """Whether one is a limit of this program, which is no behaviour of anybody's."""
    outcomes = (value for value in values.values() if isinstance(value, Mapping))
    return any(value.get("status") == "stopped" for value in outcomes)


def is_limit(outcome: Outcome | None) -> bool:
    """Whether an event ended at a limit of this program, so that nothing is known of it."""
    return outcome is not None and _limited({"": comparable(outcome)})


ANY = "any difference"
BEHAVIOUR = "a difference that a guest or a user can notice"
DIFFERENCES: Mapping[str, tuple[str, Accept]] = {
    "any": (ANY, _is_any),
    "behaviour": (BEHAVIOUR, _is_behaviour),
    "outcome": ("an outcome that differs", _is_outcome),
    "file": ("a file that differs", _is_file),
    "gone": ("a file that one lacks", _is_gone),
    "data": ("data that differ", _is_data),
    "read": ("a guest that reads something else", _is_read),
    "refusal": ("a refusal that another has not", _is_refusal),
}


# Crashes


def _crashes(place: Place, values: Mapping[str, Any]) -> bool:
    return "crashed" in _statuses(place, values) and not _limited(values)


def _crash_sightings(traces: Sequence[Trace]) -> Iterator[Sighting]:
    """Events at which one crashes; of several players not all do."""
    for steps in zip(*(trace.steps for trace in traces), strict=True):
        outcomes = [step.outcome for step in steps]
        crashed = [has_crashed(outcome) for outcome in outcomes]
        if any(crashed) and (len(traces) == 1 or not all(crashed)):
            names = [trace.player.name for trace in traces]
            values = dict(zip(names, map(_comparable, outcomes), strict=True))
            yield Sighting(steps[0].seq, OutcomePlace(label(steps[0].event.payload)), values)


def has_crashed(outcome: Outcome | None) -> bool:
    """Whether the machine died, and not of a limit of this program."""
    return outcome is not None and outcome.status == "crashed" and not is_limit(outcome)


def _comparable(outcome: Outcome | None) -> Any:
    return None if outcome is None else comparable(outcome)


# Checks

BREACHED, HOLDS = "breached", "holds"


def _breach_sightings(
    file: Path, name: str, variant: Variant, traces: Sequence[Trace]
) -> Iterator[Sighting]:
    """The first breach of a check, which of several traces not all have."""
    first_breaches = {trace.player.name: _breach(trace, file, name, variant) for trace in traces}
    breached = [breach for breach in first_breaches.values() if breach is not None]
    if breached and (len(first_breaches) == 1 or len(breached) < len(first_breaches)):
        first = min(breached, key=lambda breach: breach.first_seq)
        answers = {
            player: HOLDS if item is None else BREACHED for player, item in first_breaches.items()
        }
        yield Sighting(first.first_seq, CheckPlace(first.path, name), answers)


def _breach(trace: Trace, file: Path, name: str, variant: Variant) -> Breach | None:
    """The first breach in a trace, that of a real machine in the terms of this variant.

    Raises ReplayError for a check that can't be asked about a real machine.
    """
    checks = _loaded(file, trace.variant if isinstance(trace, ModelTrace) else variant)
    if not isinstance(trace, ModelTrace) and needs_all(check_named(checks, name)):
        raise ReplayError(f"{name} can't be asked about {trace.player.name}")
    return next((b for b in breaches(trace, checks) if b.check.name == name), None)


# A search asks for the same checks at every log that it tries.
@lru_cache(maxsize=64)
def _loaded(file: Path, variant: Variant) -> Checks:
    return load_checks(file, variant)
