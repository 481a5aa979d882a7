"""Parts of Markdown that show a text as it is.

Strings of a recording stand in code spans, where nothing is markup, link, mention or reference.
"""

import re
from collections.abc import Iterator, Sequence

from replay.reports import words
from replay.reports.documents.common import LogId, VariantId
from replay.reports.text.page import translation

_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w)")
_REFERENCE = re.compile(r"#\d+|@|(?<=\w)://|\bwww\.")


def code(text: str) -> str:
    """A text as a code span that shows it as it is."""
    shown = words.escape(text)
    if not shown.strip():
        return "(empty)"
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    """A text in which nothing is markup; what would become a reference stands in code."""
    parts = re.split(f"({_REFERENCE.pattern})", words.escape(text))
    return "".join(
        f"`{part}`" if index % 2 else _SPECIAL.sub(r"\\\g<0>", part)
        for index, part in enumerate(parts)
    )


def cell(text: str) -> str:
    """A text in code in a cell of a table, in which a bar has to be escaped."""
    return code(text).replace("|", "\\|")


def header(log: LogId, variants: Sequence[VariantId]) -> Iterator[str]:
    events = words.count(log.events, "event")
    yield f"## {code(log.name)}: {events}, fingerprint `{log.fingerprint[:12]}`"
    yield ""
    rows = [[code(v.name), cell(v.revision), f"`{v.digest[:12]}`"] for v in variants]
    yield from table(["variant", "revision", "digest"], rows)
    if log.translation:
        yield from ("", f"Said in {prose(translation(log.translation))}")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
