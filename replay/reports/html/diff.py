"""Diffs as one self-contained HTML page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

from jinja2 import Environment
from markupsafe import Markup
from msgspec import Struct

from replay.analysis.attribute import Cause
from replay.engine.view import flag_names
from replay.progress import Progress, no_progress
from replay.reports import effects as deeds
from replay.reports import values as shown
from replay.reports import words
from replay.reports.documents import DiffReport, DivergenceReport
from replay.reports.drawing.svg import STYLE
from replay.reports.effects import Effect, Effects, PatchEffects, effects_of
from replay.reports.headline import groups
from replay.reports.html.packing import Packing, pack
from replay.reports.html.reasons import MOST, Reason, reasons
from replay.reports.html.states import EventFrame, event_frames, event_states
from replay.reports.html.templates import digest, environment, text
from replay.reports.html.timeline import timeline
from replay.reports.text.page import translation
from replay.series import Patch
from replay.variants.path import PatchChange

MOST_DIVERGENCES = 400


class Article(Struct, frozen=True):
    """One log's part of the page; ids in it begin with `prefix`.

    `about` has the subject's words about its variants, `chosen` is the event to begin with,
    `quiet` are the divergences that no patch that is asked about has to do with.
    """

    prefix: str
    report: DiffReport
    about: Mapping[str, str]
    chosen: int
    moments: tuple[EventFrame, ...]
    packing: Packing
    timeline: Markup
    story: Effects
    anchors: Mapping[str, str]
    quiet: frozenset[int]
    reasons: Mapping[int, tuple[Reason, ...]]


def diffs(reports: Sequence[DiffReport], watch: Progress = no_progress) -> str:
    """One page for the diffs of one or several logs."""
    style, script = STYLE + text("page.css"), text("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=reports[0].log.name if len(reports) == 1 else words.count(len(reports), "log"),
            articles=[_article(report, f"l{at}", watch) for at, report in enumerate(reports, 1)],
            style=Markup(style),
            script=Markup(script),
            style_hash=digest(style),
            script_hash=digest(script),
            most=MOST_DIVERGENCES,
        )
    )


def _article(report: DiffReport, prefix: str, watch: Progress) -> Article:
    every, chosen, quiet = event_frames(report), _chosen(report), frozenset(_quiet(report))
    told = effects_of(report)
    patches = [turn.patch.name for turns in report.steps for turn in turns]
    variants = report.diff.traces[0].player.subject.config.variants
    return Article(
        prefix=prefix,
        report=report,
        about={name: variant.about for name, variant in variants.items()},
        chosen=chosen,
        moments=every,
        packing=pack(every, chosen, partial(_moment, report, prefix), watch),
        timeline=timeline(report, quiet, prefix, chosen),
        story=told,
        anchors={name: f"{prefix}p{at}" for at, name in enumerate(dict.fromkeys(patches))},
        quiet=quiet,
        reasons=_reasons(report, quiet, watch),
    )


def _reasons(
    report: DiffReport, quiet: frozenset[int], watch: Progress
) -> dict[int, tuple[Reason, ...]]:
    """Why it is so, of as many divergences as there is time for; behaviour comes first."""
    order = sorted(
        set(range(len(report.divergences))) - quiet,
        key=lambda index: (report.divergences[index].divergence.place.level, index),
    )
    wanted = watch(order[:MOST], len(order[:MOST]), "reasons")
    return {index: tuple(reasons(report.divergences[index], report)) for index in wanted}


def _moment(report: DiffReport, prefix: str, moment: EventFrame) -> str:
    template = _environment().get_template("moment.html.j2")
    found = event_states(report, moment)
    return template.render(m=moment, scene=found, report=report, prefix=prefix)


def _chosen(report: DiffReport) -> int:
    """The event that the headline is about; the first of a log without a difference."""
    told = re.search(r"#(\d+)", report.headline)
    return int(told[1]) if told and report.divergences else 1


def _quiet(report: DiffReport) -> Iterator[int]:
    named = {patch.name for patch in report.named}
    for index, told in enumerate(report.divergences if report.work and named else ()):
        if not any(turn.patch.name in named for cause in told.causes for turn in cause.turns):
            yield index


# What the templates call


def _values(told: DivergenceReport, report: DiffReport) -> list[tuple[list[str], str]]:
    """The variants that share a value, and the value in words."""
    return [(names, text) for text, names in groups(shown.values(told, report.bits))]


def _causes(told: DivergenceReport, report: DiffReport) -> Iterator[tuple[PatchChange, str]]:
    """The patches that a divergence comes from, with what they change in words."""
    for cause in told.causes:
        for turn in cause.turns:
            yield turn, _change(told, cause, report)


def _change(told: DivergenceReport, cause: Cause, report: DiffReport) -> str:
    """The values before and after a patch; of flags only those that change."""
    bits = report.bits.get(told.divergence.place.field)
    values = (cause.before, cause.after)
    if bits and all(isinstance(value, int) for value in values):
        before, after = (set(flag_names(value, bits)) for value in values)
        came, went = sorted(after - before), sorted(before - after)
        return " ".join([*(f"+{name}" for name in came), *(f"-{name}" for name in went)])
    place = told.divergence.place
    return " → ".join(shown.value(place, value, report.bits) for value in values)


def _grouped(of_level: Sequence[Effect], report: DiffReport) -> list[tuple[str, str]]:
    """Where deeds were done and what they changed, those of one kind together."""
    found: dict[str, list[Effect]] = {}
    for deed in of_level:
        found.setdefault(deeds.change(deed, report.bits, to="→"), []).append(deed)
    return [(deeds.listed(group), told) for told, group in found.items()]


def _phrases(chapter: PatchEffects, report: DiffReport) -> list[str]:
    """What a patch did in a few words, each once."""
    return list(dict.fromkeys(deeds.phrase(deed, report.bits) for deed in chapter.deeds))


def _diff_lines(patch: Patch) -> Iterator[tuple[str, str]]:
    """The lines of a patch's diff, each with the class that it is shown in."""
    for change in patch.files:
        yield "file", change.path
        for hunk in change.hunks:
            yield "hunk", f"@@ line {hunk.start} @@"
            for edit in hunk.edits:
                kind = {"+": "added", "-": "removed"}.get(edit.mark, "kept")
                yield kind, edit.mark + edit.text


@lru_cache
def _environment() -> Environment:
    return environment(
        causes=_causes,
        deeds=deeds,
        diff_lines=_diff_lines,
        grouped=_grouped,
        phrases=_phrases,
        translation=translation,
        values=_values,
    )
