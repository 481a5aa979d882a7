"""replay hunt."""

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from replay.analysis.attribute import Cause
from replay.analysis.baseline import AcceptedEffect, PatchEffect, read_baseline
from replay.analysis.play import play
from replay.analysis.search.finding import HuntFinding, RawFinding, findings
from replay.analysis.search.goal import FORMS, Goal, certain_goal, parse_goal
from replay.analysis.search.hunt import grounds_of, raw_findings, reach
from replay.api import read_logs
from replay.cli.app import DIFFERS, app, print_result
from replay.cli.commands.search.shrink import keep
from replay.cli.completion import complete_variants
from replay.cli.options import ChecksFile, OutputFile, format_option
from replay.cli.players import Player
from replay.cli.progress_bar import is_interactive, with_progress
from replay.cli.session import Session
from replay.cli.terminal import print_note
from replay.cli.work.hunts import HuntOptions, Sides, levels_of, models
from replay.cli.work.pools import Scheduler, Workers, pool_of
from replay.engine.places import label
from replay.errors import ReplayError
from replay.events.event import Log, LogHeader
from replay.reports import words as wording
from replay.reports.documents.search.hunt import (
    HuntGround,
    HuntReport,
    HuntReports,
    hunt_report,
)
from replay.reports.documents.search.sighting import sighting_sentence
from replay.reports.rendering import OutputFormat, render
from replay.variants.alphabet import Alphabet, read_alphabet
from replay.variants.expression import VariantSpec
from replay.variants.variant import Variant, build, parse_machine, parse_range

ReportFormat = Annotated[OutputFormat, format_option("HuntReports")]


