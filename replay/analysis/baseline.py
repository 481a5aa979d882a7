"""Accepted effects of patches, kept in a file so that only new ones fail a build.

The file has JSON lines: a header, then an entry a line, sorted. An entry accepts one change of one
value by one patch; the same place with other values, in another log or the other way round is new.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Struct

from replay.analysis.attribute import Attribution, Cause, select
from replay.engine.diff import Diff, Divergence
from replay.engine.places import Place, label
from replay.errors import ReplayError
from replay.files import read_text
from replay.printable import escaped_json
from replay.series import Patch

VERSION = 2
HEADER = f'{{"replay_baseline": {VERSION}}}'
ANY = "*"
"""A value in an entry that stands for every value."""

Kind = Literal["outcome", "file", "node", "edge", "field"]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class PatchEffect(Struct, frozen=True, eq=False):
    """What a patch did in a place of a log: at which event it shows first, and both values."""

    log: str
    event: str
    place: Place
    cause: Cause
    patch: Patch


class AcceptedEffect(Struct, frozen=True, forbid_unknown_fields=True):
    """What is accepted. `log` is a shell pattern; in `path` `*` stands for anything.

    `event` is the first event's label, `before` and `after` are the values, absent where the place
    is, "*" for any. `id` names the patch by the lines that it adds and removes, so that a rebase
    keeps the entry and a changed hunk voids it; `patch` is for readers.
    """

    kind: Kind
    path: str
    field: str
    event: str
    log: Text
    id: Text
    patch: str = ""
    before: Any = UNSET
    after: Any = UNSET

    def is_about(self, logs: Iterable[str]) -> bool:
        """Whether it may occur in one of the logs of these names."""
        return any(fnmatchcase(name, self.log) for name in logs)

    def covers(self, effect: PatchEffect) -> bool:
        """Whether this accepts the effect."""
        place, pattern = effect.place, re.escape(self.path).replace(r"\*", ".*")
        return (
            (self.kind, self.field) == (place.kind, place.field)
            and re.fullmatch(pattern, place.path, re.DOTALL) is not None
            and self.event in (ANY, effect.event)
            and self.is_about([effect.log])
            and self.id == effect.patch.id
            and _accepts(self.before, effect.cause.before)
            and _accepts(self.after, effect.cause.after)
        )


def read_baseline(path: Path) -> tuple[AcceptedEffect, ...]:
    """The entries of a file. Raises ReplayError with file and line for one that is none."""
    header, *lines = read_text(path).split("\n")
    if header.strip() != HEADER:
        is_old = header.strip().startswith('{"replay_baseline"')
        what = "is a baseline of another version" if is_old else "is no baseline"
        do = f"write it anew: replay diff ... --write-baseline {path}"
        raise ReplayError(f"{what}, which begins with {HEADER}", where=f"{path}:1", do=do)
    return tuple(
        _entry(line, f"{path}:{number}") for number, line in enumerate(lines, 2) if line.strip()
    )


def format_baseline(entries: Iterable[AcceptedEffect]) -> str:
    """The text of a baseline: sorted, each entry once."""
    lines = sorted({escaped_json(msgspec.json.encode(entry).decode()) for entry in entries})
    return "".join(f"{line}\n" for line in (HEADER, *lines))


def accepted_effects(
    diff: Diff, attribution: Attribution, logs: str | None = None
) -> tuple[AcceptedEffect, ...]:
    """What would have to be accepted for this diff to be empty.

    `logs` is a pattern of the logs in which it is, by default this one.
    """
    return tuple(_accepted(effect, logs) for effect in _effects(diff, attribution))


def occurring(
    diff: Diff, attribution: Attribution, entries: Sequence[AcceptedEffect]
) -> frozenset[int]:
    """The indexes of the entries that cover something."""
    effects = list(_effects(diff, attribution))
    return frozenset(
        index for index, entry in enumerate(entries) if any(map(entry.covers, effects))
    )


def without_accepted(
    diff: Diff, attribution: Attribution, entries: Sequence[AcceptedEffect]
) -> tuple[Diff, Attribution]:
    """What is new: the divergences and causes that no entry covers."""

    def is_new(divergence: Divergence, cause: Cause) -> bool:
        effects = _effects_of(diff, divergence, cause)
        return not all(any(entry.covers(effect) for entry in entries) for effect in effects)

    return select(diff, attribution, is_new)


def _accepts(accepted: Any, value: Any) -> bool:
    """Values are compared as JSON has them."""
    if accepted == ANY or accepted is UNSET or value is UNSET:
        return accepted == ANY or accepted is value
    return bool(msgspec.json.encode(value) == msgspec.json.encode(accepted)) or (
        msgspec.json.decode(msgspec.json.encode(value)) == accepted
    )


def _accepted(effect: PatchEffect, logs: str | None) -> AcceptedEffect:
    place = effect.place
    return AcceptedEffect(
        kind=msgspec.convert(place.kind, Kind),
        path=place.path,
        field=place.field,
        event=effect.event,
        log=logs or re.sub(r"([*?[])", r"[\1]", effect.log),
        id=effect.patch.id,
        patch=effect.patch.sha[:10] or effect.patch.name,
        before=effect.cause.before,
        after=effect.cause.after,
    )


def _effects(diff: Diff, attribution: Attribution) -> Iterator[PatchEffect]:
    for divergence, causes in zip(diff.divergences, attribution.causes, strict=True):
        for cause in causes:
            yield from _effects_of(diff, divergence, cause)


def _effects_of(diff: Diff, divergence: Divergence, cause: Cause) -> Iterator[PatchEffect]:
    log = diff.traces[0].log
    event = label(log.events[divergence.first_seq - 1].payload)
    for change in cause.changes:
        yield PatchEffect(log.name, event, divergence.place, cause, change.patch)


def _entry(line: str, where: str) -> AcceptedEffect:
    try:
        return msgspec.json.decode(line, type=AcceptedEffect)
    except msgspec.MsgspecError as error:
        do = "an entry is a line that --write-baseline wrote"
        raise ReplayError(f"is no entry of a baseline: {error}", where=where, do=do) from None
