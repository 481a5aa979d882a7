"""The options and arguments that several commands have."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from replay.cli.completion import complete_logs, complete_variants
from replay.reports.rendering import OutputFormat, formats

LogWord = Annotated[
    str,
    typer.Argument(
        metavar="LOG", help="A stored log's name, or a file.", autocompletion=complete_logs
    ),
]
OutputFile = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE")]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="REV", help="Default: the last named.", autocompletion=complete_variants
    ),
]
ChecksFile = Annotated[
    Path | None, typer.Option("--checks", metavar="FILE", help="Default: the subject's checks.py.")
]


def format_option(*documents: str) -> Any:
    """The option --format with just the formats that documents of these names have."""
    offered = formats(*documents)
    names = f"<{'|'.join(offered)}>"
    return typer.Option("--format", metavar=names, parser=partial(parse_format, offered))


def parse_format(offered: tuple[OutputFormat, ...], word: str) -> OutputFormat:
    """The format of a word in any case; typer.BadParameter for one that is not offered."""
    if word.lower() not in offered:
        names = ", ".join(f"'{format}'" for format in offered)
        raise typer.BadParameter(f"'{word}' is not one of {names}.")
    return OutputFormat(word.lower())
