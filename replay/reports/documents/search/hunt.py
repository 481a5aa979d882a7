"""The document of hunts."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from replay.analysis.search.finding import HuntFinding
from replay.analysis.search.goal import ANY, BEHAVIOUR
from replay.analysis.search.hunt import Reach
from replay.analysis.search.level import Counts
from replay.engine.trace import Player
from replay.events.event import Payload
from replay.reports import words
from replay.reports.documents.common import VariantId
from replay.reports.documents.effects import step_name
from replay.reports.documents.search.sighting import SightingReport, sighting_report
from replay.variants.path import PatchChange


class FindingReport(Struct, frozen=True):
    """A cause: its name, the log that is known to show it, and the shortest log that does.

    `explained` is why a build of today differs from the model, "" if that is not known.

    `first` is where the variants first differ in more than fields, `sighting` where it can be
    noticed; `by` are the patches in words, `sequences` how many kinds of sequence show it, `kept`
    where its log is.
    """

    name: str
    known: str
    start: str
    steps: tuple[str, ...]
    events: tuple[Payload, ...]
    fingerprint: str
    first: SightingReport
    sighting: SightingReport
    changes: tuple[PatchChange, ...]
    by: str
    sequences: int
    kept: str
    explained: str

    @property
    def standing(self) -> str:
        """In words: explained, or known and as what, or new."""
        if self.explained:
            return f"explained: {self.explained}"
        return f"known, as in {words.escape(self.known)}" if self.known else "new"


class HuntReport(Struct, frozen=True):
    """What was hunted for, over what, how far, what that took, and what was found.

    `depth` and `sequences` are None for random walks; `exhausted` says that there is no more.
    """

    variants: tuple[VariantId, ...]
    goal: str
    verdict: str
    alphabet: str
    starts: tuple[str, ...]
    depth: int | None
    sequences: int | None
    exhausted: bool
    counts: Counts
    findings: tuple[FindingReport, ...]


class HuntReports(Struct, frozen=True):
    """The reports of hunts, one or many."""

    hunts: tuple[HuntReport, ...]


class HuntGround(Struct, frozen=True):
    """What a hunt is about: the variants, the goal in words, the alphabet's file, the starts."""

    variants: tuple[Player, ...]
    goal: str
    alphabet: str
    starts: tuple[str, ...]
    random: bool = False


def hunt_report(
    ground: HuntGround, reach: Reach, findings: Sequence[HuntFinding], kept: Sequence[str]
) -> HuntReport:
    """The report of a hunt; `kept` has for each finding the words that say where its log is."""
    return HuntReport(
        variants=tuple(
            VariantId(item.name, item.revision, item.digest) for item in ground.variants
        ),
        goal=ground.goal,
        verdict=verdict(ground, reach, len(findings)),
        alphabet=ground.alphabet,
        starts=ground.starts,
        depth=None if ground.random else reach.depth,
        sequences=None if ground.random else reach.sequences,
        exhausted=reach.exhausted and not ground.random,
        counts=reach.counts,
        findings=tuple(map(_finding, findings, kept)),
    )


def _finding(finding: HuntFinding, kept: str) -> FindingReport:
    log = finding.shrunk.log
    return FindingReport(
        name=log.name,
        known=finding.known,
        start=finding.start,
        steps=finding.steps,
        events=tuple(event.payload for event in log.events),
        fingerprint=log.fingerprint,
        first=sighting_report(finding.first, log),
        sighting=sighting_report(finding.shrunk.sighting, log),
        changes=finding.changes,
        by=step_name(finding.changes),
        sequences=finding.sequences,
        kept=kept,
        explained=finding.explained,
    )


AGREEMENTS = {ANY: "everything", BEHAVIOUR: "everything that a guest or a user can notice"}
"""On what variants agree if they have no such difference."""


def verdict(ground: HuntGround, reach: Reach, count: int) -> str:
    """What holds of the variants as far as was looked, with a full stop or a colon."""
    names = words.listing([variant.name for variant in ground.variants])
    end = f", except for {'this one' if count == 1 else f'these {count}'}:" if count else "."
    if ground.random:
        number = words.count(count, "cause")
        return f"In {names} random walks found {number} of {words.escape(ground.goal)}" + (
            ":" if count else "."
        )
    depth = words.count(reach.depth, "step")
    where = f"up to {depth} from {words.count(len(ground.starts), 'start')} of this alphabet"
    if ground.goal in AGREEMENTS:
        return f"{names} agree on {AGREEMENTS[ground.goal]}, {where}{end}"
    return f"In {names} there is nowhere {words.escape(ground.goal)}, {where}{end}"


def work(report: HuntReport) -> Iterator[str]:
    """How far the hunt went, and what spared it work."""
    counts = report.counts
    steps = f"{words.count(counts.tried, 'step')}, {words.count(counts.states, 'joint state')}"
    if report.sequences is None:
        yield steps
        return
    more = "; there are no more" if report.exhausted else ""
    yield f"{words.count(report.sequences, 'sequence')} by {steps}{more}"
    if counts.unknown:
        steps = words.count(counts.unknown, "step")
        yield f"{steps} left out since not all can do them, or not the same each time"
    names = _factor(counts.tried + counts.by_name, counts.tried)
    orders = _factor(counts.tried + counts.by_order, counts.tried)
    yield (
        f"{counts.by_name} steps left out since another name stands for them ({names} times as"
        f" many otherwise), {counts.by_order} since another order does ({orders} times);"
        f" {_factor(counts.tried, counts.states)} steps to each joint state"
    )


def _factor(whole: int, part: int) -> str:
    return f"{whole / part:.1f}" if part else "-"
