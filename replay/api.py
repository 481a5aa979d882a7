"""The library's functions: read a log, choose variants, replay, compare, explain, report."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace as with_fields

from replay.analysis.attribute import AttributedDiff
from replay.analysis.attribute import attribute as find_causes
from replay.analysis.bisect import about_check, about_place
from replay.analysis.bisect import bisect as find_change
from replay.analysis.checks import breaches, load_checks
from replay.analysis.explain import Explanation
from replay.analysis.explain import explain as find_reasons
from replay.engine.diff import Diff, Divergence, diff
from replay.engine.find_place import find_place, outcome_of
from replay.engine.places import Place
from replay.engine.replay import replay
from replay.engine.trace import ModelTrace, ObservedTrace, Trace
from replay.errors import BadInput, ReplayError
from replay.events.event import Log
from replay.files import shipped
from replay.formats.read import ImportOptions, read_all
from replay.progress import Progress, no_progress
from replay.qemu.live.builds import find_build
from replay.qemu.observed.recorded import recorded
from replay.reports import words
from replay.reports.documents.bisect import BisectReport, bisect_report
from replay.reports.documents.check import CheckReport, check_report
from replay.reports.documents.flag_tables import first_bit
from replay.reports.documents.headline import chief
from replay.reports.rendering import Report, report
from replay.reports.verdict import agreement
from replay.variants.variant import Subject, Variant
from replay.variants.variant import load_subject as load_subject_from

if TYPE_CHECKING:
    from replay.qemu.live.performer import Performer
    from replay.store.event_store import EventStore

__all__ = [
    "Report",
    "attribute",
    "bisect",
    "check",
    "diff",
    "explain",
    "headline_place",
    "load_subject",
    "observe",
    "open_store",
    "perform",
    "read_log",
    "read_logs",
    "replay",
    "report",
]


def load_subject(directory: str | Path | None = None) -> Subject:
    """The subject in a directory, by default the bundled one, wholly checked.

    Raises ReplayError if its series does not apply or is not in the model language.
    """
    return load_subject_from(Path(directory) if directory else shipped("patches"))


def read_log(path: str | Path, *, format: str | None = None, name: str | None = None) -> Log:
    """The only log of a file, in any form that `replay import` reads.

    Raises BadInput for a file that cannot be read and for one that holds several logs.
    """
    logs = read_logs(path, format=format, name=name)
    if len(logs) != 1:
        names = ", ".join(log.name for log in logs)
        raise BadInput(f"holds {len(logs)} logs", where=str(path), do=f"read_logs has {names}")
    return logs[0]


def read_logs(
    path: str | Path, *, format: str | None = None, name: str | None = None
) -> tuple[Log, ...]:
    """All logs of a file. Raises BadInput for one that cannot be read."""
    recordings = read_all([Path(path)], ImportOptions(format, name))
    return tuple(Log.of(recording.header, recording.entries) for recording in recordings)


def open_store(where: str | Path) -> "EventStore":
    """The store at a path or URL, to be used in a `with` statement; made if it is not there.

    Raises StoreError for a file that is no store or is newer than this version.
    """
    # SQLAlchemy takes long to import, and comparing files needs none of it.
    from replay.store.event_store import open_store as open_event_store  # noqa: PLC0415

    return open_event_store(where)


def observe(log: Log, subject: Subject, name: str = "recorded") -> ObservedTrace:
    """What the recording of a log saw of its machine: replies, and answers to queries."""
    return recorded(log, subject, name)


def perform(
    log: Log, subject: Subject, qemu: str | None = None, name: str = "qemu"
) -> ObservedTrace:
    """What a real QEMU does with a log: the program `qemu`, by default the first in PATH.

    `name` is what reports call it.

    Raises Unavailable if a program or the library that talks to it is missing.
    """
    with open_performer(subject, qemu, name) as performer:
        return performer.perform(log)


def open_performer(subject: Subject, qemu: str | None = None, name: str = "qemu") -> "Performer":
    """A real QEMU that performs log after log, much faster than each in a process of its own.

    To be used in a `with` statement. Raises as `perform` does.
    """
    build = find_build(qemu or "")
    # The library that speaks QMP is an extra that only this needs.
    from replay.qemu.live.performer import Performer  # noqa: PLC0415

    return Performer(build, subject, name)


def attribute(difference: Diff, progress: Progress = no_progress) -> AttributedDiff:
    """The diff with the patches that each of its divergences comes from."""
    return AttributedDiff(difference, find_causes(difference, progress))


def explain(trace: ModelTrace, place: str | None = None, seq: int | None = None) -> Explanation:
    """Why a place is as it is after event `seq`, by default the last; without place, an outcome.

    A place is written as "drive0.open_flags.TEMPORARY", a file by its name. Raises ReplayError,
    with the nearest names, for one that is at no event.
    """
    if place is None and seq is None:
        raise ReplayError("nothing to explain", do="name a place, or an event with seq")
    target = find_place(place, [trace]) if place is not None else outcome_of(trace, seq or 0)
    return find_reasons(trace, target, seq)


def bisect(
    log: Log,
    start: Variant,
    end: Variant,
    place: str | None = None,
    check: str | None = None,
) -> BisectReport:
    """The patch between two variants that changes a place, or whether a check is breached.

    By default the place is the one that the headline of their diff is about. Raises ReplayError
    if both ends answer alike.
    """
    ends = (replay(log, start), replay(log, end))
    if check is not None:
        question = about_check(start.subject.directory / "checks.py", check)
        return bisect_report(ends, check, find_change(ends, question), None)
    target, seq = headline_place(ends) if place is None else (find_place(place, ends), None)
    question = about_place(ends, target, seq)
    return bisect_report(ends, words.place(target), find_change(ends, question), target)


def headline_place(ends: tuple[Trace, Trace]) -> tuple[Place, int]:
    """The place and event that the headline of a diff is about; of flags, the first that differs.

    Raises ReplayError if the traces do not differ.
    """
    first = headline_difference(ends)
    return first.place, first.first_seq


def headline_difference(traces: Sequence[Trace]) -> Divergence:
    """The divergence that the headline of a diff is about; of flags, the first that differs.

    Raises ReplayError if the traces do not differ.
    """
    difference = diff(*traces)
    if not difference.divergences:
        names = [trace.player.name for trace in traces]
        what = agreement(difference.compared, names).rstrip(".")
        raise ReplayError(what, do="name what to look for, or other variants")
    bits = traces[0].player.subject.config.bits
    first = chief(difference, bits)
    flag = first_bit(first, bits) or ""
    is_named = flag in bits.get(first.place.field, ())
    return with_fields(first, place=with_fields(first.place, flag=flag)) if is_named else first


def check(
    trace: ModelTrace, checks: str | Path | None = None, progress: Progress = no_progress
) -> CheckReport:
    """The states of a trace that breach an invariant, of the subject's checks or of a file's.

    Raises NotInLanguage for a check that is not in the model language.
    """
    file = Path(checks) if checks else trace.variant.subject.directory / "checks.py"
    loaded = load_checks(file, trace.variant)
    return check_report(trace, loaded, breaches(trace, loaded, progress), {})
