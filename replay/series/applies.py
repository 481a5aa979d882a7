"""At which revisions of a series patches apply, and what is in the way at the others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby

from replay.errors import Conflict
from replay.series.load import Series
from replay.series.patch import Patch
from replay.series.tree import apply


@dataclass(frozen=True)
class RevisionSpan:
    """Neighbouring revisions, by how many patches the first and the last of them have.

    `conflict` is "" where the patches apply, else what is in the way at the revision of the span
    that is next to one where they do.
    """

    first: int
    last: int
    conflict: str

    @property
    def count(self) -> int:
        """How many revisions it has."""
        return self.last - self.first + 1


def revision_spans(series: Series, patches: Sequence[Patch]) -> tuple[RevisionSpan, ...]:
    """All revisions of the series in their order, by whether the patches apply, one on another."""
    conflicts = [_conflict(series, depth, patches) for depth in range(len(series.patches) + 1)]
    spans: list[RevisionSpan] = []
    for is_conflict, depths in groupby(range(len(conflicts)), lambda depth: bool(conflicts[depth])):
        first, *rest = depths
        last = rest[-1] if rest else first
        nearest = last if not spans else first
        spans.append(RevisionSpan(first, last, conflicts[nearest] if is_conflict else ""))
    return tuple(spans)


def revision_name(series: Series, depth: int) -> str:
    """The short sha of the last of so many patches, or "base"."""
    return series.patches[depth - 1].sha[:8] if depth else "base"


def applying(series: Series, spans: Iterable[RevisionSpan]) -> str:
    """Where the patches apply, as "f187743a to 7e3d98dd, f1f25a2e"; "" if that is nowhere."""
    names = (
        (revision_name(series, span.first), revision_name(series, span.last))
        for span in spans
        if not span.conflict
    )
    return ", ".join(first if first == last else f"{first} to {last}" for first, last in names)


def _conflict(series: Series, depth: int, patches: Sequence[Patch]) -> str:
    try:
        reduce(apply, patches, series.tree(depth))
    except Conflict as error:
        return f"{error.where}: {error.what}"
    return ""
