"""The document of a run of `replay diff`: the diffs of its logs, or groups of logs alike."""

from collections.abc import Iterable

from msgspec import Struct

from replay.cli import log_diffs
from replay.cli.log_diffs import DiffOptions, DiffResult, Tally
from replay.cli.progress_bar import with_progress
from replay.cli.work.diff_run import DiffRun
from replay.cli.work.on_logs import DiffWork, OverviewWork
from replay.reports.documents.diff import DiffReports
from replay.reports.documents.many.groups import DiffGroups, grouped, groups_of
from replay.reports.documents.many.history import History
from replay.reports.rendering import OutputFormat
from replay.workers import as_done, each


class DiffForm(Struct, frozen=True):
    """How a run is told: in what format, with all details, beside what run before."""

    format: OutputFormat
    details: bool
    before: History | None

    @property
    def is_page(self) -> bool:
        """Whether it is a page, which has all that its traces have."""
        return self.format == OutputFormat.HTML

    def is_overview(self, run: DiffRun) -> bool:
        """Whether it begins with what differs in all logs together."""
        return run.several and run.attributed is True and self.format == OutputFormat.TEXT

    def is_list(self, run: DiffRun) -> bool:
        """Whether it has one log after another, and nothing else."""
        is_json = self.format == OutputFormat.JSON
        return is_json and len(run.logs) > 1 and self.before is None


def document(
    run: DiffRun, options: DiffOptions, form: DiffForm, tally: Tally
) -> DiffReports | DiffGroups:
    """What differs in the logs of a run; notes in the tally what the results come to."""
    is_overview = form.is_overview(run)
    if run.is_shared and (form.is_page or (is_overview and not form.details)):
        return _groups(run, options, form.before, tally)
    reports = tuple(tally.reports(results(run, options, form)))
    whole = DiffReports(reports, form.before)
    is_grouped = is_overview or (form.is_page and len(reports) > 1)
    return groups_of(whole) if is_grouped else whole


def results(run: DiffRun, options: DiffOptions, form: DiffForm) -> Iterable[DiffResult]:
    """The result of each log of a run, in their order."""
    if not run.is_model:
        compare = log_diffs.plainly(run.players)
        loaded = with_progress(map(run.stored.load, run.logs), len(run.logs), "logs")
        return (log_diffs.result_of(compare(log), options, run.attributed) for log in loaded)
    is_alone = len(run.logs) == 1
    has_frames = form.is_page or is_alone  # of one log they take little room
    work = _work(run, options, has_frames)
    if is_alone:
        return [work.of(run.stored.load(run.logs[0]), run.pool)]
    # A page has all that its traces have, which no process gives away.
    return each(work, run.logs, None if form.is_page else run.pool, with_progress, "logs")


def _groups(run: DiffRun, options: DiffOptions, before: History | None, tally: Tally) -> DiffGroups:
    """Groups of logs that differ alike, of which little is kept but what differs."""
    work = _work(run, options, has_frames=True)
    parts = OverviewWork(run.stored, run.variants, work)
    found = as_done(parts, run.logs, run.pool, with_progress, "logs")
    by_name = {log.name: log for log in run.logs}
    return grouped(tally.parts(found), [*by_name], lambda name: work(by_name[name]).report, before)


def _work(run: DiffRun, options: DiffOptions, has_frames: bool) -> DiffWork:
    is_plain = not run.is_shared
    return DiffWork(run.stored, run.variants, options, run.attributed, is_plain, has_frames)
