"""replay touched."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from replay.analysis.search.coverage import Coverage, coverage
from replay.analysis.search.touched import Touched, touched_by_c, touched_by_model
from replay.cli.app import app, print_result
from replay.cli.completion import complete_logs
from replay.cli.options import At, OutputFile, format_option
from replay.cli.progress_bar import with_progress
from replay.cli.session import Session
from replay.errors import BadInput, NotFound, ReplayError, Unavailable
from replay.events.event import Log
from replay.files import is_file, read_text
from replay.reports.documents.search.touched import touched_report
from replay.reports.rendering import OutputFormat, render
from replay.series import find_patch, parse_c_patch, parse_patch
from replay.variants.expression import VariantSpec
from replay.variants.variant import Variant, build

ReportFormat = Annotated[OutputFormat, format_option("TouchedReport")]


@app.command("touched")
def touched_by_patch(
    context: typer.Context,
    patch: Annotated[
        str, typer.Argument(metavar="PATCH", help="A patch file, or a commit of the series.")
    ],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="LOG...", autocompletion=complete_logs)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All stored logs.")] = False,
    git: Annotated[
        Path | None, typer.Option(metavar="DIR", help="PATCH is a commit of this clone.")
    ] = None,
    at: At = None,
    format: ReportFormat = OutputFormat.TEXT,
    output: OutputFile = None,
) -> None:
    """Tell what a patch changes of what the model has, and which logs run through that."""
    session: Session = context.obj
    logs = session.logs(names or (), every, "look at") if names or every else []
    variant, touched = _touched(session, patch, git, at, logs)
    print_result(render(touched_report(variant, touched, len(logs)), format), output)


def _touched(
    session: Session, word: str, git: Path | None, at: str | None, logs: Sequence[Log]
) -> tuple[Variant, Touched]:
    """What the patch touches, and the variant in which that was looked at."""
    if git is not None:
        variant = session.variant(at)
        text = commit_text(git, word)
        return variant, touched_by_c(parse_c_patch(text, word), word, _covered(logs, variant))
    if not is_file(Path(word)):
        return _of_series(session, word, logs)
    text = read_text(Path(word))
    if re.search(r"^\+\+\+ .*\.py\b|^--- .*\.py\b", text, re.MULTILINE):
        variant = session.variant(at)
        patch = parse_patch(text, word)
        changed = session.variant(f"{at or variant.name}+{word}")
        covered = _covered(logs, changed)
        return changed, touched_by_model(patch, variant.tree, changed.tree, covered)
    variant = session.variant(at)
    return variant, touched_by_c(parse_c_patch(text, word), word, _covered(logs, variant))


def _of_series(session: Session, word: str, logs: Sequence[Log]) -> tuple[Variant, Touched]:
    """What a patch of the series touches, looked at just after it."""
    subject = session.subject()
    try:
        index = find_patch(subject.series, word)
    except ReplayError as error:
        do = "name a file, a commit of the series, or a commit of a clone with --git DIR"
        raise NotFound(f"{word!r} is no patch: {error.what}", do=do) from None
    patch = subject.series.patches[index]
    before, after = subject.series.tree(index), subject.series.tree(index + 1)
    name = patch.sha[:8] or patch.name
    variant = build(subject, VariantSpec(index + 1), name, name)
    return variant, touched_by_model(patch, before, after, _covered(logs, variant))


def _covered(logs: Sequence[Log], variant: Variant) -> Coverage:
    return coverage(logs, variant, with_progress)


GIT = ("--no-ext-diff", "--no-textconv", "--no-color", "--format=email", "-p", "-W", "-m", "-1")
"""A commit as a mail, with whole functions; nothing that its configuration names is run."""

SECONDS = 60
"""How long git may take for one commit."""


def commit_text(directory: Path, sha: str) -> str:
    """A commit of a clone as a patch with whole functions around its changes.

    Raises ReplayError if it is no commit there, Unavailable if git is missing.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{7,40}", sha):
        raise BadInput(f"{sha!r} is no sha", do="write 7 to 40 digits of it")
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(directory), "show", *GIT, sha, "--"]
    environment = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat"}
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment, timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        raise Unavailable("git is missing", do="install it, or save the patch as a file") from None
    except subprocess.TimeoutExpired:
        raise ReplayError(f"git took more than {SECONDS} s", where=str(directory)) from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise BadInput(f"no commit {sha}: {(reason or ['?'])[-1]}", where=str(directory))
    return done.stdout.decode(errors="replace")
