"""replay shrink."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from replay.analysis.play import play
from replay.analysis.search.goal import FORMS, Goal, parse_goal, same_way
from replay.analysis.search.shrink import Shrunk, shrink
from replay.api import headline_difference
from replay.cli.app import app, print_result
from replay.cli.completion import complete_variants
from replay.cli.interrupts import Interrupted
from replay.cli.options import ChecksFile, LogWord, format_option
from replay.cli.players import Player, QemuOption
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.cli.terminal import print_note
from replay.cli.work.pools import Scheduler, Workers, pool_of
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace, Trace
from replay.errors import ReplayError
from replay.events.event import Log, LogHeader
from replay.events.json_form import native_lines
from replay.files import deliver
from replay.reports import words
from replay.reports.documents.headline import divergence_sentence
from replay.reports.documents.search.shrink import shrink_report
from replay.reports.rendering import OutputFormat, render
from replay.workers import Pool

ReportFormat = Annotated[OutputFormat, format_option("ShrinkReport")]

GoalOption = Annotated[
    str | None,
    typer.Option("--goal", metavar="GOAL", help=f"Default: the headline. One of: {FORMS}."),
]


@app.command("shrink")
def shrink_log(
    context: typer.Context,
    name: LogWord,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[A..B | A B ...]", autocompletion=complete_variants, help="Default: all named."
        ),
    ] = None,
    goal: GoalOption = None,
    checks: ChecksFile = None,
    binary: QemuOption = None,
    workers: Workers = "auto",
    scheduler: Scheduler = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the log there.")
    ] = None,
    format: ReportFormat = OutputFormat.TEXT,
) -> None:
    """Find the shortest log that still differs in the same way; Ctrl-C keeps the best so far."""
    session: Session = context.obj
    players = session.players(words or (), binary)
    log = session.log(name)
    traces = play(players, log)
    wanted_goal = goal_of(session, traces, goal, checks)
    models = [partial(replay, variant=it.variant) for it in traces if isinstance(it, ModelTrace)]
    if len(models) == len(traces):
        pool = pool_of(session, workers, scheduler)
        best = shortest(log, models, wanted_goal, pool)
    else:
        best = shortest(log, players, wanted_goal)
    shorter = named(best.log, f"{log.name}-shrunk", log, wanted_goal)
    stored_as = keep(session, shorter, output, [trace.player.name for trace in traces])
    document = shrink_report(traces, wanted_goal.words, replace(best, log=shorter), stored_as)
    print_result(render(document, format))


def goal_of(
    session: Session, traces: Sequence[Trace], goal: str | None, checks: Path | None
) -> Goal:
    """The goal that a user writes, by default the way in which the headline says they differ."""
    if goal is not None:
        return parse_goal(goal, session.variant(None), checks)
    if len(traces) == 1:
        what = f"only one variant, {traces[0].player.name}"
        raise ReplayError(what, do="name another, or a --goal that one can have: crash, check NAME")
    first = headline_difference(traces)
    event = traces[0].log.events[first.first_seq - 1].payload
    return same_way(divergence_sentence(first, event), first.place, first.values)


def shortest(log: Log, players: Sequence[Player], goal: Goal, pool: Pool | None = None) -> Shrunk:
    """The last log of a shrinking, or the best so far when it is interrupted."""
    best: list[Shrunk] = []
    try:
        shorter = shrink(log, players, goal, pool)
        for _ in with_progress(_gone(log, shorter, best), len(log.events), "events dropped"):
            pass
    except Interrupted as signal:
        if not best:
            raise
        print_note(f"replay: ended by {signal}; this is the shortest log so far")
    return best[-1]


def _gone(log: Log, shorter: Iterable[Shrunk], best: list[Shrunk]) -> Iterator[int]:
    """A number for each event that could go; the shortest log so far is put into `best`."""
    left = len(log.events)
    for shrunk in shorter:
        best[:] = [shrunk]
        yield from range(left - len(shrunk.log.events))
        left = len(shrunk.log.events)


def named(shorter: Log, name: str, whole: Log, goal: Goal) -> Log:
    """The shorter log under a name of its own, its description says what it is."""
    about = f"{whole.name} ({whole.fingerprint[:8]}), shrunk after {goal.words}"
    return replace(shorter, name=name, header=LogHeader(name, about))


def keep(session: Session, log: Log, output: Path | None, players: Sequence[str]) -> str:
    """Writes the log into a file, or else into the store; where it is, and how to see it."""
    if output is not None:
        deliver(native_lines(log), output)
        return f"written to {words.escape(str(output))}"
    stored = session.keep(log)
    see = (
        f"diff {' '.join(players)} {stored}"
        if len(players) > 1
        else f"run {stored} --at {players[0]}"
    )
    return f"stored as {words.escape(stored)}: replay {words.escape(see)}"
