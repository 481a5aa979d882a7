"""Diffs as one self-contained HTML page."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

from jinja2 import Environment
from markupsafe import Markup
from msgspec import Struct

from replay.progress import Progress, no_progress
from replay.reports import words
from replay.reports.documents import effects
from replay.reports.documents.common import translation
from replay.reports.documents.diff import DiffReport
from replay.reports.documents.divergences import DivergenceReport, change, named
from replay.reports.documents.divergences import values as value_texts
from replay.reports.documents.effects import Effect
from replay.reports.documents.explain.explain import Reason
from replay.reports.documents.frames import EventFrame
from replay.reports.documents.search import reach
from replay.reports.drawing.svg import STYLE
from replay.reports.html.addresses import addresses
from replay.reports.html.copying import LOG_ROOM, Copies, copies
from replay.reports.html.packing import Packing, pack
from replay.reports.html.templates import digest, environment, text
from replay.reports.html.timeline import timeline
from replay.series import Patch
from replay.variants.path import PatchChange

MOST_DIVERGENCES = 400

MOST_REASONS = 60
"""Divergences of a page that are explained; each takes the transitions concerned once more."""


class Article(Struct, frozen=True):
    """One log's part of the page; ids in it begin with `prefix`, but for those of divergences.

    `addresses` are these, in the order of the report's divergences, `anchors` the ids of patches,
    `reasons` those of divergences that are explained. `copies` is what can be taken along.
    """

    prefix: str
    report: DiffReport
    packing: Packing
    timeline: Markup
    addresses: Sequence[str]
    anchors: Mapping[str, str]
    reasons: Mapping[int, tuple[Reason, ...]]
    copies: Copies

    @property
    def has_quiet(self) -> bool:
        """Whether there are divergences with which no patch of interest has to do."""
        return any(divergence.quiet for divergence in self.report.divergences)


def diffs(reports: Sequence[DiffReport], progress: Progress = no_progress) -> str:
    """One page for the diffs of one or several logs."""
    style, script = STYLE + text("page.css"), text("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=reports[0].log.name if len(reports) == 1 else words.count(len(reports), "log"),
            articles=list(_articles(reports, progress)),
            style=Markup(style),
            script=Markup(script),
            style_hash=digest(style),
            script_hash=digest(script),
            most=MOST_DIVERGENCES,
        )
    )


def _articles(reports: Sequence[DiffReport], progress: Progress) -> Iterator[Article]:
    """The articles; logs themselves are in the page as long as there is room for them."""
    room = LOG_ROOM
    for number, each in enumerate(zip(reports, addresses(reports), strict=True), 1):
        article = _article(*each, f"l{number}", room, progress)
        room -= len(article.copies.log)
        yield article


def _article(
    report: DiffReport, addresses: Sequence[str], prefix: str, room: int, progress: Progress
) -> Article:
    patches = [change.patch.name for step in report.steps for change in step]
    chosen = report.chosen_seq
    render = partial(_frame, report, prefix)
    return Article(
        prefix=prefix,
        report=report,
        packing=pack(report.frames, chosen, render, progress),
        timeline=timeline(report, addresses),
        addresses=addresses,
        anchors={name: f"{prefix}p{index}" for index, name in enumerate(dict.fromkeys(patches))},
        reasons=_reasons(report, progress),
        copies=copies(report, room),
    )


def _reasons(report: DiffReport, progress: Progress) -> dict[int, tuple[Reason, ...]]:
    """Why it is so, of as many divergences as there is time for; behaviour comes first."""
    divergences = report.divergences
    order = sorted(
        (index for index, divergence in enumerate(divergences) if not divergence.quiet),
        key=lambda index: (divergences[index].divergence.place.level, index),
    )
    explained = order[:MOST_REASONS]
    indexes = progress(explained, len(explained), "reasons")
    return {index: divergences[index].reasons() for index in indexes}


def _frame(report: DiffReport, prefix: str, frame: EventFrame) -> str:
    template = _environment().get_template("moment.html.j2")
    return template.render(frame=frame, states=frame.states(), report=report, prefix=prefix)


# What the templates call


def _values(divergence: DivergenceReport, report: DiffReport) -> list[tuple[list[str], str]]:
    """The variants that share a value, and the value in words."""
    texts = value_texts(divergence, report.bits)
    return [(names, text) for text, names in words.groups(texts)]


def _causes(divergence: DivergenceReport, report: DiffReport) -> Iterator[tuple[PatchChange, str]]:
    """The patches that a divergence comes from, with what they change in words."""
    for cause in divergence.causes:
        for patch_change in cause.changes:
            yield patch_change, change(divergence, cause, report.bits)


def _grouped(of_level: Sequence[Effect], report: DiffReport) -> list[tuple[str, str]]:
    """Where effects are and what was changed, those of one kind together."""
    groups = effects.by_change(of_level, report.bits, to="→")
    return [(effects.listed(places), change) for change, places in groups.items()]


def _diff_lines(patch: Patch) -> Iterator[tuple[str, str]]:
    """The lines of a patch's diff, each with the class that it is shown in."""
    for file in patch.files:
        yield "file", file.path
        for hunk in file.hunks:
            yield "hunk", f"@@ line {hunk.start} @@"
            for edit in hunk.edits:
                kind = {"+": "added", "-": "removed"}.get(edit.mark, "kept")
                yield kind, edit.mark + edit.text


@lru_cache
def _environment() -> Environment:
    # Compiling the templates takes longer than filling them, and each event fills one.
    return environment(
        causes=_causes,
        effects=effects,
        diff_lines=_diff_lines,
        grouped=_grouped,
        markup=Markup,
        named=named,
        reach=reach,
        translation=translation,
        values=_values,
    )
