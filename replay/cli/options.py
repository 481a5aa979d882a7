"""The options and arguments that several commands have, and the forms that their reports have."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from replay.cli.terminal import Printable

LogWord = Annotated[str, typer.Argument(metavar="LOG", help="A stored log's name, or a file.")]
OutputFile = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE")]
At = Annotated[str | None, typer.Option(metavar="REV", help="Default: the last named.")]
ChecksFile = Annotated[
    Path | None, typer.Option("--checks", metavar="FILE", help="Default: the subject's checks.py.")
]


class OutputFormat(StrEnum):
    """The forms in which any report can be had."""

    TEXT = "text"
    JSON = "json"


class PageFormat(StrEnum):
    """The forms in which a replay or a diff can be had."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "md"
    HTML = "html"


FormatOption = Annotated[OutputFormat, typer.Option("--format", case_sensitive=False)]
PageOption = Annotated[PageFormat, typer.Option("--format", case_sensitive=False)]

T = TypeVar("T")
Forms = Mapping[OutputFormat, Callable[[T], Printable]]
"""What makes each form of a report."""

Pages = Mapping[PageFormat, Callable[[T], Printable]]
"""What makes each form of a report that pages are made of, too."""
