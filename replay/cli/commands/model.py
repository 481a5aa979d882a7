"""replay variants, show and annotate."""

from typing import Annotated

import typer

from replay.cli import listings
from replay.cli.app import app, print_result
from replay.cli.completion import complete_patches, complete_revisions, complete_variants
from replay.errors import ReplayError
from replay.series import annotate as source
from replay.series.applies import revision_spans
from replay.variants.expression import parse_added


@app.command("variants")
def variants(
    context: typer.Context,
    long: Annotated[bool, typer.Option("--long", help="The patches of the series too.")] = False,
    applies: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|DIR|SHA",
            autocompletion=complete_patches,
            help="The revisions at which this applies, instead.",
        ),
    ] = None,
) -> None:
    """List the named variants, and the patches that they are points of."""
    subject = context.obj.subject()
    if applies is None:
        print_result(listings.variants(subject, context.obj.named, long))
    else:
        patches = [added.patch for added in parse_added(subject.series, applies)]
        spans = revision_spans(subject.series, patches)
        print_result(listings.applicable(subject.series, patches, spans))


@app.command("show")
def show(
    context: typer.Context,
    point: Annotated[
        str, typer.Argument(metavar="REV[:FUNCTION]", autocompletion=complete_variants)
    ],
) -> None:
    """Show the model's source at a revision."""
    revision, _, function = point.partition(":")
    variant = context.obj.variant(revision)
    print_result(listings.source(source.show(variant.tree, variant.name, function or None)))


@app.command("annotate")
def annotate(
    context: typer.Context,
    point: Annotated[str, typer.Argument(metavar="FILE@REV", autocompletion=complete_revisions)],
) -> None:
    """Show which patch put each line of a file there."""
    file, at, revision = point.partition("@")
    if not at:
        raise ReplayError(f"{point} names no revision", do=f"write {point}@REV")
    variant = context.obj.variant(revision)
    print_result(listings.annotated(source.annotate(variant.tree, file)))
