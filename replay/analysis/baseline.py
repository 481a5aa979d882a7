"""Accepted divergences, kept in a file so that only new ones fail a build.

The file has JSON lines: a header, then an entry a line, sorted.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Struct

from replay.analysis.attribute import Attribution, Cause, select
from replay.engine.diff import Diff, Divergence
from replay.engine.places import Place
from replay.errors import ReplayError
from replay.series import Patch, read_text

HEADER = '{"replay_baseline": 1}'
Kind = Literal["outcome", "file", "node", "edge", "field"]


class AcceptedEffect(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """What is accepted: a patch's effect in a place. In the path `*` stands for anything.

    `patch` is a sha of at least 7 digits or the name of a patch file; `*` stands for any patch.
    """

    kind: Kind
    path: str
    field: str
    patch: Annotated[str, msgspec.Meta(min_length=1)]

    def covers(self, place: Place, patch: Patch) -> bool:
        """Whether this accepts what the patch does there."""
        pattern = re.escape(self.path).replace(r"\*", ".*")
        return (
            (self.kind, self.field) == (place.kind, place.field)
            and re.fullmatch(pattern, place.path, re.DOTALL) is not None
            and (self.patch in ("*", patch.name) or patch.sha.startswith(self.patch))
        )


def read_baseline(path: Path) -> tuple[AcceptedEffect, ...]:
    """The entries of a file. Raises ReplayError with file and line for one that is none."""
    header, *lines = read_text(path).splitlines()
    if header.strip() != HEADER:
        do = "write one with --write-baseline"
        raise ReplayError("is no baseline, which begins with " + HEADER, where=f"{path}:1", do=do)
    return tuple(
        _entry(line, f"{path}:{number}") for number, line in enumerate(lines, 2) if line.strip()
    )


def format_baseline(entries: Iterable[AcceptedEffect]) -> str:
    """The text of a baseline: sorted, each entry once."""
    lines = (msgspec.json.encode(entry).decode() for entry in sorted(set(entries)))
    return "".join(f"{line}\n" for line in (HEADER, *lines))


def accepted_effects(diff: Diff, attribution: Attribution) -> frozenset[AcceptedEffect]:
    """What would have to be accepted for this diff to be empty."""
    return frozenset(
        msgspec.convert({**place.document(), "patch": patch.sha[:10] or patch.name}, AcceptedEffect)
        for place, patch in _effects(diff, attribution)
    )


def occurring(
    diff: Diff, attribution: Attribution, known: Iterable[AcceptedEffect]
) -> frozenset[AcceptedEffect]:
    """The entries that cover something."""
    effects = set(_effects(diff, attribution))
    return frozenset(e for e in known if any(e.covers(*effect) for effect in effects))


def without_accepted(
    diff: Diff, attribution: Attribution, known: Sequence[AcceptedEffect]
) -> tuple[Diff, Attribution]:
    """What is new: the divergences and causes that no entry covers."""

    def is_new(divergence: Divergence, cause: Cause) -> bool:
        patches = (turn.patch for turn in cause.turns)
        return not all(any(e.covers(divergence.place, patch) for e in known) for patch in patches)

    return select(diff, attribution, is_new)


def _effects(diff: Diff, attribution: Attribution) -> Iterator[tuple[Place, Patch]]:
    for divergence, causes in zip(diff.divergences, attribution.causes, strict=True):
        for cause in causes:
            yield from ((divergence.place, turn.patch) for turn in cause.turns)


def _entry(line: str, where: str) -> AcceptedEffect:
    try:
        return msgspec.json.decode(line, type=AcceptedEffect)
    except msgspec.MsgspecError as error:
        do = 'an entry is {"kind": ..., "path": ..., "field": ..., "patch": ...}'
        raise ReplayError(f"is no entry of a baseline: {error}", where=where, do=do) from None
