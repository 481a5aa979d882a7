"""Commands that tell causes: which invariants are breached, which patch it was, and why."""

from pathlib import Path
from typing import Annotated

import typer

from replay import arguments
from replay.checks import load_checks
from replay.cli.app import DIFFERS, Output, Session, app, emit, notify
from replay.cli.replays import Format, FormatOption
from replay.errors import ReplayError
from replay.replayer import replay
from replay.report import checking
from replay.variants import Subject, resolve

CHECKS = {Format.TEXT: checking.text, Format.JSON: checking.json}
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
    format: FormatOption = Format.TEXT,
    output: Output = None,
) -> None:
    """Look for states that breach an invariant; exit with 1 if there are."""
    session: Session = context.obj
    subject = session.subject()
    variant = resolve(subject, at or last_named(subject), session.named)
    loaded = load_checks(checks or subject.directory / "checks.py", variant)
    with session.store() as store:
        chosen = [info.name for info in store.logs()] if every else names or []
        logs = [log for name in chosen for log in arguments.open_logs(store, name, notify)]
    if not logs:
        raise ReplayError("no log to check", do="name one, or import some and say --all")
    reports = [checking.check_report(replay(log, variant), loaded) for log in logs]
    emit(CHECKS[format](reports), output)
    if any(report.breaches for report in reports):
        raise typer.Exit(DIFFERS)


def last_named(subject: Subject) -> str:
    """The variant that commands on one revision are about by default."""
    return tuple(subject.config.variants)[-1]
