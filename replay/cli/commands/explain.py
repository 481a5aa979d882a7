"""replay explain."""

from collections.abc import Sequence
from typing import Annotated

import typer

from replay.analysis.explain import explain
from replay.cli.app import app, print_result
from replay.cli.completion import complete_places_or_variants
from replay.cli.options import At, LogWord, OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.engine.find_place import find_place, flags_of, outcome_of
from replay.engine.places import Place
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace
from replay.errors import ReplayError
from replay.reports.documents.explain.explain import explain_report
from replay.reports.rendering import OutputFormat, render
from replay.variants.variant import parse_range

ReportFormat = Annotated[OutputFormat, format_option("ExplainReport")]


@app.command("explain")
def explain_place(
    context: typer.Context,
    name: LogWord,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH.FIELD] [A..B]", autocompletion=complete_places_or_variants),
    ] = None,
    revision: At = None,
    seq: Annotated[int | None, typer.Option(metavar="SEQ", help="Default: the last.")] = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Tell why a field, a flag, a node or a file is as it is; or with --seq alone, an outcome."""
    session: Session = context.obj
    what, between = split_words(words or [])
    if between is not None and revision is not None:
        raise ReplayError("--at and a range exclude each other", do="give one of them")
    variants = session.ends(between) if between is not None else (session.variant(revision),)
    log = session.log(name)
    traces = [replay(log, variant, with_progress) for variant in variants]
    targets = explained(what, traces, seq)
    explanations = [[explain(trace, target, seq) for trace in traces] for target in targets]
    print_result(render(explain_report(explanations), format), output)


def split_words(words: Sequence[str]) -> tuple[str | None, str | None]:
    """The thing to explain and the range, if they are given."""
    place = next((n for n in reversed(range(len(words))) if parse_range(words[n])), None)
    what = [word for n, word in enumerate(words) if n != place]
    if len(what) > 1:
        raise ReplayError(f"{' and '.join(what)} are too much", do="name one thing and a range")
    return (what[0] if what else None), (words[place] if place is not None else None)


def explained(what: str | None, traces: Sequence[ModelTrace], seq: int | None) -> tuple[Place, ...]:
    """What is to be explained: of a bit field, each flag that is set somewhere."""
    if what is not None:
        return flags_of(find_place(what, traces), traces, seq)
    if seq is None:
        raise ReplayError("nothing is asked about", do="name PATH.FIELD, or an event with --seq")
    return (outcome_of(traces[0], seq),)