@app.command("hunt")
def hunt_variants(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[A..B | A B | A]", autocompletion=complete_variants, help="Default: last two."
        ),
    ] = None,
    depth: Annotated[int, typer.Option(metavar="N", min=1, help="Steps of a sequence.")] = 3,
    goal: Annotated[
        str | None,
        typer.Option(metavar="GOAL", help=f"Default: behaviour; of one, crash. One of: {FORMS}."),
    ] = None,
    check: Annotated[
        str | None, typer.Option(metavar="NAME", help="The goal that a check is breached.")
    ] = None,
    alphabet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: the subject's alphabet.jsonl.")
    ] = None,
    start: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only these starts of it.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option("--time", metavar="SECONDS", help="Begin no more after that.")
    ] = None,
    workers: Workers = "auto",
    scheduler: Scheduler = None,
    neighbours: Annotated[
        bool, typer.Option("--neighbours", help="Between A and B each patch by itself.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option("--random", metavar="SEED", help="Random walks instead.")
    ] = None,
    runs: Annotated[int, typer.Option(metavar="N", min=1, help="So many random walks.")] = 500,
    file: Annotated[
        Path | None,
        typer.Option("--continue", metavar="FILE", help="Go on from there, and leave it there."),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What this file accepts is known.")
    ] = None,
    no_store: Annotated[bool, typer.Option("--no-store", help="Store no log.")] = False,
    checks: ChecksFile = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Look for the shortest sequences on which variants differ; exit with 1 if there are."""
    session: Session = context.obj
    sides = hunted(session, words or (), workers or 1)
    letters = chosen(read_alphabet(alphabet or default_alphabet(session)), start or ())
    text = f"check {check}" if check else goal or ("behaviour" if len(sides.names) > 1 else "crash")
    options = HuntOptions(
        depth=depth,
        seconds=seconds,
        pool=pool_of(session, workers, scheduler),
        seed=seed,
        runs=runs,
        file=file,
        known=read_baseline(baseline) if baseline else (),
        examples=examples(session),
        store=not no_store,
    )
    if sides.has_programs and (neighbours or file is not None or seed is not None):
        do = "leave --neighbours, --continue and --random out"
        raise ReplayError("real builds are hunted in by length alone", do=do)
    pairs = [sides]
    if neighbours:
        if file is not None:
            raise ReplayError("a hunt over neighbours cannot go on", do="leave --continue out")
        pairs = [models(pair) for pair in pairwise(between(*sides.models))]
    documents = []
    for pair in with_progress(pairs, len(pairs), "pairs"):
        accepted_goal = parse_goal(text, (*pair.models, session.variant(None))[-1], checks)
        if pair.has_programs:
            accepted_goal = certain_goal(accepted_goal)
        documents.append(hunted_document(session, pair, accepted_goal, letters, options))
    print_result(render(HuntReports(tuple(documents)), format), output)
    if any(document.findings for document in documents):
        raise typer.Exit(DIFFERS)


# What is hunted in


def hunted(session: Session, words: Sequence[str], workers: int) -> Sides:
    """One or two variants or builds, by default the last two that the subject names.

    Of builds there are as many as workers. Raises ReplayError for more than two.
    """
    sides = [side for word in words for side in parse_range(word) or (word,)]
    named = sides or [*session.subject().config.default_variants][-2:]
    if len(named) > 2:
        raise ReplayError(f"{len(named)} variants to hunt in", do="name one or two")
    machines = [parse_machine(word, session.named) for word in named]
    if any(machine is not None and machine.word == "recorded" for machine in machines):
        raise ReplayError("nothing was recorded of what is tried", do="name variants or builds")
    variants = [
        session.variant(word) for word, is_it in zip(named, machines, strict=True) if is_it is None
    ]
    if len(variants) == len(named):
        return models(variants)
    lanes = tuple(session.players(named) for _ in range(workers))
    return Sides(tuple(named), tuple(variants), lanes, has_programs=True)


def between(start: Variant, end: Variant) -> tuple[Variant, ...]:
    """All points of the series from one variant to another, both included."""
    depths = range(start.spec.depth, end.spec.depth + 1)
    series = start.subject.series.patches
    names = {depth: series[depth - 1].sha[:8] if depth else "base" for depth in depths}
    return tuple(
        build(start.subject, VariantSpec(depth), names[depth], names[depth]) for depth in depths
    )


def default_alphabet(session: Session) -> Path:
    """The subject's alphabet. Raises ReplayError if it has none."""
    path = session.subject().directory / "alphabet.jsonl"
    if not path.is_file():
        raise ReplayError("the subject has no alphabet", where=str(path), do="say --alphabet FILE")
    return path


def chosen(alphabet: Alphabet, names: Sequence[str]) -> Alphabet:
    """The alphabet with only the starts of these names, all if there are none.

    Raises ReplayError with what there is for an unknown name.
    """
    there = [start.name for start in alphabet.starts]
    for name in names:
        if name not in there:
            do = f"there are {', '.join(there)}"
            raise ReplayError(f"no start {name}", where=alphabet.file, do=do)
    if not names:
        return alphabet
    starts = tuple(start for start in alphabet.starts if start.name in names)
    digest = f"{alphabet.digest} {' '.join(start.name for start in starts)}"
    return replace(alphabet, starts=starts, digest=digest)


def examples(session: Session) -> tuple[Log, ...]:
    """The subject's examples, by name."""
    files = sorted((session.subject().directory / "examples").rglob("*.jsonl"))
    return tuple(log for file in files for log in read_logs(file))


# The hunt


def hunted_document(
    session: Session, sides: Sides, goal: Goal, alphabet: Alphabet, options: HuntOptions
) -> HuntReport:
    """Hunts, stores what was found, and says what there is to say."""
    grounds = grounds_of(sides.models, goal, alphabet)
    players = sides.lanes[0]
    begun = time.monotonic()
    levels = levels_of(sides, grounds, alphabet, options)
    how_far = reach(grounds, levels)
    took = max(time.monotonic() - begun, 0.001)
    note_speed(how_far.counts.tried, how_far.counts.states, took)
    raw = steady(raw_findings(grounds, levels), players, goal)
    shrunk_findings = findings(
        with_progress(raw, len(raw), "findings"), players, goal, options.examples
    )
    causes = [accepted(found, options.known) for found in named(shrunk_findings)]
    stored_as = [
        keep(session, item.shrunk.log, None, sides.names) if options.store else "not stored"
        for item in causes
    ]
    about = HuntGround(
        variants=tuple(trace.player for trace in play(players, grounds[0].log(()))),
        goal=goal.words,
        alphabet=alphabet.file,
        starts=tuple(start.name for start in alphabet.starts),
        random=options.seed is not None,
    )
    return hunt_report(about, how_far, causes, stored_as)


def steady(raw: Sequence[RawFinding], players: Sequence[Player], goal: Goal) -> list[RawFinding]:
    """The sequences that reach the goal again; a build that is not steady has others too."""
    again = [item for item in raw if goal.first(play(players, item.log)) is not None]
    if left := len(raw) - len(again):
        what = wording.count(left, "sequence")
        print_note(f"replay: {what} reached the goal once and not again")
    return again


def note_speed(steps: int, states: int, seconds: float) -> None:
    """Says on the terminal how fast it went: a report has nothing that a clock says."""
    if not is_interactive():
        return
    rates = f"{steps / seconds:.0f} steps and {states / seconds:.0f} joint states a second"
    print_note(f"replay: {seconds:.1f} s, {rates}")


# What came of it


def named(causes: Sequence[HuntFinding]) -> Iterator[HuntFinding]:
    """The findings, each with a log that has a name and says what it shows."""
    taken: set[str] = set()
    for found in causes:
        name = first = _name(found)
        count = 1
        while name in taken:
            count += 1
            name = f"{first}-{count}"
        taken.add(name)
        log = found.shrunk.log
        event = log.events[found.shrunk.sighting.seq - 1].payload
        header = LogHeader(
            name, f"found by a hunt: {sighting_sentence(found.shrunk.sighting, event)}"
        )
        shrunk = replace(found.shrunk, log=replace(log, name=name, header=header))
        yield replace(found, shrunk=shrunk)


def _name(found: HuntFinding) -> str:
    """The patch, the event and what first differs there: "7e3d98dd-drive-mirror-file"."""
    event = found.shrunk.log.events[found.first.seq - 1].payload
    by = [change.patch.sha[:8] or change.patch.name for change in found.changes[:1]] or ["hunt"]
    what = str(getattr(event, "name", "await")).replace("/", "_")
    return wording.escape("-".join((*by, what, found.first.place.kind)))[:100]


def accepted(found: HuntFinding, known: Sequence[AcceptedEffect]) -> HuntFinding:
    """The finding, which is known if a baseline accepts what its patches do there."""
    sighting, log = found.shrunk.sighting, found.shrunk.log
    if len(sighting.values) != 2 or not found.changes:
        return found
    cause = Cause(found.changes, *sighting.values.values())
    event = label(log.events[sighting.seq - 1].payload)
    effects = [
        PatchEffect(log.name, event, sighting.place, cause, change.patch)
        for change in found.changes
    ]
    if all(any(entry.covers(effect) for entry in known) for effect in effects):
        return replace(found, known="the baseline")
    return found
