"""Comparing all logs in all trees."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from replay.engine.replay import replay
from replay.errors import ReplayError
from replay.progress import Progress, no_progress
from replay.qemu.conformance.compare import Agreement, compare
from replay.qemu.conformance.expected import RecordedLine, Recordings
from replay.qemu.conformance.fields import field_rules
from replay.variants.variant import Subject, Variant, load_subject, resolve
from replay.workers import Pool, each

Named = tuple[tuple[str, str], ...]
"""The user's names of variants and their expressions."""


class Task(Struct, frozen=True):
    """One log, and what was recorded of it in each tree that has it."""

    recordings: Recordings
    patches: Path
    named: Named
    log: str
    recorded: tuple[tuple[str, RecordedLine], ...]

    def __str__(self) -> str:
        return self.log


class Plan(Struct, frozen=True):
    """What is to be compared: the trees in the order of the series, and the work, a task a log.

    `bits` are the subject's bit fields.
    """

    trees: tuple[str, ...]
    tasks: tuple[Task, ...]
    bits: Mapping[str, Mapping[str, int]]


class TreeAgreement(Struct, frozen=True):
    """How the logs of one tree agreed."""

    tree: str
    logs: tuple[Agreement, ...]

    @property
    def agreed_logs(self) -> int:
        """How many logs agreed in everything."""
        return sum(log.first is None for log in self.logs)

    @property
    def steps(self) -> int:
        """How many steps were compared."""
        return sum(log.steps for log in self.logs)

    @property
    def agreed_steps(self) -> int:
        """How many steps agreed."""
        return sum(log.agreed for log in self.logs)


class Conformance(Struct, frozen=True):
    """How the trees agreed, in the order of the series; within a tree the logs by name."""

    trees: tuple[TreeAgreement, ...]
    bits: Mapping[str, Mapping[str, int]]

    @property
    def whole(self) -> TreeAgreement:
        """All trees taken together."""
        return TreeAgreement("all", tuple(log for tree in self.trees for log in tree.logs))

    @property
    def disagreeing(self) -> tuple[Agreement, ...]:
        """The logs, each in a tree, that did not agree in everything."""
        return tuple(log for log in self.whole.logs if log.first is not None)


def plan(
    recordings: Recordings, patches: Path, named: Mapping[str, str], at: str | None = None
) -> Plan:
    """What there is to compare with the subject in `patches`: all trees, or the one `at`.

    Raises ReplayError for a tree that the subject does not have or that was not recorded.
    """
    subject = _subject(patches)
    pairs = tuple(sorted(named.items()))
    points = {tree: _point(subject, recordings, tree, pairs) for tree in recordings.trees}
    if at is not None:
        digest = _variant(subject, at, pairs).tree.digest
        points = {tree: point for tree, point in points.items() if point.tree.digest == digest}
    if not points:
        there = ", ".join(recordings.trees)
        raise ReplayError(f"nothing was recorded at {at}", do=f"there are {there}")
    trees = sorted(points, key=lambda tree: (len(points[tree].tree.patches), tree))
    by_log: dict[str, list[tuple[str, RecordedLine]]] = {}
    for tree in trees:
        for log, line in recordings.lines(tree).items():
            by_log.setdefault(log, []).append((tree, line))
    tasks = (Task(recordings, patches, pairs, log, tuple(by_log[log])) for log in sorted(by_log))
    return Plan(tuple(trees), tuple(tasks), subject.config.bits)


def agreements(
    tasks: Sequence[Task], pool: Pool | None = None, watch: Progress = no_progress
) -> Iterator[list[Agreement]]:
    """How each log agreed in its trees, in the order of the tasks, as they get done.

    A log runs through all trees in one process, since trees that say the same share the work.
    """
    return each(_agreements, tasks, pool, watch, "logs")


def conformance(plan: Plan, found: Iterable[Iterable[Agreement]]) -> Conformance:
    """What was found of each log, tree by tree."""
    trees: dict[str, list[Agreement]] = {tree: [] for tree in plan.trees}
    for log in found:
        for agreement in log:
            trees[agreement.tree].append(agreement)
    return Conformance(
        tuple(TreeAgreement(tree, tuple(logs)) for tree, logs in trees.items()), plan.bits
    )


def _agreements(task: Task) -> list[Agreement]:
    log = task.recordings.log(task.log, task.recorded[0][1].where)
    subject = _subject(task.patches)
    found = []
    for tree, line in task.recorded:
        variant = _variant(subject, tree, task.named)
        agreement = compare(replay(log, variant), line.parsed())
        # the point of the series that stands for a tree has another name
        found.append(msgspec.structs.replace(agreement, tree=tree))
    return found


def _point(subject: Subject, recordings: Recordings, tree: str, named: Named) -> Variant:
    try:
        return _variant(subject, tree, named)
    except ReplayError as error:
        where = str(recordings.file(tree))
        raise ReplayError(error.what, where=where, do=error.do) from None


@cache
def _subject(patches: Path) -> Subject:
    """The subject without its dictionary: what a tree was asked is in that tree's own words."""
    return replace(load_subject(patches), dictionary=None)


@cache
def _variant(subject: Subject, tree: str, named: Named) -> Variant:
    return resolve(subject, field_rules(subject).trees.get(tree, tree), dict(named))
