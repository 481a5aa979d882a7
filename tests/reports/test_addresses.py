"""Addresses of divergences: readable, one for each, and as a browser leaves them."""

from collections import Counter

from msgspec.structs import replace

from replay.engine.diff import diff
from replay.engine.trace import Outcome
from replay.events.event import Guest
from replay.reports.documents.diff import DiffReport, diff_report
from replay.reports.html.addresses import addresses
from tests.handmade import disk, machine, node, trace

STEP = Guest("read", "d", 0, 1), Outcome("returned", {})


def report(drive: str, *files: str, log: str = "") -> DiffReport:
    """A diff of a node whose field x is 1 in one variant and 2 in the other, with files."""
    one = machine(node(2, drive, x=1), roots=(2,))
    other = machine(node(2, drive, x=2), roots=(2,), disk=disk(*files))
    made = diff_report(diff(trace("a", (*STEP, one)), trace("b", (*STEP, other))))
    return replace(made, log=replace(made.log, name=log or made.log.name))


def every(*reports: DiffReport) -> list[tuple[str, ...]]:
    """The addresses of the divergences of a page's logs."""
    counts: Counter[str] = Counter()
    return [addresses(report, counts, several=len(reports) > 1) for report in reports]


def test_an_address_is_event_path_and_field_and_a_browser_changes_nothing_in_it():
    assert every(report('dé "<0>')) == [("1/d%C3%A9%20%22%3C0%3E/x",)]


def test_with_several_logs_the_name_of_the_log_stands_in_front():
    several = every(report("d", log="a/b"), report("d", log="c"))
    assert several == [("a%2Fb/1/d/x",), ("c/1/d/x",)]


def test_no_two_are_the_same_where_logs_or_a_file_and_a_node_share_a_name():
    twice = every(report("d", "f", log="a"), report("d", "f", log="a"))
    assert twice == [
        ("a/1/f/existence", "a/1/d/x"),
        ("a/1/f/existence~2", "a/1/d/x~2"),
    ]


def test_half_of_a_character_has_an_address():
    assert every(report("d\ud800")) == [("1/d%5Cud800/x",)]
