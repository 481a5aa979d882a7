"""One run of `replay diff`: which logs are compared, in what, and who works at it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from replay.analysis.play import play
from replay.cli.players import Player
from replay.cli.progress_bar import with_progress
from replay.cli.work.stored_logs import LogName, StoredLogs
from replay.engine.diff import diff
from replay.events.event import Log
from replay.reports.documents.headline import HeadlineReport, headline_report
from replay.variants.variant import Variant
from replay.workers import Pool, each

FEWEST_SHARED = 10
"""Logs from which on it pays to look for what they have in common."""


@dataclass(frozen=True)
class DiffRun:
    """Logs, what makes their traces, and those of it that are variants of the model.

    `several` says that the logs were not named one by one, `attributed` that the patches are
    looked for; None, of one log, that they are if that is quick.
    """

    stored: StoredLogs
    logs: Sequence[Log | LogName]
    several: bool
    players: tuple[Player, ...]
    variants: tuple[Variant, ...]
    attributed: bool | None
    pool: Pool | None = None

    @property
    def is_model(self) -> bool:
        """Whether no real machine is compared."""
        return len(self.variants) == len(self.players)

    @property
    def is_shared(self) -> bool:
        """Whether logs that differ in names alone share the work."""
        return self.is_model and len(self.logs) >= FEWEST_SHARED


def headline_reports(run: DiffRun) -> Iterator[HeadlineReport]:
    """The headline of each log's diff."""
    if run.is_shared:
        from replay.cli.work.on_logs import HeadlineWork  # noqa: PLC0415, of many logs only

        work = HeadlineWork(run.stored, run.variants)
        return each(work, run.logs, run.pool, with_progress, "logs")
    is_alone = len(run.logs) == 1
    loaded = map(run.stored.load, run.logs)
    diffs = (diff(*play(run.players, log)) for log in loaded)
    return (headline_report(one, is_alone) for one in with_progress(diffs, len(run.logs), "logs"))
