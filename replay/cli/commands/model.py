"""replay variants, show and annotate."""

from typing import Annotated

import typer

from replay.cli import listings
from replay.cli.app import app, print_result
from replay.errors import ReplayError
from replay.series import annotate as source


@app.command("variants")
def variants(
    context: typer.Context,
    long: Annotated[bool, typer.Option("--long", help="The patches of the series too.")] = False,
) -> None:
    """List the named variants, and the patches that they are points of."""
    print_result(listings.variants(context.obj.subject(), context.obj.named, long))


@app.command("show")
def show(
    context: typer.Context, point: Annotated[str, typer.Argument(metavar="REV[:FUNCTION]")]
) -> None:
    """Show the model's source at a revision."""
    revision, _, function = point.partition(":")
    variant = context.obj.variant(revision)
    print_result(listings.source(source.show(variant.tree, variant.name, function or None)))


@app.command("annotate")
def annotate(
    context: typer.Context, point: Annotated[str, typer.Argument(metavar="FILE@REV")]
) -> None:
    """Show which patch put each line of a file there."""
    file, at, revision = point.partition("@")
    if not at:
        raise ReplayError(f"{point} names no revision", do=f"write {point}@REV")
    variant = context.obj.variant(revision)
    print_result(listings.annotated(source.annotate(variant.tree, file)))
