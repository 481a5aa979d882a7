"""What replay bisect does with --builds."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from replay.analysis.bisect import BREACHED, HOLDS
from replay.analysis.bisect_builds import BuildSearch, TraceQuestion
from replay.analysis.checks import breaches, check_named, load_checks, needs_all
from replay.api import headline_place
from replay.cli.session import Session
from replay.engine.find_place import find_place, outcome_of, value_after
from replay.engine.places import Place
from replay.engine.trace import Trace
from replay.errors import ReplayError
from replay.reports import words
from replay.reports.documents.search.build_bisection import (
    BuildBisectionReport,
    build_bisection_report,
)
from replay.variants.expression import parse_machine


class BuildQuestion(Struct, frozen=True):
    """What a bisection is about: a check, an event's outcome or a place by its name."""

    check: str | None
    outcome: int | None
    name: str | None
    every: bool
    checks: Path | None


def over_builds(
    session: Session, name: str, builds: str, wanted: BuildQuestion
) -> BuildBisectionReport:
    """The bisection of a log over builds: variant expressions, names for them, or paths."""
    log = session.log(name)
    given = builds.split(",")
    if len(given) < 2:
        raise ReplayError("one build is nothing to search in", do="name at least two")
    expressions = [word if parse_machine(word, session.named) else f"qemu:{word}" for word in given]
    search = BuildSearch([partial(session.player(word), log) for word in expressions])
    bits: Mapping[str, int] = {}
    if wanted.check is not None:
        about, question = wanted.check, breach_of(session, wanted)
    else:
        ends = (search.trace(0), search.trace(len(given) - 1))
        place, seq = place_of(ends, wanted.outcome, wanted.name)
        seq = seq or first_difference(place, ends)
        about, question = (
            f"{words.place(place)} at #{seq}",
            partial(value_after, seq=seq, place=place),
        )
        bits = {} if place.flag else session.subject().config.bits.get(place.field, {})
    changes = search.changes(question, wanted.every)
    return build_bisection_report(about, search.answers(question), changes, len(given), bits)


def breach_of(session: Session, wanted: BuildQuestion) -> TraceQuestion:
    """Whether a check is breached, and where first."""
    variant = session.variant(None)
    loaded = load_checks(wanted.checks or variant.subject.directory / "checks.py", variant)
    check = check_named(loaded, wanted.check or "")
    if needs_all(check):
        raise ReplayError(f"{check.name} can't be asked about a real machine")

    def answer(trace: Trace) -> Any:
        first = next((b for b in breaches(trace, loaded) if b.check == check), None)
        return f"{BREACHED} on {first.path} from #{first.first_seq}" if first else HOLDS

    return answer


def first_difference(place: Place, ends: tuple[Trace, Trace]) -> int:
    """The first event after which a place differs in two traces, by default the last event."""
    start, end = ends
    seqs = range(1, len(start.steps) + 1)
    differing = (n for n in seqs if value_after(start, n, place) != value_after(end, n, place))
    return next(differing, len(start.steps))


def place_of(
    ends: tuple[Trace, Trace], outcome: int | None, name: str | None
) -> tuple[Place, int | None]:
    """The place that a bisection is about, and its event if that is given; else the headline's."""
    if outcome is not None:
        return outcome_of(ends[0], outcome), outcome
    if name is not None:
        return find_place(name, ends), None
    return headline_place(ends)
