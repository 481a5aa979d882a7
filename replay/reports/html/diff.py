"""Diffs as one self-contained HTML page.

Of several logs it tells those that differ alike once. Details are told as far as there is room in a
page, those first that a reader wants first; of all others the headline and a command are there.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct, structs

from replay.progress import Progress, no_progress
from replay.reports import words
from replay.reports.documents.diff import DiffReports
from replay.reports.documents.many.groups import DiffGroup, DiffGroups, groups_of, history_of
from replay.reports.documents.many.history import History
from replay.reports.documents.many.kept_history import packed
from replay.reports.drawing.svg import STYLE
from replay.reports.html.addresses import addresses
from replay.reports.html.article import Placing, acting, article, templates
from replay.reports.html.packing import Room
from replay.reports.html.rows import Overview, count, overview
from replay.reports.html.templates import digest, text
from replay.series import Patch

PAGE_SIZE = 4_700_000
"""Bytes that a page of several logs may have, if not a single one of them needs more."""

HISTORY_SIZE = 1_500_000
"""Bytes of what the next run has to know; what is larger is not in the page."""

MOST_RUNS = 30
"""So many runs are told of, the last ones."""

MOST_NAMES = 100
"""So many logs of a run are named that changed in one way."""


class PageParts(Struct, frozen=True):
    """What a page is made of; of one log without an overview and patches, which its article has."""

    title: str
    articles: Sequence[Markup]
    history: History
    overview: Overview | None = None
    patches: Sequence[Markup] = ()


def diffs(document: DiffReports | DiffGroups, progress: Progress = no_progress) -> str:
    """One page for the diffs of one or several logs."""
    if isinstance(document, DiffReports):
        if len(document.logs) == 1:
            return _rendered(_of_one(document, progress))
        document = groups_of(document)
    return _rendered(_of_several(document, progress))


def _rendered(page: PageParts) -> str:
    style, script = STYLE + text("page.css"), text("page.js")
    states = packed(page.history)
    template = templates().get_template("page.html.j2")
    return template.render(
        page=page,
        states=states if len(states) <= HISTORY_SIZE else "",
        style=Markup(style),
        script=Markup(script),
        style_hash=digest(style),
        script_hash=digest(script),
        most_runs=MOST_RUNS,
        most_names=MOST_NAMES,
    )


def _of_one(document: DiffReports, progress: Progress) -> PageParts:
    [report] = document.logs
    patches = dict.fromkeys(change.patch.name for step in report.steps for change in step)
    anchors = {name: f"l1p{index}" for index, name in enumerate(patches)}
    placing = Placing("l1", addresses(report, Counter()), anchors, Room())
    return PageParts(report.log.name, [article(report, placing, progress)], history_of(document))


def _of_several(document: DiffGroups, progress: Progress) -> PageParts:
    """The list of all logs, then articles as long as there is room for another one."""
    differing = sorted((it for it in document.groups if it.brief.differs), key=_interest)
    agreeing = [it for it in document.groups if not it.brief.differs]
    without = _rendered(_page(document, overview(differing, agreeing, {})))
    articles = _Articles(document, PAGE_SIZE - len(without.encode()), len(differing), progress)
    for group in progress(differing, len(differing), "articles"):
        if not articles.add(group):
            break
    page = _page(document, overview(differing, agreeing, articles.anchors))
    return structs.replace(page, articles=articles.made, patches=articles.patches)


def _page(document: DiffGroups, rows: Overview) -> PageParts:
    return PageParts(words.count(count(document.groups), "log"), (), document.history, rows)


def _interest(group: DiffGroup) -> tuple[bool, int]:
    """The smaller, the sooner it is told: behaviour before state, many logs before few."""
    return group.brief.level != "behaviour", -len(group.logs)


class _Articles:
    """The articles of a page, with the patches that they refer to.

    `anchors` are their ids by log.
    """

    def __init__(self, document: DiffGroups, size: int, groups: int, progress: Progress) -> None:
        self.made: list[Markup] = []
        self.patches: list[Markup] = []
        self.anchors: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._document, self._left, self._progress = document, size, progress
        self._room = Room().shared(max(groups, 1))
        self._counts: Counter[str] = Counter()

    def add(self, group: DiffGroup) -> bool:
        """Adds the article of a group; False if it found no room. The first one always does."""
        report = self._document.report(group.brief.log.name)
        patches = acting(report)
        new = [name for name in patches if name not in self._ids]
        ids = self._ids | {name: f"p{number}" for number, name in enumerate(new, len(self._ids))}
        prefix, own = f"l{len(self.made) + 1}", addresses(report, self._counts, several=True)
        placing = Placing(prefix, own, ids, self._room, False, len(group.others))
        html = article(report, placing, self._progress)
        shown = [_patch(ids[name], patches[name]) for name in new]
        size = sum(len(part.encode()) for part in (html, *shown))
        if size > self._left and self.made:
            return False
        self._left -= size
        self._ids = ids
        self.made.append(html)
        self.patches += shown
        self.anchors[group.brief.log.name] = prefix
        return True


def _patch(anchor: str, patch: Patch) -> Markup:
    macros: Any = templates().get_template("patch.html.j2").module
    return Markup(macros.whole(patch, anchor))
