"""replay explain, bisect and check; one file each once they share cli/session.py."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from replay.analysis.bisect import about_check, about_place, bisect, culprits
from replay.analysis.checks import breaches, load_checks
from replay.analysis.explain import explain
from replay.api import headline_place
from replay.cli import arguments
from replay.cli.app import DIFFERS, LogWord, OutputFile, Session, app, notify, print_result
from replay.cli.commands.run import FormatOption, Forms, OutputFormat
from replay.cli.progress_bar import with_progress
from replay.engine.places import Target, find_target, flags_of, outcome_of, spelled
from replay.engine.replay import Trace, replay
from replay.errors import ReplayError
from replay.reports import bisection as bisecting
from replay.reports import checks as checking
from replay.reports import explanation as explaining
from replay.variants.variant import Subject, Variant, parse_range, resolve

BISECTIONS: Forms[bisecting.BisectReport] = {
    OutputFormat.TEXT: bisecting.text,
    OutputFormat.JSON: bisecting.json,
}
EXPLANATIONS: Forms[explaining.ExplainReport] = {
    OutputFormat.TEXT: explaining.text,
    OutputFormat.JSON: explaining.json,
}
CHECKS: Forms[Sequence[checking.CheckReport]] = {
    OutputFormat.TEXT: checking.text,
    OutputFormat.JSON: checking.json,
}
At = Annotated[str | None, typer.Option(metavar="REV", help="Default: the last named.")]
ChecksFile = Annotated[
    Path | None, typer.Option("--checks", metavar="FILE", help="Default: the subject's checks.py.")
]


@app.command("check")
def check_logs(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="LOG...")] = None,
    every: Annotated[bool, typer.Option("--all", help="All stored logs.")] = False,
    at: At = None,
    checks: ChecksFile = None,
    find_patch: Annotated[
        bool, typer.Option("--bisect", help="For each breach the patch that brought it.")
    ] = False,
    format: FormatOption = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Look for states that breach an invariant; exit with 1 if there are."""
    session: Session = context.obj
    subject = session.subject()
    variant = resolve(subject, at or last_named(subject), session.named)
    file = checks or subject.directory / "checks.py"
    loaded = load_checks(file, variant)
    with session.store() as store:
        stored = [info.name for info in store.logs()]
        matching = [name for word in names or [] for name in arguments.matching_names(stored, word)]
        chosen = stored if every else matching
        logs = [log for name in chosen for log in arguments.open_logs(store, name, notify)]
    if not logs:
        raise ReplayError("no log to check", do="name one, or import some and say --all")
    reports = []
    for log in with_progress(logs, len(logs), "logs"):
        trace = replay(log, variant, with_progress)
        found = breaches(trace, loaded, with_progress)
        brought = culprits(trace, file, found) if find_patch else {}
        reports.append(checking.check_report(trace, loaded, found, brought))
    print_result(CHECKS[format](reports), output)
    if any(report.breaches for report in reports):
        raise typer.Exit(DIFFERS)


@app.command("bisect")
def bisect_log(
    context: typer.Context,
    name: LogWord,
    between: Annotated[
        str | None, typer.Argument(metavar="A..B", help="Default: the first and last named.")
    ] = None,
    check: Annotated[str | None, typer.Option(metavar="NAME", help="A check's breach.")] = None,
    outcome: Annotated[int | None, typer.Option(metavar="SEQ", help="An event's outcome.")] = None,
    field: Annotated[str | None, typer.Option(metavar="PATH.FIELD[.FLAG]")] = None,
    file: Annotated[str | None, typer.Option(metavar="NAME", help="An image file.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every patch that changes it.")] = False,
    checks: ChecksFile = None,
    format: FormatOption = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Find the patch that changes something; by default what the headline of the diff tells."""
    session: Session = context.obj
    subject = session.subject()
    variants = ends_of(between, subject, session.named)
    with session.store() as store:
        log = arguments.open_log(store, name, notify)
    before, after = (replay(log, variant, with_progress) for variant in variants)
    ends = (before, after)
    if sum(option is not None for option in (check, outcome, field, file)) > 1:
        raise ReplayError("a bisection is about one thing", do="give one option")
    if check is not None:
        about, target = check, None
        question = about_check(checks or subject.directory / "checks.py", check)
    else:
        target, seq = place_of(ends, outcome, field or file)
        about, question = spelled(target), about_place(ends, target, seq)
    found = bisect(ends, question, every, with_progress)
    print_result(BISECTIONS[format](bisecting.bisect_report(ends, about, found, target)), output)


@app.command("explain")
def explain_place(
    context: typer.Context,
    name: LogWord,
    words: Annotated[list[str] | None, typer.Argument(metavar="[PATH.FIELD] [A..B]")] = None,
    at: At = None,
    seq: Annotated[int | None, typer.Option(metavar="SEQ", help="Default: the last.")] = None,
    format: FormatOption = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Tell why a field, a flag, a node or a file is as it is; or with --seq alone, an outcome."""
    session: Session = context.obj
    subject = session.subject()
    what, between = split_words(words or [])
    if between is not None and at is not None:
        raise ReplayError("--at and a range exclude each other", do="give one of them")
    variants = (
        ends_of(between, subject, session.named)
        if between is not None
        else (resolve(subject, at or last_named(subject), session.named),)
    )
    with session.store() as store:
        log = arguments.open_log(store, name, notify)
    traces = [replay(log, variant, with_progress) for variant in variants]
    targets = explained(what, traces, seq)
    told = [[explain(trace, target, seq) for trace in traces] for target in targets]
    print_result(EXPLANATIONS[format](explaining.explain_report(told)), output)


def split_words(words: Sequence[str]) -> tuple[str | None, str | None]:
    """What is asked about, and the range, if they are given."""
    place = next((n for n in reversed(range(len(words))) if parse_range(words[n])), None)
    what = [word for n, word in enumerate(words) if n != place]
    if len(what) > 1:
        raise ReplayError(f"{' and '.join(what)} are too much", do="name one thing and a range")
    return (what[0] if what else None), (words[place] if place is not None else None)


def explained(what: str | None, traces: Sequence[Trace], seq: int | None) -> tuple[Target, ...]:
    """What is to be explained: of a bit field, each flag that is set somewhere."""
    if what is not None:
        return flags_of(find_target(what, traces), traces, seq)
    if seq is None:
        raise ReplayError("nothing is asked about", do="name PATH.FIELD, or an event with --seq")
    return (outcome_of(traces[0], seq),)


def place_of(
    ends: tuple[Trace, Trace], outcome: int | None, name: str | None
) -> tuple[Target, int | None]:
    """The place that a bisection is about, and its event if that is given; else the headline's."""
    if outcome is not None:
        return outcome_of(ends[0], outcome), outcome
    if name is not None:
        return find_target(name, ends), None
    return headline_place(ends)


def ends_of(
    between: str | None, subject: Subject, named: Mapping[str, str]
) -> tuple[Variant, Variant]:
    """The two variants of a range. Raises ReplayError if it is none."""
    names = tuple(subject.config.variants)
    ends = (names[0], names[-1]) if between is None else parse_range(between)
    if ends is None:
        raise ReplayError(f"{between} is no range", do="write it as before..after")
    return resolve(subject, ends[0], named), resolve(subject, ends[1], named)


def last_named(subject: Subject) -> str:
    """The variant that commands on one revision are about by default."""
    return tuple(subject.config.variants)[-1]
