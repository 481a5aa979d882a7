"""replay checkout and am."""

from pathlib import Path
from typing import Annotated

import typer

from replay.cli import listings
from replay.cli.app import app, print_result
from replay.cli.completion import complete_variants
from replay.cli.session import Session
from replay.errors import ReplayError
from replay.files import PACKAGE
from replay.series.layout import Layout, lay_out
from replay.series.take_back import replacing, take_series, take_stack
from replay.variants.expression import VariantSpec, expressions, parse_spec
from replay.variants.variant import Subject, checked_series


@app.command("checkout")
def check_out(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Empty, or not there yet.")],
    revision: Annotated[
        str | None,
        typer.Argument(
            metavar="[REV]",
            autocompletion=complete_variants,
            help="Default: the end of the series.",
        ),
    ] = None,
) -> None:
    """Lay the series out as a git repository, a commit a patch, to work on it there."""
    session: Session = context.obj
    subject = session.subject()
    layout = _whole(subject) if revision is None else _up_to(session, revision)
    lay_out(layout, directory)
    print_result(listings.layout(layout, directory))


@app.command("am")
def apply_mailbox(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Made by replay checkout.")],
    stack: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Only what is on top, as patches."),
    ] = None,
) -> None:
    """Take the commits of a repository that was laid out back into patch files."""
    session: Session = context.obj
    if stack is not None:
        with replacing(stack) as (made, changes):
            take_stack(directory, made)
    else:
        subject = session.subject()
        target = subject.directory
        if target.is_relative_to(PACKAGE):
            do = "say where the patches go, -o DIR, or name a subject of your own, --patches DIR"
            raise ReplayError("the series is that of the installed program", do=do)
        with replacing(target) as (made, changes):
            take_series(directory, subject.series, made)
            checked_series(made, subject.config.machine)
    print_result(listings.taken(changes, stack or session.subject().directory))


def _whole(subject: Subject) -> Layout:
    return Layout(subject.series.base, subject.series.patches, _tags(subject))


def _up_to(session: Session, revision: str) -> Layout:
    """What a variant is made of. Behind a plain revision the series goes on."""
    subject, variant = session.subject(), session.variant(revision)
    spec, patches = variant.spec, variant.tree.patches
    if spec != VariantSpec(spec.depth):
        return Layout(subject.series.base, patches, rest=None)
    tags = {name: depth for name, depth in _tags(subject).items() if depth <= spec.depth}
    rest = tuple(patch.name for patch in subject.series.patches[spec.depth :])
    return Layout(subject.series.base, patches, tags, rest)


def _tags(subject: Subject) -> dict[str, int]:
    """How many patches each named variant has that is a plain revision."""
    names = expressions(subject, {})
    specs = {name: parse_spec(subject, name, names, ()) for name in names}
    return {name: s.depth for name, s in sorted(specs.items()) if s == VariantSpec(s.depth)}
