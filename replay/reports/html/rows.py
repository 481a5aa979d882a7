"""The list of a page that has several logs: a row for each group of logs that differ alike."""

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup
from msgspec import Struct

from replay.reports import words
from replay.reports.documents.many.groups import DiffGroup
from replay.reports.html.article import templates
from replay.reports.html.copying import comparing

ROOM = 1_000_000
"""So many bytes of rows stand in a page."""

NAMES_ROOM = 400_000
"""So many bytes of them are the names of logs for which others stand."""


class Row(Struct, frozen=True):
    """A group: where its article is, or "" and the command that shows it.

    Of its logs for which one stands, `others` are named, and there are `more`.
    """

    group: DiffGroup
    anchor: str
    command: str
    others: Sequence[str]
    more: int


class Overview(Struct, frozen=True):
    """The rows of logs that differ under a `lead`, and of those that do not, folded, under theirs.

    `folded` says what found no room, "" if all did.
    """

    lead: str
    differing: tuple[Markup, ...]
    agreeing: tuple[tuple[str, tuple[Markup, ...]], ...]
    folded: str


def overview(
    differing: Sequence[DiffGroup], agreeing: Sequence[DiffGroup], anchors: Mapping[str, str]
) -> Overview:
    """The list of all groups. `anchors` are the ids of articles by the logs that they are about."""
    every = count(differing) + count(agreeing)
    rows = _Rows(anchors)
    ways = words.count(len(differing), "way")
    lead = f"{count(differing)} of {words.count(every, 'log')} differ, in {ways}"
    made = tuple(rows.made(differing))
    kinds: dict[str, list[DiffGroup]] = {}
    for group in agreeing:
        kinds.setdefault(_kind(group), []).append(group)
    folded = tuple(
        (f"{count(groups)} of {words.count(every, 'log')} {kind}", tuple(rows.made(groups)))
        for kind, groups in kinds.items()
    )
    return Overview(lead, made, folded, rows.left_out())


def count(groups: Iterable[DiffGroup]) -> int:
    """How many logs there are in groups."""
    return sum(len(group.logs) for group in groups)


def _kind(group: DiffGroup) -> str:
    """What there is to say of logs in which nothing differs."""
    brief = group.brief
    if brief.hidden:
        return "differ only in what is left out"
    if brief.verdict == "not compared":
        return "could not be compared at all"
    return "are the same" if brief.is_whole else "are the same in what was compared"


class _Rows:
    """Rows, as long as there is room for them."""

    def __init__(self, anchors: Mapping[str, str]) -> None:
        self._anchors = anchors
        self._room, self._names = ROOM, NAMES_ROOM
        self._left_out: list[DiffGroup] = []

    def made(self, groups: Iterable[DiffGroup]) -> Iterable[Markup]:
        """The rows of these groups."""
        template = templates().get_template("row.html.j2")
        for group in groups:
            if self._room > 0:
                html = template.render(row=self._row(group))
                self._room -= len(html.encode())
                yield Markup(html)
            else:
                self._left_out.append(group)

    def left_out(self) -> str:
        """What found no room, and the command that has it."""
        if not self._left_out:
            return ""
        logs = words.count(count(self._left_out), "log")
        return f"{logs} found no room in this list; replay diff --all --quiet has a line for each."

    def _row(self, group: DiffGroup) -> Row:
        name = group.brief.log.name
        anchor = self._anchors.get(name, "")
        shown: list[str] = []
        for other in group.others:
            self._names -= len(other.encode(errors="replace")) + len("<li class=name></li>") + 3
            if self._names < 0:
                break
            shown.append(other)
        more = len(group.others) - len(shown)
        return Row(group, anchor, "" if anchor else comparing(group.brief), shown, more)
