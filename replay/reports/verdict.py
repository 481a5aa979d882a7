"""Saying what was compared: the same, different, and not compared are three things."""

from collections.abc import Sequence
from typing import Literal

from replay.engine.compared import Compared
from replay.engine.trace import GapReason
from replay.reports import words

Verdict = Literal["same", "differs", "not compared"]

GAPS = {
    GapReason.NO_MACHINE: "no machine runs{names} after {what}",
    GapReason.NOT_MODELLED: "{what} is not modelled{names}",
    GapReason.NOT_PERFORMED: "{what} was not performed{names}",
    GapReason.NOT_OBSERVED: "{what} was not observed{names}",
    GapReason.LIMIT: "replay stopped{names}: {what}",
}


def verdict(compared: Compared, differs: bool) -> Verdict:
    """Differs if anything does; not compared where nothing was, else the same as far as it goes."""
    if differs:
        return "differs"
    return "not compared" if compared.is_nothing else "same"


def agreement(compared: Compared, names: Sequence[str]) -> str:
    """What there is to say where nothing differs, with the reasons for what was not compared."""
    of = words.listing(names)
    if compared.is_all:
        return f"No difference: {words.count(compared.events, 'event')}, the same in {of}."
    why = "; ".join(gaps(compared, names)) or "no event asks anything of the code"
    if compared.is_nothing:
        return f"Nothing compared in {of}: {why}."
    return f"The same in what was compared: {how_much(compared)} in {of}; {why}."


def how_much(compared: Compared) -> str:
    """ "3 of 6 events"."""
    return f"{compared.compared} of {words.count(compared.events, 'event')}"


def gaps(compared: Compared, names: Sequence[str]) -> list[str]:
    """Why events were not compared: each reason once, with the events; players if not all."""
    players: dict[tuple[GapReason, str, int, int], list[str]] = {}
    for gap in compared.gaps:
        key = gap.reason, gap.what, gap.first_seq, gap.last_seq
        players.setdefault(key, []).append(gap.player)
    events: dict[str, list[str]] = {}
    for (reason, what, first, last), having in players.items():
        of = "" if len(having) == len(names) else f" in {words.listing(having)}"
        text = GAPS[reason].format(what=words.escape(what), names=of)
        events.setdefault(text, []).append(words.span(first, last))
    return [f"{_spans(spans)} {text}" for text, spans in events.items()]


MOST_SPANS = 5
"""A command that a long log gives often is not listed at each of its events."""


def _spans(spans: Sequence[str]) -> str:
    more = [f"{len(spans) - MOST_SPANS} more"] if len(spans) > MOST_SPANS else []
    return ", ".join([*spans[:MOST_SPANS], *more])
