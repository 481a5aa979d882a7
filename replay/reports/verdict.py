"""Saying what was compared: the same, different, and not compared are three things."""

from collections.abc import Sequence
from typing import Literal

from replay.engine.compared import Compared
from replay.engine.trace import GapReason
from replay.reports import words

Verdict = Literal["same", "differs", "not compared"]

GAPS = {
    GapReason.NO_MACHINE: "no machine runs{names} after {what}",
    GapReason.NO_NODE: "all is refused{names}, since no drive was ever there; import what started"
    " the machine too, or describe it with --drive",
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
    events: dict[tuple[GapReason, str, str], list[str]] = {}
    for (reason, what, first, last), having in players.items():
        of = "" if len(having) == len(names) else f" in {words.listing(having)}"
        events.setdefault((reason, what, of), []).append(words.span(first, last))
    texts: dict[str, list[str]] = {}
    for (reason, what, of), spans in events.items():
        if reason == GapReason.NOT_MODELLED:
            texts.setdefault(of, []).append(f"{_spans(spans)} {words.escape(what)}")
        else:
            text = GAPS[reason].format(what=words.escape(what), names=of)
            texts[f"{_spans(spans)} {text}"] = []
    return [_not_modelled(what, commands) if commands else what for what, commands in texts.items()]


def _not_modelled(of: str, commands: Sequence[str]) -> str:
    """The commands that the same players lack, in one sentence."""
    *most, last = commands
    text = f"{', '.join(most)} and {last} are" if most else f"{last} is"
    return f"{text} not modelled{of}"


MOST_SPANS = 5
"""A command that a long log gives often is not listed at each of its events."""


def _spans(spans: Sequence[str]) -> str:
    more = [f"{len(spans) - MOST_SPANS} more"] if len(spans) > MOST_SPANS else []
    return ", ".join([*spans[:MOST_SPANS], *more])
