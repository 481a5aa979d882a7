"""Printing notes on standard error, in lines as wide as the terminal."""

import sys
from contextlib import suppress

from replay.reports.text.page import Page, listing

Printable = str | Page
"""What a command prints: a text for programs and other tools, or a page for people."""


def print_note(message: str) -> None:
    """A line on standard error, as far as that takes it."""
    width = _width() if sys.stderr.isatty() else sys.maxsize
    with suppress(OSError):
        print(*(text for _, text in listing([message]).laid(width)), sep="\n", file=sys.stderr)


def _width() -> int:
    # It takes long to import, and only a terminal has a width.
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=True).width
