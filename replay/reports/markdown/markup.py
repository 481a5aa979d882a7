"""Parts of Markdown that show a text as it is.

Strings of a recording stand in code spans, where nothing is markup, link, mention or reference.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from replay.reports import words
from replay.reports.documents.common import LogId, VariantId, translation
from replay.reports.documents.effects import day, title
from replay.series import Patch

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


def header(log: LogId, shown: Sequence[VariantId]) -> Iterator[str]:
    events = words.count(log.events, "event")
    yield f"## {code(log.name)}: {events}, fingerprint `{log.fingerprint[:12]}`"
    yield ""
    yield from variants(shown)
    if log.translation:
        yield from ("", f"Said in {prose(translation(log.translation))}")


MOST = 60_000
"""Characters of a text: what forges and trackers take in one comment is a little more."""

REST = 300
"""Characters that are kept free for saying what is left out."""


def limited(lines: Iterable[str], what: str, room: int = MOST) -> Iterator[str]:
    """The lines as far as there is room for them, and how many `what` are left out."""
    left_out = 0
    for line in lines:
        room -= len(line) + 1
        if room >= REST and not left_out:
            yield line
        else:
            left_out += 1
    if left_out:
        yield ""
        yield f"{left_out} more {what} are left out here; `--format json` has all."


def size(lines: Iterable[str]) -> int:
    """The characters of lines with their ends."""
    return sum(len(line) + 1 for line in lines)


def variants(shown: Sequence[VariantId]) -> Iterator[str]:
    """Which code, as a table."""
    rows = [[cell(v.name), cell(v.revision), f"`{v.digest[:12]}`"] for v in shown]
    yield from table(["variant", "revision", "digest"], rows)


def patch_name(patch: Patch) -> str:
    """A patch by sha, title and date."""
    sha = f"{code(patch.sha[:8])} " if patch.sha else ""
    date = f" ({prose(day(patch))})" if patch.date else ""
    return f"{sha}{prose(title(patch))}{date}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
