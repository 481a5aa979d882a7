"""The hunt report as a document, text and JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from replay.analysis.search.finding import HuntFinding
from replay.analysis.search.goal import ANY, BEHAVIOUR
from replay.analysis.search.hunt import Reach
from replay.reports import words
from replay.reports.bisection import turned, turns_json
from replay.reports.documents import FORMAT_VERSION, VariantId
from replay.reports.json import document
from replay.reports.search.sighting import sighting_json, sighting_sentence
from replay.reports.text.page import Page, Piece, block, page, variant_lines


class HuntReport(Struct, frozen=True):
    """What was hunted for, over what, how far, and what was found.

    `kept` has for each finding the words that say where its log is.
    """

    variants: tuple[VariantId, ...]
    goal: str
    alphabet: str
    starts: tuple[str, ...]
    reach: Reach
    findings: tuple[HuntFinding, ...]
    kept: tuple[str, ...]
    random: bool = False


def texts(reports: Sequence[HuntReport]) -> Page:
    """Several hunts, each below its variants."""
    pieces = [piece for report in reports for piece in (*_pieces(report), "")]
    return page(pieces[:-1])


def _pieces(report: HuntReport) -> Iterator[str | Piece]:
    yield from variant_lines(report.variants)
    yield ""
    yield block("", f"{verdict(report)}{':' if report.findings else '.'}", role="headline")
    for number, (found, kept) in enumerate(zip(report.findings, report.kept, strict=True), 1):
        yield ""
        yield from _finding(number, found, kept)
    yield ""
    yield from (block("", told, hang=2, role="faint") for told in took(report))


def verdict(report: HuntReport) -> str:
    """What holds of the variants, as far as was looked."""
    names = words.listing([variant.name for variant in report.variants])
    count = len(report.findings)
    but = f", except for {'this one' if count == 1 else f'these {count}'}" if count else ""
    if report.random:
        return f"{names}: random walks found {words.count(count, 'cause')} of {report.goal}"
    depth = words.count(report.reach.depth, "step")
    where = f"up to {depth} from {words.count(len(report.starts), 'start')} of this alphabet"
    if report.goal in AGREEMENTS:
        return f"{names} agree on {AGREEMENTS[report.goal]}, {where}{but}"
    return f"In {names} there is nowhere {words.escape(report.goal)}, {where}{but}"


AGREEMENTS = {ANY: "everything", BEHAVIOUR: "everything that a guest or a user can notice"}
"""On what variants agree if they have no such difference."""


def _finding(number: int, found: HuntFinding, kept: str) -> Iterator[str | Piece]:
    known = f"known, as in {words.escape(found.known)}" if found.known else "new"
    by = f", {turned(found.turns)}" if found.turns else ""
    yield block(f"{number:>2}  ", f"{known}{by}", role="heading")
    steps = "; ".join(found.steps) or "nothing more"
    yield block("    ", f"{words.escape(found.start)}: {words.escape(steps)}", hang=2)
    events = found.shrunk.log.events
    sighting = found.shrunk.sighting
    told = sighting_sentence(sighting, events[sighting.seq - 1].payload)
    if found.first.seq < sighting.seq:
        first = sighting_sentence(found.first, events[found.first.seq - 1].payload)
        yield block("    ", f"#{found.first.seq}: {first}", hang=2)
    yield block("    ", f"#{sighting.seq}: {told}", hang=2, role="behaviour")
    more = f"; {words.count(found.sequences, 'kind')} of sequence" if found.sequences > 1 else ""
    yield block("    ", f"{words.count(len(events), 'event')}{more}; {kept}", hang=2)


def took(report: HuntReport) -> Iterator[str]:
    """How far the hunt went, and what spared it work."""
    it, counts = report.reach, report.reach.counts
    if not report.random:
        yield (
            f"{words.count(it.sequences, 'sequence')} by {words.count(counts.tried, 'step')},"
            f" {words.count(counts.states, 'joint state')}"
            + ("; there are no more" if it.exhausted else "")
        )
        every = counts.tried + counts.by_name + counts.by_order
        yield (
            f"left out since another name stands for them: {counts.by_name},"
            f" since another order does: {counts.by_order}"
            f" ({_factor(every - counts.by_order, counts.tried)} and"
            f" {_factor(every - counts.by_name, counts.tried)} times as many steps without);"
            f" steps to each joint state: {_factor(counts.tried, counts.states)}"
        )
    else:
        yield (f"{words.count(counts.tried, 'step')}, {words.count(counts.states, 'joint state')}")


def _factor(whole: int, part: int) -> str:
    return f"{whole / part:.1f}" if part else "-"


def jsons(reports: Sequence[HuntReport]) -> str:
    """The object of one hunt; of several a list."""
    told = [_json(report) for report in reports]
    return document(told[0] if len(told) == 1 else told)


def _json(report: HuntReport) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "variants": report.variants,
        "goal": report.goal,
        "alphabet": report.alphabet,
        "starts": report.starts,
        "depth": None if report.random else report.reach.depth,
        "exhausted": report.reach.exhausted,
        "sequences": None if report.random else report.reach.sequences,
        "counts": report.reach.counts,
        "findings": [_finding_json(found) for found in report.findings],
    }


def _finding_json(found: HuntFinding) -> dict[str, Any]:
    return {
        "name": found.shrunk.log.name,
        "known": found.known or None,
        "start": found.start,
        "steps": found.steps,
        "events": [event.payload for event in found.shrunk.log.events],
        "fingerprint": found.shrunk.log.fingerprint,
        "first": sighting_json(found.first),
        "sighting": sighting_json(found.shrunk.sighting),
        "patches": turns_json(found.turns),
        "kinds": found.sequences,
    }
