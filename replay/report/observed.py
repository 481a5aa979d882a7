"""How variants agree with what recordings saw, as text and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from replay.conform.observed import Observed
from replay.report import FORMAT_VERSION, words
from replay.report.document import document
from replay.report.page import Page, Piece, block, line, page


def text(found: Sequence[Observed]) -> Page:
    """A line a variant below its log, and where the first disagreement is."""
    pieces: list[str | Piece] = []
    for log, of_log in groupby(found, key=lambda one: one.log):
        pieces += [line(f"log      {words.escape(log)}", "faint"), *_variants(list(of_log))]
    return page(pieces)


def _variants(found: Sequence[Observed]) -> Iterator[str | Piece]:
    width = max(len(one.variant) for one in found)
    for one in found:
        looks = f"{one.looks_agreed} of {one.looks} looks"
        replies = f"{one.replies_agreed} of {one.replies} replies"
        yield f"  {words.escape(one.variant):{width}}  {looks} and {replies} agree"
        for (_, path, field), values in one.first.items():
            place = ".".join(filter(None, (path, field)))
            told = ", ".join(f"{words.value(v)} in {words.escape(k)}" for k, v in values.items())
            yield block(f"    #{one.seq} ", f"{words.escape(place)}: {told}", hang=2)


def json(found: Iterable[Observed]) -> str:
    """An object a log and variant."""
    told = [
        {
            "format_version": FORMAT_VERSION,
            **{field: getattr(one, field) for field in one.__struct_fields__ if field != "first"},
            "first": [{**place._asdict(), "values": values} for place, values in one.first.items()],
        }
        for one in found
    ]
    return document(told)
