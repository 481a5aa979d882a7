"""One log's part of a page: what the patches did, the time line, the events, the divergences."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

from jinja2 import Environment
from markupsafe import Markup
from msgspec import Struct

from replay.progress import Progress
from replay.reports import words
from replay.reports.documents import effects
from replay.reports.documents.common import translation
from replay.reports.documents.diff import DiffReport
from replay.reports.documents.divergences import DivergenceReport, change, named
from replay.reports.documents.divergences import values as value_texts
from replay.reports.documents.effects import Effect
from replay.reports.documents.explain.explain import Reason
from replay.reports.documents.frames import EventFrame
from replay.reports.documents.many import history
from replay.reports.documents.search import reach
from replay.reports.html.copying import Copies, copies
from replay.reports.html.packing import Packing, Room, pack
from replay.reports.html.templates import environment
from replay.reports.html.timeline import timeline
from replay.series import Patch
from replay.variants.path import PatchChange


class Placing(Struct, frozen=True):
    """Where an article stands, and what it may take.

    Ids in it begin with `prefix`, but for those of divergences, which are `addresses`, in their
    order. `anchors` are the ids of patches by name; `has_patches` says that they stand in it, else
    elsewhere. Of so many `others` it tells that they differ alike.
    """

    prefix: str
    addresses: Sequence[str]
    anchors: Mapping[str, str]
    room: Room
    has_patches: bool = True
    others: int = 0


class Article(Struct, frozen=True):
    """What the template of an article needs.

    `reasons` are those of divergences that are explained. `copies` is what can be taken along.
    """

    placing: Placing
    report: DiffReport
    packing: Packing
    timeline: Markup
    reasons: Mapping[int, tuple[Reason, ...]]
    copies: Copies

    @property
    def has_quiet(self) -> bool:
        """Whether there are divergences with which no patch of interest has to do."""
        return any(divergence.quiet for divergence in self.report.divergences)


def article(report: DiffReport, placing: Placing, progress: Progress) -> Markup:
    """The article of a diff."""
    render = partial(_frame, report, placing.prefix)
    made = Article(
        placing=placing,
        report=report,
        packing=pack(report.frames, report.chosen_seq, render, placing.room, progress),
        timeline=timeline(report, placing.addresses),
        reasons=_reasons(report, placing.room.reasons, progress),
        copies=copies(report, placing.room.log),
    )
    return Markup(templates().get_template("article.html.j2").render(a=made, at=placing))


def acting(report: DiffReport) -> dict[str, Patch]:
    """The patches that an article tells of, by name."""
    done = (step for step in (*report.effects.first, *report.effects.others))
    causes = (cause for divergence in report.divergences for cause in divergence.causes)
    changes = [change for effects in done for change in effects.step]
    changes += [change for cause in causes for change in cause.changes]
    return {change.patch.name: change.patch for change in changes}


def _reasons(report: DiffReport, most: int, progress: Progress) -> dict[int, tuple[Reason, ...]]:
    """Why it is so, of so many divergences at most; behaviour comes first."""
    divergences = report.divergences
    order = sorted(
        (index for index, divergence in enumerate(divergences) if not divergence.quiet),
        key=lambda index: (divergences[index].divergence.place.level, index),
    )
    explained = order[:most]
    indexes = progress(explained, len(explained), "reasons")
    return {index: divergences[index].reasons() for index in indexes}


def _frame(report: DiffReport, prefix: str, frame: EventFrame) -> str:
    template = templates().get_template("moment.html.j2")
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
def templates() -> Environment:
    """The templates of the page of a diff."""
    # Compiling the templates takes longer than filling them, and each event fills one.
    return environment(
        causes=_causes,
        effects=effects,
        diff_lines=_diff_lines,
        grouped=_grouped,
        history=history,
        markup=Markup,
        named=named,
        reach=reach,
        translation=translation,
        values=_values,
    )
