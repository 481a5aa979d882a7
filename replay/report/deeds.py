"""Patches and what they did, in words."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from replay.report import words
from replay.report.flags import BitFields
from replay.report.story import Deed
from replay.series import Patch
from replay.way import Turn

Level = Literal["behaviour", "state"]

MOST = 6
"""At so many events a list of places is told; the rest is a number."""

LEVELS: Mapping[Level, str] = {
    "behaviour": "behaviour",
    "state": "state, which only a debugger sees",
}


def title(patch: Patch) -> str:
    """The patch's subject; for a group of commits the name of its file, which stands for all."""
    if patch.commits:
        name = re.sub(r"^\d\w*-", "", patch.name.removesuffix(".patch"))
        return f"{words.escape(name)} ({len(patch.commits) + 1} commits)"
    return words.escape(patch.subject or patch.name)


def day(patch: Patch) -> str:
    """The date of a patch without weekday, time and zone: "14 May 2012"."""
    return words.escape(" ".join(patch.date.partition(",")[2].split()[:3]))


def titles(turns: Iterable[Turn]) -> str:
    """The titles of all that a step turns, most often one."""
    told = [f"{'without ' if turn.out else ''}{title(turn.patch)}" for turn in turns]
    return " with ".join(told)


def heading(turns: Iterable[Turn]) -> list[str]:
    """A line for each patch of a step: sha, date, title."""
    lines = []
    for turn in turns:
        parts = (turn.patch.sha[:8], day(turn.patch), title(turn.patch))
        lines.append("  ".join(filter(None, ("without" if turn.out else "", *parts))))
    return lines


def listed(deeds: Iterable[Deed]) -> str:
    """Where deeds were done: "#2 drive0 and drive0.file, #5 drive0.backing_hd"."""
    by_seq: dict[int, list[str]] = {}
    for deed in deeds:
        by_seq.setdefault(deed.seq, []).append(subject(deed))
    told = [f"#{seq} {' and '.join(names)}" for seq, names in by_seq.items()]
    more = [f"{len(told) - MOST} later ones"] if len(told) > MOST else []
    return ", ".join([*told[:MOST], *more])


def subject(deed: Deed) -> str:
    """What the deed was done to."""
    kind, path, _ = deed.place
    if kind == "outcome":
        return "the machine" if path == "machine" else words.event(deed.event)
    return f"file {words.escape(path)}" if kind == "file" else words.escape(path)


def change(deed: Deed, bits: BitFields, to: str = "->") -> str:
    """What was changed: "exists -> unlinked", "open_flags +TEMPORARY -SNAPSHOT"."""
    kind, path, field = deed.place
    if kind == "field" and field in bits:
        return f"{words.escape(field)} {_flags(deed)}"
    if kind == "outcome" and path != "machine":
        shown = [words.outcome(o["status"], o.get("value"), o) for o in (deed.before, deed.after)]
        return f" {to} ".join(shown)
    if kind == "outcome":
        return f" {to} ".join("runs" if value else "is gone" for value in (deed.before, deed.after))
    show = words.of_field(deed.place)
    told = f"{show(deed.before)} {to} {show(deed.after)}"
    return told if field in ("existence", "target") else f"{words.escape(field)} {told}"


def _flags(deed: Deed) -> str:
    return words.escape(" ".join([*(f"+{f}" for f in deed.after), *(f"-{f}" for f in deed.before)]))


def phrase(deed: Deed, bits: BitFields) -> str:
    """A deed in the fewest words: where it ended."""
    kind, path, field = deed.place
    if kind == "field":
        return _flags(deed) if field in bits else words.escape(field)
    if kind == "outcome" and path != "machine":
        status, value = deed.after["status"], deed.after.get("value")
        return f"{words.escape(path)} {words.outcome(status, value, deed.after)}"
    if field == "existence":
        return f"{words.escape(path)} {deed.after}"
    return subject(deed) if field == "target" else f"{subject(deed)} {words.escape(field)}"
