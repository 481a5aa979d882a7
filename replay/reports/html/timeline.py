"""The time line of a page."""

from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from replay.reports import words
from replay.reports.documents.diff import DiffReport
from replay.reports.documents.divergences import DivergenceReport

LABEL, WIDTH, ROW, TOP = 250, 700, 18, 24
"""Pixels: the column of names, the events beside it, a row's height, and the numbers above."""

MOST_ROWS = 30
LONGEST_NAME = 33


class Bar(Struct, frozen=True):
    """Divergences of one path with one span; `index` is the first one's in the report.

    `name` is the path; if it is long, without the drive, after the file of the node.
    """

    path: str
    first: int
    last: int
    kind: str
    index: int
    fields: tuple[str, ...]
    name: str


def bars(report: DiffReport) -> list[list[Bar]]:
    """The rows from top to bottom: behaviour, then state, in the order of beginning."""
    by_span: dict[tuple[str, str, int, int], Bar] = {}
    for index, entry in enumerate(report.divergences):
        divergence = entry.divergence
        place, first, last = divergence.place, divergence.first_seq, divergence.last_seq
        key = (place.level, place.path, first, last)
        kind: str = "quiet" if place.level == "state" and entry.quiet else place.level
        new = Bar(place.path, first, last, kind, index, (place.field or "outcome",), _name(entry))
        by_span[key] = _joined(by_span[key], new) if key in by_span else new
    rows: dict[tuple[str, str], list[Bar]] = {}
    for (kind, path, _, _), bar in by_span.items():
        rows.setdefault((kind, path), []).append(bar)
    return [rows[key] for key in sorted(rows, key=lambda key: key[0])]


def _name(entry: DivergenceReport) -> str:
    path = words.path(entry.divergence.place.path)
    return f"{words.escape(entry.file)} {path.partition('.')[2]}" if entry.file else path


def _joined(left: Bar, right: Bar) -> Bar:
    """One bar for both, as loud as the louder one, that leads to that one."""
    loud, still = (right, left) if left.kind == "quiet" else (left, right)
    return replace(loud, fields=(*loud.fields, *still.fields))


def timeline(report: DiffReport, addresses: Sequence[str]) -> Markup:
    """The time line as SVG; each bar leads to the first divergence that it stands for."""
    events = max(report.log.events, 1)
    rows = bars(report)
    height = TOP + ROW * min(len(rows), MOST_ROWS) + 6
    shown = [_row(row, TOP + ROW * n, events, addresses) for n, row in enumerate(rows[:MOST_ROWS])]
    if len(rows) > MOST_ROWS:
        height += ROW
        more = f"{len(rows) - MOST_ROWS} more paths, see the list below"
        shown.append(Markup('<text class="name" x="0" y="{}">{}</text>').format(height - 8, more))
    label = f"time line of {words.count(report.log.events, 'event')}"
    opening = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="timeline" role="group" aria-label="{}"'
        ' viewBox="0 0 {} {}" data-left="{}" data-width="{}" data-events="{}">'
    ).format(label, LABEL + WIDTH, height, LABEL, WIDTH, events)
    now = Markup('<rect class="now" x="{:.1f}" y="16" width="{:.1f}" height="{}"/>').format(
        _x(report.chosen_seq, events), max(WIDTH / events, 2), height - 16
    )
    return Markup("\n").join([opening, now, *_numbers(events), *shown, Markup("</svg>")])


def _numbers(events: int) -> Iterator[Markup]:
    step = next(step for size in range(12) for step in _steps(size) if events / step <= 20)
    for seq in range(1, events + 1):
        if seq == 1 or seq % step == 0:
            x = _x(seq, events) + WIDTH / events / 2
            yield Markup('<text class="seq" x="{:.1f}" y="12">{}</text>').format(x, seq)


def _steps(size: int) -> Iterable[int]:
    return (10**size, 2 * 10**size, 5 * 10**size)


def _row(row: list[Bar], y: int, events: int, addresses: Sequence[str]) -> Markup:
    path = words.path(row[0].path)
    name = row[0].name
    name = name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"
    parts = [
        Markup('<text class="name" x="0" y="{}">{}<title>{}</title></text>').format(
            y + 12, name, path
        )
    ]
    for bar in row:
        width = max((bar.last - bar.first + 1) * WIDTH / events - 1.5, 2.5)
        label = f"{words.span(bar.first, bar.last)} {path}: {', '.join(bar.fields)}"
        parts.append(
            Markup(
                '<a href="#{}" aria-label="{}"><rect class="{}" x="{:.1f}" y="{}"'
                ' width="{:.1f}" height="12" rx="2"/><title>{}</title></a>'
            ).format(
                addresses[bar.index],
                label,
                bar.kind,
                _x(bar.first, events),
                y + 2,
                width,
                label,
            )
        )
    return Markup("").join(parts)


def _x(seq: int, events: int) -> float:
    return LABEL + (seq - 1) * WIDTH / events
