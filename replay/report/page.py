"""The page that plain text is set on: WIDTH columns where words allow it."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from replay.report import LogId, VariantId, words
from replay.translation import Summary

WIDTH = 96
RULE = f"\n{'-' * WIDTH}\n"
"""What stands between the texts of two logs."""


def header(log: LogId, variants: Iterable[VariantId]) -> Iterator[str]:
    """Which log and which code."""
    events = words.count(log.events, "event")
    yield f"log      {words.escape(log.name)}  {log.fingerprint[:12]}  {events}"
    yield from variant_lines(variants)
    if log.translation:
        yield from block("said in  ", translation(log.translation))


def variant_lines(variants: Iterable[VariantId]) -> Iterator[str]:
    """Which code."""
    variants = list(variants)
    name, revision = (max(len(getattr(v, key)) for v in variants) for key in ("name", "revision"))
    for variant in variants:
        left = f"{words.escape(variant.name):{name}}  {words.escape(variant.revision):{revision}}"
        yield f"variant  {left}  {variant.digest[:12]}"


def translation(done: Summary) -> str:
    """What a translation did, in a few sentences."""
    told = f"words of these trees: {words.count(done.translated, 'event')} translated"
    told += f", {done.idle} that {'asks' if done.idle == 1 else 'ask'} nothing of them"
    if not done.without_equivalent:
        return f"{told}, none without an equivalent"
    missing = [f"{name} ({count})" for name, count in done.without_equivalent.items()]
    return f"{told}; without an equivalent: {words.listing(missing)}"


def block(lead: str, body: str, hang: int = 0) -> list[str]:
    """A text after a lead, going on below its beginning or `hang` columns further in."""
    return wrap(
        body,
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * (len(lead) + hang),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [lead.rstrip()]


def fitted(phrases: list[str], width: int) -> str:
    """As many phrases as fit, and how many more there are."""
    for shown in range(len(phrases), 0, -1):
        more = f", {len(phrases) - shown} more" if shown < len(phrases) else ""
        text = ", ".join(phrases[:shown])
        if len(text + more) <= width:
            return text + more
    more = f", {len(phrases) - 1} more" if len(phrases) > 1 else ""
    return cut(phrases[0], width - len(more)) + more


def cut(text: str, width: int) -> str:
    """The text, with dots for what is too much."""
    return text if len(text) <= width else f"{text[: width - 3]}..."
