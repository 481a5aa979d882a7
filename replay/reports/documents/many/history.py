"""What became of logs from one run to the next: which are new or gone, and which differ anew.

A run is known by its code and the number of its logs. What a run finds is compared log by log, by
digests; variants count by their position, since what is compared next is often called otherwise.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from replay.reports import words
from replay.reports.documents.common import VariantId
from replay.reports.verdict import Verdict

Digest = Annotated[str, Meta(pattern="^([0-9a-f]{16})?$")]
DIGEST = 16
"""Characters of a digest: among a million logs no two are equal by chance."""

Logs = tuple[str, ...]


class LogState(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run found in a log: its content, the verdict, and a digest of what differs, or ""."""

    name: str
    fingerprint: Annotated[Digest, Meta(description="The first characters of it.")]
    verdict: Verdict
    differing: Annotated[Digest, Meta(description="Equal where the same differs; empty: nothing.")]


class RunVariant(Struct, frozen=True, forbid_unknown_fields=True):
    """The code that was replayed in a run."""

    name: str
    revision: str
    digest: str


class RunChanges(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The logs that are not as in the run before, by what became of them.

    `edited` have the name of another content. Of the others `differing`, `same` and `uncompared`
    have another verdict, this one; in those that differ `otherwise` something else differs.
    """

    new: Logs = ()
    gone: Logs = ()
    edited: Logs = ()
    differing: Logs = ()
    otherwise: Logs = ()
    same: Logs = ()
    uncompared: Logs = ()


class CorpusRun(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The code that was compared, in how many logs, and what changed, but for a first run."""

    variants: Annotated[tuple[RunVariant, ...], Meta(min_length=1)]
    logs: Annotated[int, Meta(ge=0)]
    changes: RunChanges | None = None


class History(Struct, frozen=True, forbid_unknown_fields=True):
    """Runs in their order, and what the last one found in each log."""

    version: Literal[1]
    runs: Annotated[tuple[CorpusRun, ...], Meta(min_length=1)]
    logs: tuple[LogState, ...]

    @property
    def previous(self) -> CorpusRun | None:
        """The run before the last, None if there was none."""
        return self.runs[-2] if len(self.runs) > 1 else None


def history(
    before: History | None, variants: Iterable[VariantId], logs: Iterable[LogState]
) -> History:
    """The history that goes on with a run, or begins with it."""
    states = tuple(logs)
    code = tuple(RunVariant(it.name, it.revision, it.digest) for it in variants)
    changes = _changes(before.logs, states) if before else None
    return History(
        1, (*(before.runs if before else ()), CorpusRun(code, len(states), changes)), states
    )


VERDICTS: dict[Verdict, str] = {
    "differs": "differing",
    "same": "same",
    "not compared": "uncompared",
}
"""The field of the changes that has the logs which come to this verdict."""


def _changes(before: Iterable[LogState], after: Iterable[LogState]) -> RunChanges:
    earlier = {state.name: state for state in before}
    names: dict[str, list[str]] = {}
    for state in after:
        if change := _change(earlier.pop(state.name, None), state):
            names.setdefault(change, []).append(state.name)
    names["gone"] = [*earlier]
    return RunChanges(**{change: tuple(logs) for change, logs in names.items()})


def _change(before: LogState | None, after: LogState) -> str:
    """What became of a log, "" if it is as it was."""
    if before is None:
        return "new"
    if before.fingerprint != after.fingerprint:
        return "edited"
    if before.verdict != after.verdict:
        return VERDICTS[after.verdict]
    return "otherwise" if before.differing != after.differing else ""


# In words


SENTENCES = {
    "new": ("is new", "are new"),
    "gone": ("is gone", "are gone"),
    "edited": ("has another content", "have another content"),
    "differing": ("differs and did not", "differ and did not"),
    "otherwise": ("differs otherwise than before", "differ otherwise than before"),
    "same": ("is the same and was not", "are the same and were not"),
    "uncompared": ("could be compared and now can't be", "could be compared and now can't be"),
}


def run_name(run: CorpusRun) -> str:
    """What a run is known by: "with 1ee50f6bcbc4, after 0bd48d146459; 12 logs"."""
    names = (f"{words.escape(it.name)} {words.escape(it.digest[:12])}" for it in run.variants)
    return f"{', '.join(names)}; {words.count(run.logs, 'log')}"


def change_rows(changes: RunChanges) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What became of logs, and of which, as far as anything did."""
    for field, (one, several) in SENTENCES.items():
        logs: tuple[str, ...] = getattr(changes, field)
        if logs:
            yield f"{words.count(len(logs), 'log')} {one if len(logs) == 1 else several}", logs


def some(names: Sequence[str], most: int) -> str:
    """The first of them, and how many more there are."""
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join([*map(words.escape, names[:most]), *more])
