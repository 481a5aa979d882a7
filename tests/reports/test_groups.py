"""Logs that differ alike are one group, under whatever names; what differs otherwise is another."""

from collections.abc import Iterator

import pytest

from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.events.event import Log
from replay.reports.documents.diff import DiffReport, DiffReports, diff_report, without_traces
from replay.reports.documents.many.groups import (
    DiffGroups,
    condensed,
    grouped,
    groups_of,
    part,
)
from replay.reports.text.diff import overviews
from replay.variants.variant import load_subject
from tests.bench.corpus import Kind, corpus
from tests.bench.corpus import log as made_log
from tests.examples import PATCHES, example

VARIANTS = ("before", "with", "after")
SCRIPTS = 3


@pytest.fixture(scope="module")
def subject():
    return load_subject(PATCHES)


@pytest.fixture(scope="module")
def report(subject):
    """report(LOG): its diff in the three variants, each variant compiled once."""
    variants = [subject.variant(name) for name in VARIANTS]

    def make(log: Log) -> DiffReport:
        return diff_report(diff(*(replay(log, variant) for variant in variants)))

    return make


@pytest.fixture(scope="module")
def reports(report) -> list[DiffReport]:
    """The diffs of twelve logs that do by turns what three scripts say."""
    return [report(log) for log in corpus(Kind.RICH, 4 * SCRIPTS, SCRIPTS, events=20)]


def texts(document: DiffGroups) -> Iterator[str]:
    yield from (text for _, text in overviews(document).laid(80))


def test_logs_that_differ_in_names_alone_are_a_group(reports):
    document = groups_of(DiffReports(tuple(reports)))
    assert [group.logs for group in document.groups] == [
        tuple(f"log{number:07}" for number in range(script, 4 * SCRIPTS, SCRIPTS))
        for script in range(SCRIPTS)
    ]
    assert document.count == 4 * SCRIPTS
    text = next(texts(document))
    assert text.startswith("12 of 12 logs differ, in 3 ways: log0000000 (and 3 alike), ")


def test_names_of_another_length_make_no_other_group(report):
    plain, long = (made_log(Kind.RICH, number, 1, events=20) for number in (5, 123_456_789))
    assert len(plain.events[0].payload.name) != len(long.events[0].payload.name)
    assert report(plain).likeness() == report(long).likeness()


def test_examples_that_tell_a_story_each_differ_each_in_its_own_way(report):
    names = [path.stem for path in (PATCHES / "examples").glob("deleted-*.jsonl")]
    assert len({report(example(name)).likeness() for name in names}) == len(names) > 3


def test_a_log_without_traces_still_has_its_likeness(reports):
    assert without_traces(reports[0]).likeness() == reports[0].likeness() != ""


def test_the_shortest_log_stands_for_its_group(report):
    logs = [made_log(Kind.RICH, number, 0, events) for number, events in ((7, 20), (3, 20))]
    document = groups_of(DiffReports(tuple(map(report, logs))))
    [group] = document.groups
    assert group.brief.log.name == "log0000003"
    assert group.others == ("log0000007",)


def test_whoever_gathers_them_in_whatever_chunks_the_document_is_the_same(reports):
    parts = [part(report) for report in reports]
    names = [report.log.name for report in reports]
    whole = grouped(parts, names, by_name(reports))
    halves = [*condensed(parts[:5]), *condensed(parts[5:])]
    assert sum(one.brief is not None for one in halves) == 2 * SCRIPTS
    again = grouped(reversed(halves), names, by_name(reports))
    assert again.groups == whole.groups
    assert again.history == whole.history


def by_name(reports: list[DiffReport]):
    return {report.log.name: report for report in reports}.__getitem__


def test_what_logs_reached_is_told_of_all_of_a_group(report, subject):
    """Logs that do not differ say how far they went; one of a group says it for all."""
    variants = [subject.variant("after"), subject.variant("after").renamed("again")]
    logs = list(corpus(Kind.RICH, 4, 2, events=8))
    every = [diff_report(diff(*(replay(log, one) for one in variants))) for log in logs]
    [group] = groups_of(DiffReports(tuple(every))).groups
    assert [reach.looked_at for reach in group.brief.reach] == [4]
