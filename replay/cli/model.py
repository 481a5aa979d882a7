"""Commands on the model: its variants, and its source with the patches behind it."""

from typing import Annotated

import typer

from replay import listings, source
from replay.cli.app import app, tell
from replay.errors import ReplayError
from replay.variants import resolve


@app.command()
def variants(
    context: typer.Context,
    long: Annotated[bool, typer.Option("--long", help="The patches of the series too.")] = False,
) -> None:
    """List the named variants, and the patches that they are points of."""
    subject = context.obj.subject()
    tell(listings.variants(subject, context.obj.named))
    if long:
        tell("\n" + listings.series(subject))


@app.command()
def show(
    context: typer.Context, point: Annotated[str, typer.Argument(metavar="REV[:FUNCTION]")]
) -> None:
    """Show the model's source at a revision."""
    revision, _, function = point.partition(":")
    variant = resolve(context.obj.subject(), revision, context.obj.named)
    tell(listings.shown(source.show(variant, function or None)))


@app.command()
def annotate(
    context: typer.Context, point: Annotated[str, typer.Argument(metavar="FILE@REV")]
) -> None:
    """Show which patch put each line of a file there."""
    file, at, revision = point.partition("@")
    if not at:
        raise ReplayError(f"{point} names no revision", do=f"write {point}@REV")
    variant = resolve(context.obj.subject(), revision, context.obj.named)
    tell(listings.annotated(source.annotate(variant.tree, file)))
